"""A number of models → a realistic registry in a new git repository; equal numbers give equal bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import Template

RUNTIMES = ('tensorflow-serving', 'triton', 'custom')
ENVIRONMENTS = ('local', 'staging', 'prod', 'edge')
_MODELS = Path(__file__).parent / 'models'

_SETTINGS = """\
# yaml-language-server: $schema=schemas/settings.json
apiVersion: chartloom/v1
kind: Settings
metadata:
  name: benchmark
spec:
  repository:
    url: https://git.example.com/platform/ml-gitops.git
    branch: main
  owners:
    "*":
    - "@platform/ml-platform"
    /registry/releases/prod/:
    - "@platform/on-call"
"""

_ENVIRONMENT = Template("""\
# yaml-language-server: $$schema=../schemas/environment.json
apiVersion: chartloom/v1
kind: Environment
metadata:
  name: $name
spec:
  cluster:
    name: $name
    server: https://k8s.$name.example.com:6443
  kubernetes: "1.36"
  namespace: ml
  createNamespace: true
  agent: $agent
  router: $router
  egress:
    namespaces:
    - monitoring
""")

_GATEWAY = Template("""\
  gateway:
    name: public
    namespace: gateways
  domain: $name.example.com
  monitoring:
    namespace: monitoring
  registryMirrors:
    docker.io: registry.example.com/mirror/docker.io
    nvcr.io: registry.example.com/mirror/nvcr.io
  values:
    revisionHistoryLimit: 10
    networkPolicy:
      egress:
        artifact-store:
          cidr: 10.40.12.0/24
""")

_LAPTOP = """\
  follow: newest
  requireDigest: false
  values:
    replicaCount: 1
    autoscaling:
      enabled: false
    topologySpread:
      enabled: false
    resources:
      requests:
        cpu: 100m
        memory: 256Mi
"""

_RELEASE = Template("""\
# yaml-language-server: $$schema=../../schemas/release.json
apiVersion: chartloom/v1
kind: Release
metadata:
  name: $name
spec:
""")

_PIN = Template("""\
  version: "$version"
  chart: $chart
""")

_VALUES = """\
  values:
    # Sized for last month's peak.
    autoscaling:
      enabled: true
      minReplicas: 4
      maxReplicas: 20
    resources:
      requests:
        cpu: "4"
        memory: 3Gi
      limits:
        memory: 3Gi
"""

_APPLICATION = Template("""\
# yaml-language-server: $$schema=../schemas/application.json
apiVersion: chartloom/v1
kind: Application
metadata:
  name: $name
spec:
  team: shop
  description: What the web shop and the app talk to, under one host name
  members:
$members
""")

_ROUTES = Template("""\
  hostname: $name
  routes:
    api:
      model: $model
      path: /
""")


def model_name(number: int) -> str:
    return f'recommender-{number:04}'


def runtime(number: int) -> str:
    return RUNTIMES[number % len(RUNTIMES)]


def versions(number: int) -> list[str]:
    """The versions of a model: two for every fourth model (prod and edge pin the older one), else one."""
    return ['2026.8.0', '2026.11.0'] if number % 4 == 0 else ['2026.11.0']


def pinned(number: int, environment: str) -> str:
    """The model version of a release: the oldest in prod and edge, else the newest."""
    return versions(number)[0 if environment in ('prod', 'edge') else -1]


def chart_version(number: int, environment: str) -> str:
    return f'1.{versions(number).index(pinned(number, environment))}.0'  # each is a minor version


def registry_files(models: int) -> dict[str, str]:
    """The complete registry: models, a release of each in every environment, an application for each four models."""
    files = {'settings.yaml': _SETTINGS}
    for name in ENVIRONMENTS:
        files[f'environments/{name}.yaml'] = _environment(name)
    for number in range(models):
        files[f'models/{model_name(number)}.yaml'] = model_file(number)
        for environment in ENVIRONMENTS:
            files[f'releases/{environment}/{model_name(number)}.yaml'] = _release(number, environment)
    for index, members in enumerate(_applications(models)):
        name = f'shop-{index:04}'
        files[f'applications/{name}.yaml'] = _application(name, members)
    return files


def _applications(models: int) -> Iterator[range]:
    """The members of each application: eight of the first one, which is promoted, and four of the others."""
    yield range(min(8, models))
    for first in range(8, models, 4):
        yield range(first, min(first + 4, models))


def model_file(number: int) -> str:
    kind, name = runtime(number), model_name(number)
    one = Template((_MODELS / f'{kind}.version.yaml').read_text())
    listed = ''.join(
        one.substitute(name=name, version=version, digest=_sha256(kind), sha256=_sha256(name + version))
        for version in versions(number)
    )
    model = Template((_MODELS / f'{kind}.yaml').read_text())
    return model.substitute(name=name, versions=listed.rstrip('\n'), digest=_sha256('telemetry'))


def _environment(name: str) -> str:
    agent = 'flux' if name == 'edge' else 'argocd'
    router = 'service' if name == 'local' else 'gateway-api'
    head = _ENVIRONMENT.substitute(name=name, agent=agent, router=router)
    return head + (_LAPTOP if name == 'local' else _GATEWAY.substitute(name=name))


def _application(name: str, numbers: range) -> str:
    """An application; its hostname routes to the first member that has no route of its own."""
    members = '\n'.join(f'  - {model_name(number)}' for number in numbers)
    routed = [model_name(number) for number in numbers if runtime(number) != 'triton']
    routes = _ROUTES.substitute(name=name, model=routed[0]) if routed else ''
    return _APPLICATION.substitute(name=name, members=members) + routes


def _release(number: int, environment: str) -> str:
    head = _RELEASE.substitute(name=model_name(number))
    if environment == 'local':
        return f'{head}  values:\n    revisionHistoryLimit: 2\n'
    pin = _PIN.substitute(version=pinned(number, environment), chart=chart_version(number, environment))
    return head + pin + (_VALUES if environment == 'prod' else '')


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_repository(folder: Path, models: int) -> Path:
    """Create a git repository with the registry as its first commit, and return its folder."""
    dates = {'GIT_AUTHOR_DATE': '1767225600 +0000', 'GIT_COMMITTER_DATE': '1767225600 +0000'}
    for path, text in registry_files(models).items():
        file = folder / 'registry' / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for command in (
        ['init', '--quiet', '--initial-branch=main'],
        ['config', 'user.name', 'chartloom benchmark'],
        ['config', 'user.email', 'benchmark@example.com'],
        ['config', 'commit.gpgsign', 'false'],
        ['config', 'gc.auto', '0'],
        ['add', 'registry'],
        ['commit', '--quiet', '--message', 'Registry'],
    ):
        subprocess.run(['git', *command], cwd=folder, env=os.environ | dates, check=True)
    return folder
