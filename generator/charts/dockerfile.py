"""A model version and the values of its chart → a Dockerfile that bakes the model into its runtime's image.

No text of a user can end a line or start an instruction: texts become JSON or quoted words; a text that fits neither is
refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.charts.fetch import SECRETS, build_secret, fetch
from generator.charts.layers import model_layers
from generator.documents.jinja import render_document
from generator.domain.generated import Templates
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.domain.values import Values
from generator.values.arguments import arguments
from generator.values.images import show_image
from generator.values.layers import merge_checked
from generator.values.merge import enabled
from generator.values.references import expanded, expanded_variables

# Paths that COPY takes literally: it reads other characters as quotes, wildcards, variables or escapes.
_PLAIN_PATH = re.compile(r'(/[A-Za-z0-9_.@+-]+)+')
_SAFE = re.compile(r'[A-Za-z0-9 _./:,;=+@#{}()"*&|~^!?-]')


def dockerfile(model: Model, version: ModelVersion, templates: Templates) -> str:
    """Return the Dockerfile of a model version; the model's runtime must exist.

    Raises ProblemsFound if the image cannot be built.
    """
    values = _values(model, version, templates)
    if problems := list(_problems(model, version, values)):
        raise ProblemsFound(problems)
    runtime = templates.runtimes[model.runtime]
    parts = _parts(values, bool(runtime.spec['artifacts']))
    variables = _variables(values)

    def told(words: list[str]) -> list[str]:
        return [expanded(word, variables) for word in words]

    return render_document(
        templates.documents['Dockerfile.j2'],
        model=model.name, version=version.version, runtime=runtime.name, image=show_image(values['image']),
        user=_user(values), fetcher=show_image(values['artifact']['image']), files=_files(values),
        env=_environment(variables), ports=_ports(values), start=_start(values),
        health=_health(values, str(runtime.spec.get('healthcheck', ''))),
        command=_words(told(values['command'])), args=_words(told(arguments(values))),
        writable=_writable(values), **vars(parts),
    )  # fmt: skip


def _ports(values: Values) -> list[int]:
    return sorted({port['containerPort'] for port in enabled(values['ports']).values()})


def _values(model: Model, version: ModelVersion, templates: Templates) -> dict[str, Any]:
    """The values of the version's chart, which apply to its image, too."""
    starter = templates.starter
    layers = model_layers(model, version, templates)
    return merge_checked(layers, starter.values, starter.described, model.file)


def _problems(model: Model, version: ModelVersion, values: Values) -> Iterator[Problem]:
    here: Path = ('spec', 'versions', model.versions.index(version))

    def told(path: Path, message: str, hint: str) -> Problem:
        return Problem(model.file, json_path(path), message, hint)

    image = values['image']
    if not image['digest'] and image['tag'] in ('', 'latest'):
        message = f"image '{version.image}' is not pinned"
        yield told((*here, 'image'), message, 'add a digest, or a tag other than latest')
    if values['artifact']['delivery'] == 'volume':
        message = 'a build cannot read the files of a claim'
        yield told((*here, 'artifact', 'uri'), message, 'write a URI that they can be downloaded from')
    if not values['artifact']['uri'].isprintable():
        yield told((*here, 'artifact', 'uri'), 'the URI contains a character that is not printable', 'write it as %XX')
    for path in _paths(values):
        if not _PLAIN_PATH.fullmatch(path) or '..' in path.split('/'):
            message = f'invalid path in a Dockerfile: {json.dumps(path)}'
            yield told(('spec',), message, 'use letters, digits and . _ - + @ in paths')
    if values['podSecurityContext'].get('runAsUser', 0) == 0:
        yield told(('spec',), 'the server would run as root', 'set podSecurityContext.runAsUser in values')


def _paths(values: Values) -> Iterator[str]:
    yield _target(values)
    for file in enabled(values['files']).values():
        yield file['mountPath']


def _target(values: Values) -> str:
    artifact = values['artifact']
    return f'{artifact["mountPath"].rstrip("/")}/{artifact["path"]}'.rstrip('/')


def _user(values: Values) -> str:
    context = values['podSecurityContext']
    return f'{context["runAsUser"]}:{context.get("runAsGroup", context["runAsUser"])}'


