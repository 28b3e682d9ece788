"""The real parts of the tests: Helm 3 and 4, strict schemas, git over HTTP; a missing part skips or fails its tests."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar

import jsonschema
import kubernetes_validate
import pytest

ROOT = Path(__file__).resolve().parents[1]
Found = TypeVar('Found')


def part(name: str, found: Found | None, how_to_get: str) -> Found:
    """Return `found`; if it is None, skip the test with the reason, or fail it if CHARTLOOM_REQUIRE_PARTS=1 (CI)."""
    if found:
        return found
    reason = f'no {name}: {how_to_get}'
    if os.environ.get('CHARTLOOM_REQUIRE_PARTS') == '1':
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def permissions_count() -> list[str]:
    """A command prefix that makes file permissions effective for root; [] for other users."""
    if os.geteuid() != 0:
        return []
    setpriv = part('setpriv', shutil.which('setpriv'), 'install util-linux')
    taken = '-dac_override,-dac_read_search'
    return [setpriv, f'--bounding-set={taken}', f'--inh-caps={taken}']


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its stdout without the last newline."""
    done = subprocess.run(['git', *arguments], cwd=folder, check=True, capture_output=True, encoding='utf-8')
    return done.stdout.removesuffix('\n')


@cache
def helm_binary(major: int) -> Path | None:
    """Find a Helm of this major version: in .tools/ (newest first), in $HELM, on PATH."""
    installed = sorted(ROOT.glob(f'.tools/helm-{major}.*/helm'), reverse=True)
    for candidate in [*installed, os.environ.get('HELM'), shutil.which('helm')]:
        if candidate and helm_version(candidate).startswith(f'v{major}.'):
            return Path(candidate)
    return None


def helm_version(binary: str | Path) -> str:
    return subprocess.run([binary, 'version', '--short'], check=True, capture_output=True, text=True).stdout


def crd_folder() -> Path | None:
    """The strict CRD schemas, <group>/<kind>_<version>.json: $CHARTLOOM_CRDS, or shared/crds next to the checkout."""
    folder = Path(os.environ.get('CHARTLOOM_CRDS') or ROOT.parent / 'shared' / 'crds')
    return folder if folder.is_dir() else None


@cache
def crd_validator(schema: Path) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(schema.read_text(encoding='utf-8')))


def validate_strictly(obj: Mapping[str, Any], kubernetes_version: str, crds: Path) -> None:
    """Raise if an object has an unknown kind, an unknown field or a wrong type.

    kubernetes-validate checks the kinds of Kubernetes. It reads only the first part of a group, so that
    apps.example.com would pass as apps: groups with a dot outside k8s.io must have a CRD schema.
    """
    group, _, version = obj['apiVersion'].rpartition('/')
    schema = crds / group / f'{obj["kind"].lower()}_{version}.json'
    if group and schema.is_file():
        # CRD schemas do not check metadata: check it as that of a ConfigMap.
        probe = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': obj['metadata']}
        kubernetes_validate.validate(probe, kubernetes_version, strict=True)
        crd_validator(schema).validate(obj)
    elif '.' in group and not group.endswith('.k8s.io'):
        raise LookupError(f'no schema for {obj["apiVersion"]} {obj["kind"]}')
    else:
        kubernetes_validate.validate(obj, kubernetes_version, strict=True)


@dataclass(frozen=True)
class HttpOrigin:
    """A bare repository behind HTTP with basic authentication."""

    path: Path
    url: str
    user: str
    password: str

    @property
    def url_with_password(self) -> str:
        return self.url.replace('http://', f'http://{self.user}:{self.password}@')


class InThread(ThreadingHTTPServer):
    """A server that answers in a thread of its own, as long as its block lasts."""

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.serve_forever, kwargs={'poll_interval': 0.02})
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class ByteByByte(InThread):
    """A server that never stops to answer with one more byte, long before a socket's timeout: of a header or a body."""

    daemon_threads = True

    def __init__(self, place: str) -> None:
        super().__init__(('127.0.0.1', 0), SlowRequest)
        self.host = f'127.0.0.1:{self.server_address[1]}'
        begun = 'X-Slow: ' if place == 'header' else 'Content-Length: 999999\r\n\r\n'
        self.begin = f'HTTP/1.1 200 OK\r\n{begun}'.encode()


class SlowRequest(BaseHTTPRequestHandler):
    server: ByteByByte

    def handle(self) -> None:
        with suppress(OSError):  # the client gave up
            self.request.sendall(self.server.begin)
            while True:
                self.request.sendall(b'x')
                time.sleep(0.02)


class GitOverHttp(InThread):
    """`git http-backend` for the repositories in a folder, on a free port of loopback, behind a password."""

    daemon_threads = True

    def __init__(self, folder: Path, user: str, password: str) -> None:
        super().__init__(('127.0.0.1', 0), GitRequest)
        self.folder, self.user = folder, user
        self.token = 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()


class GitRequest(BaseHTTPRequestHandler):
    """One request as a CGI call (git's own documentation, git-http-backend(1))."""

    server: GitOverHttp

    def answer(self) -> None:
        body = self.body()  # read it always: git loses the response if the connection is closed before
        if self.headers['Authorization'] != self.server.token:
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Basic realm="git"')
            self.end_headers()
            return
        done = subprocess.run(['git', 'http-backend'], input=body, env=self.environment(), stdout=subprocess.PIPE)
        head, _, content = done.stdout.partition(b'\r\n\r\n')
        headers = dict(line.split(': ', 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop('Status', '200' if done.returncode == 0 else '500').split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def body(self) -> bytes:
        if self.headers['Transfer-Encoding'] != 'chunked':
            return self.rfile.read(int(self.headers['Content-Length'] or 0))
        chunks = b''
        while size := int(self.rfile.readline(), 16):
            chunks += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return chunks

    def environment(self) -> dict[str, str]:
        path, _, query = self.path.partition('?')
        return os.environ | {
            'GIT_PROJECT_ROOT': str(self.server.folder),
            'GIT_HTTP_EXPORT_ALL': '1',
            'GIT_PROTOCOL': self.headers['Git-Protocol'] or '',
            'REMOTE_USER': self.server.user,
            'REMOTE_ADDR': self.client_address[0],
            'REQUEST_METHOD': self.command,
            'PATH_INFO': path,
            'QUERY_STRING': query,
            'CONTENT_TYPE': self.headers['Content-Type'] or '',
            'HTTP_CONTENT_ENCODING': self.headers['Content-Encoding'] or '',
        }

    def log_message(self, *ignored: object) -> None:
        """Print nothing: tests read the output of the command under test."""
