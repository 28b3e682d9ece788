"""Names → paths of a GitOps repository, and paths → names; no other module contains these paths.

Paths are relative to the folder that holds `registry/`, with `/` between their parts. A release is named `env/model`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

REGISTRY = 'registry'
CHARTS = 'charts'
VALUES = 'values'
DELIVERY = 'delivery'
BOOTSTRAP = 'bootstrap'

SETTINGS = f'{REGISTRY}/settings.yaml'
SCHEMAS = f'{REGISTRY}/schemas'
MODELS = f'{REGISTRY}/models'
ENVIRONMENTS = f'{REGISTRY}/environments'
RELEASES = f'{REGISTRY}/releases'
ROLLOUTS = f'{REGISTRY}/rollouts'
APPLICATIONS = f'{REGISTRY}/applications'

# Folders whose files are all generated, and documents that contain a generated block.
GENERATED = (CHARTS, VALUES, DELIVERY, BOOTSTRAP, SCHEMAS)
DOCUMENTS = ('README.md', 'CODEOWNERS', '.gitattributes')

# Limits of bytes: of a YAML file that people write, and of any other file. Larger ones are not even read.
MAX_BYTES = 1 << 20
_MAX_OTHER_BYTES = 8 << 20

# Folder below registry/ → kind of the files in it. Releases and rollouts have one folder for each environment.
KINDS = {
    'models': 'Model', 'environments': 'Environment', 'releases': 'Release', 'rollouts': 'Rollout',
    'applications': 'Application',
}  # fmt: skip
OF_ONE_MODEL = frozenset(['models', 'releases', 'rollouts'])
BY_ENVIRONMENT = frozenset(['releases', 'rollouts'])

# Files of a chart.
CHART_YAML = 'Chart.yaml'
CHART_VALUES = 'values.yaml'
CHART_SCHEMA = 'values.schema.json'
CHART_README = 'README.md'
TEMPLATES = 'templates/'
# The folder of the newest chart of a model, if the others are in an OCI registry.
NEWEST = 'chart'
# The starter; its values are the base of a chart's values.
STARTER = 'chart_templates/model-server'
STARTER_VALUES = f'{STARTER}/{CHART_VALUES}'

_REGISTRY_FILE = re.compile(
    rf'{REGISTRY}/(?:settings|(models|environments|applications)/([^/]+)|(releases|rollouts)/([^/]+)/([^/]+))\.yaml'
)
# Files that may be in the registry but are not read.
_NOT_READ = re.compile(rf'{REGISTRY}/(?:schemas/.*|(?:.*/)?(?:\.[^/]*|README\.md|OWNERS|CODEOWNERS))')
# Files that a commit includes: every visible YAML file, because a file with a wrong name is reported, not skipped.
_REGISTRY_YAML = re.compile(rf'{REGISTRY}/(?!schemas/)(?:[^/.][^/]*/)*[^/.][^/]*\.yaml')
_CHART_FILE = re.compile(rf'{CHARTS}/([^/]+)/([^/]+)/(.+)')
_OF_RELEASE = re.compile(rf'(?:{VALUES}|{DELIVERY})/([^/]+)/([^/]+)\.yaml')
_OF_ENVIRONMENT = re.compile(rf'{BOOTSTRAP}/([^/]+)\.yaml|{DELIVERY}/([^/]+)/README\.md')
# The label stands before the values, and so does a path.
CHART_LABEL = 'chartloom.dev/chart'
_CHART_IN_DELIVERY = re.compile(
    rb'(?:charts/[^/\s]+/|^ +%b: "?)([0-9]+\.[0-9]+\.[0-9]+)"?$' % CHART_LABEL.encode(), re.MULTILINE
)


def model_file(model: str) -> str:
    return f'{MODELS}/{model}.yaml'


def environment_file(environment: str) -> str:
    return f'{ENVIRONMENTS}/{environment}.yaml'


def application_file(application: str) -> str:
    return f'{APPLICATIONS}/{application}.yaml'


def release_file(release: str) -> str:
    return f'{RELEASES}/{release}.yaml'


def rollout_file(release: str) -> str:
    return f'{ROLLOUTS}/{release}.yaml'


def model_folder(model: str) -> str:
    """The folder with all charts of a model and its ledger."""
    return f'{CHARTS}/{model}'


def chart_folder(model: str, version: str) -> str:
    return f'{CHARTS}/{model}/{version}'


def newest_folder(model: str) -> str:
    return chart_folder(model, NEWEST)


def ledger_file(model: str) -> str:
    return f'{CHARTS}/{model}/versions.yaml'


def is_ledger(path: str) -> bool:
    return path.startswith(f'{CHARTS}/') and path.endswith('/versions.yaml') and path.count('/') == 2


def values_file(release: str) -> str:
    return f'{VALUES}/{release}.yaml'


def delivery_folder(environment: str) -> str:
    return f'{DELIVERY}/{environment}'


def delivery_file(release: str) -> str:
    return f'{DELIVERY}/{release}.yaml'


def delivery_readme(environment: str) -> str:
    return f'{DELIVERY}/{environment}/README.md'


def bootstrap_file(environment: str) -> str:
    return f'{BOOTSTRAP}/{environment}.yaml'


def delivery_name(environment: str, model: str) -> str:
    """Name of a delivery object: unique among the environments of one agent; at most 63 characters, by the limits on
    both names."""
    return f'{environment}-{model}'


def bootstrap_name(environment: str) -> str:
    return f'chartloom-{environment}'


@cache  # called more than once for each name
def registry_place(path: str) -> tuple[str, str] | None:
    """Return kind and name of a registry file, ('Release', 'prod/ranker'); None for any other path."""
    match = _REGISTRY_FILE.fullmatch(path)
    if not match:
        return None
    folder, name, by_environment, environment, model = match.groups()
    if by_environment:
        return KINDS[by_environment], f'{environment}/{model}'
    return (KINDS[folder], name) if folder else ('Settings', 'settings')


@cache
def folder_and_stem(path: str) -> tuple[str, str]:
    """Return the folder below registry/ and the last part without its ending, ('releases', 'ranker')."""
    folder, _, rest = path.partition('/')[2].partition('/')
    return folder, rest.rpartition('/')[2].removesuffix('.yaml')


def names_below(folder: str, paths: Iterable[str]) -> list[str]:
    """Return the names of the files in a folder of the registry, sorted; releases as `env/model`."""
    start = f'{folder}/'
    return sorted(p[len(start) : -len('.yaml')] for p in paths if p.startswith(start) and p.endswith('.yaml'))


def is_read(path: str) -> bool:
    """Whether a file below registry/ must be a registry file."""
    return not _NOT_READ.fullmatch(path)


def is_registry_yaml(path: str) -> bool:
    """Whether a file is committed together with the files generated from the registry."""
    return _REGISTRY_YAML.fullmatch(path) is not None


def max_bytes(path: str) -> int:
    """The limit for the size of a file that is read."""
    return MAX_BYTES if path.startswith(f'{REGISTRY}/') else _MAX_OTHER_BYTES


def is_generated(path: str) -> bool:
    return path.startswith(_GENERATED_FOLDERS)


_GENERATED_FOLDERS = tuple(f'{folder}/' for folder in GENERATED)


def chart_file(path: str) -> tuple[str, str, str] | None:
    """Return model, chart version and path within the chart of a file below charts/; None for any other file."""
    match = _CHART_FILE.fullmatch(path)
    return (match[1], match[2], match[3]) if match else None


def model_name(release: str) -> str:
    """Return the model of a release, `env/model`."""
    return release.rpartition('/')[2]


def model_of(path: str) -> str:
    """Return the model that a generated file belongs to, or ''."""
    folder, _, rest = path.partition('/')
    if folder == CHARTS:
        return rest.partition('/')[0]
    return model_name(release_of(path))


def model_of_file(path: str) -> str:
    """Return the model that a file of the registry, or a generated file or folder, belongs to, or ''."""
    folder, stem = folder_and_stem(path)
    return stem if folder in OF_ONE_MODEL and is_registry_yaml(path) else model_of(path)


def release_of(path: str) -> str:
    """Return the release that a file of values/ or delivery/ belongs to, or ''."""
    match = _OF_RELEASE.fullmatch(path)
    return f'{match[1]}/{match[2]}' if match else ''


def environment_of(path: str) -> str:
    """Return the environment whose bootstrap file or README this is, or ''."""
    match = _OF_ENVIRONMENT.fullmatch(path)
    return match[1] or match[2] if match else ''


def delivered_chart(delivery: bytes) -> str:
    """Return the chart version in the text of a delivery object, or ''; does not parse YAML."""
    match = _CHART_IN_DELIVERY.search(delivery)
    return match[1].decode() if match else ''


def release_document(delivery: bytes) -> bytes:
    """Return the text of the Application or HelmRelease in a delivery file; the source of its chart may precede it."""
    return delivery.rpartition(b'\n---\n')[2]