@dataclass(frozen=True)
class _Parts:
    """The source of the model's files."""

    copies: list[str] = field(default_factory=list)
    fetch: str = ''  # the commands of a stage
    secret: str = ''  # id of the build secret of that stage
    content: str = ''  # what the file of that secret is
    holder: str = ''  # an image that contains them
    context: bool = False  # whether they are in the build context


def _parts(values: Values, has_files: bool) -> _Parts:
    artifact = values['artifact']
    target, chown = _target(values), f'--chown={_user(values)}'
    match artifact['delivery']:
        case 'image':
            origin = f'/{artifact["subPath"]}/' if artifact['subPath'] else '/'
            copy = f'--from=artifact {chown} {origin} {target}/'
            return _Parts([copy], holder=show_image(artifact['reference']))
        case 'download':
            scheme = artifact['uri'].partition('://')[0]
            is_folder = artifact['unpack'] or artifact['files'] or scheme == 'oci'
            end = '/' if is_folder else ''
            return _Parts(
                [f'--from=build {chown} /tmp/artifact{end} {target}{end}'],
                fetch=fetch(artifact, scheme),
                secret=(name := build_secret(artifact, scheme)),
                content=SECRETS.get(name, ''),
            )
    return _Parts([f'{chown} model/ {target}/'], context=True) if has_files else _Parts()


def _files(values: Values) -> list[dict[str, str]]:
    """Configuration files: a stage writes them by printf, whose %b takes any character as a number."""
    made = []
    for number, (_, file) in enumerate(sorted(enabled(values['files']).items())):
        lines = [f"'{_escaped(line)}'" for line in file['content'].splitlines(keepends=True)] or ["''"]
        command = ' \\\n    '.join(["printf '%b'", *lines])
        made.append({'command': f'{command} > file-{number}', 'places': f'/tmp/file-{number} {file["mountPath"]}'})
    return made


def _escaped(text: str) -> str:
    return ''.join(c if _SAFE.fullmatch(c) else ''.join(f'\\0{byte:03o}' for byte in c.encode()) for c in text)


def _quoted(text: str) -> str:
    """Quote a text as one word of ENV; a backslash is put outside the quotes, where it cannot escape a quote."""
    return '"' + re.sub(r'["$]', r'\\\g<0>', text.replace('\\', '\x00')).replace('\x00', '"\\\\"') + '"'


def _variables(values: Values) -> dict[str, str]:
    """Plain variables, without references, which only Kubernetes knows. Secrets are set at run time."""
    plain = {name: variable for name, variable in enabled(values['env']).items() if not variable.get('secret')}
    return expanded_variables({name: str(variable.get('value', '')) for name, variable in plain.items()})


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables for ENV; texts of several lines are left out."""
    return {name: _quoted(text) for name, text in sorted(variables.items()) if text.isprintable()}


def _words(words: list[str]) -> str:
    """A command in exec form, which no shell reads; ASCII, so that no character ends the line."""
    # Linters read a backslash before a quote as an escaped quote, even after another backslash.
    return json.dumps(words).replace('\\\\', '\\u005c') if words else ''


def _health(values: Values, client: str) -> str:
    """A health check like the readiness probe, by a client in the runtime's image; '' if there is none."""
    probe, ports = values['readinessProbe'], enabled(values['ports'])
    if probe['type'] not in ('http', 'tcp') or probe['port'] not in ports:
        return ''
    number = str(ports[probe['port']]['containerPort'])
    if client == 'bash':  # only a connection
        return _words(['bash', '-c', ': < "/dev/tcp/127.0.0.1/$1"', 'health', number])
    url = f'http://127.0.0.1:{number}{probe["path"]}'
    match client if probe['type'] == 'http' else '':
        case 'curl':
            return _words(['curl', '--fail', '--silent', '--globoff', '--output', '/dev/null', '--max-time', '5', url])
        case 'python3':
            code = 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)'
            return _words(['python3', '-c', code, url])
    return ''


def _start(values: Values) -> int:
    probe = values['startupProbe']
    return int(probe['periodSeconds'] * probe['failureThreshold'])


def _writable(values: Values) -> list[str]:
    """Directories that are writable in a pod, for a comment."""
    volumes = [volume for volume in enabled(values['volumes']).values() if not volume.get('readOnly')]
    return sorted(place for volume in volumes if _PLAIN_PATH.fullmatch(place := volume.get('mountPath', '')))
