"""Debian's docker-registry on loopback: plain http, passwords, TLS; and servers that misbehave."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from parts import InThread, part

from generator.tools.oci import OciRegistry, open_registry

USER, PASSWORD = 'ada', 'enchantress-1843'


@dataclass(frozen=True)
class Server:
    """A registry that runs: `host` is its address with the port, `store` the folder with its blobs and tags."""

    host: str
    store: Path
    ca_file: str = ''

    @property
    def address(self) -> str:
        return f'oci://{self.host}/charts'

    @property
    def options(self) -> tuple[str, ...]:
        """Options of helm and chartloom."""
        return ('--ca-file', self.ca_file) if self.ca_file else ('--plain-http',)

    def client(self, environ: dict[str, str] | None = None, **more: Any) -> OciRegistry:
        plain = not self.ca_file
        return open_registry(self.address, environ or {}, plain_http=plain, ca_file=self.ca_file, seconds=10, **more)

    def blob_file(self, digest: str) -> Path:
        """The file of a blob: a test may damage it."""
        found = digest.removeprefix('sha256:')
        return self.store / f'docker/registry/v2/blobs/sha256/{found[:2]}/{found}/data'


class Running:
    """Starts and stops docker-registry; a test without it is skipped, or fails in CI."""

    def __init__(self, folder: Path, *, password: bool = False, tls: bool = False) -> None:
        self.program = part('docker-registry', shutil.which('docker-registry'), 'install docker-registry')
        self.folder, self.password, self.tls = folder, password, tls

    def __enter__(self) -> Server:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = (self.folder / 'log').open('wb')
        for _ in range(3):  # another process may take a port that was free
            with socket.socket() as probe:
                probe.bind(('127.0.0.1', 0))
                port = probe.getsockname()[1]
            if self.started(port):
                ca_file = str(self.folder / 'tls.crt') if self.tls else ''
                return Server(f'127.0.0.1:{port}', self.folder / 'store', ca_file)
        raise AssertionError((self.folder / 'log').read_text())

    def started(self, port: int) -> bool:
        config = self.folder / 'config.yml'
        config.write_text(self.config(port))
        self.process = subprocess.Popen([self.program, 'serve', config], stdout=self.log, stderr=self.log)
        while self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', port)) == 0:
                    return True
            time.sleep(0.05)
        return False

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def config(self, port: int) -> str:
        lines = [
            'version: 0.1',
            'log: {level: error}',
            f'storage: {{filesystem: {{rootdirectory: "{self.folder}/store"}}}}',
            f'http: {{addr: "127.0.0.1:{port}", secret: "x"{self.certificate() if self.tls else ""}}}',
        ]
        if self.password:
            htpasswd = part('htpasswd', shutil.which('htpasswd'), 'install apache2-utils')
            made = subprocess.run([htpasswd, '-Bbn', USER, PASSWORD], check=True, capture_output=True).stdout
            (self.folder / 'htpasswd').write_bytes(made)
            lines.append(f'auth: {{htpasswd: {{realm: "charts", path: "{self.folder}/htpasswd"}}}}')
        return '\n'.join(lines)

    def certificate(self) -> str:
        """Make a certificate that signs itself."""
        openssl = part('openssl', shutil.which('openssl'), 'install openssl')
        crt, key = self.folder / 'tls.crt', self.folder / 'tls.key'
        subprocess.run(
            [openssl, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
             '-days', '2', '-subj', '/CN=registry', '-addext', 'subjectAltName=IP:127.0.0.1',
             '-keyout', key, '-out', crt],
            check=True, capture_output=True,
        )  # fmt: skip
        return f', tls: {{certificate: "{crt}", key: "{key}"}}'


class Fake(InThread):
    """An http server on loopback; `answers` gets each request, and requests are kept as (method, path, login)."""

    daemon_threads = True

    def __init__(self, answers: Callable[[BaseHTTPRequestHandler], None]) -> None:
        super().__init__(('127.0.0.1', 0), Request)
        self.answers = answers
        self.seen: list[tuple[str, str, str]] = []

    @property
    def host(self) -> str:
        return f'127.0.0.1:{self.server_address[1]}'

    def client(self, environ: dict[str, str] | None = None, seconds: float = 10) -> OciRegistry:
        return open_registry(f'oci://{self.host}/charts', environ or {}, plain_http=True, seconds=seconds)


class Request(BaseHTTPRequestHandler):
    server: Fake
    protocol_version = 'HTTP/1.1'

    def answer(self) -> None:
        self.body = self.rfile.read(int(self.headers['Content-Length'] or 0))
        self.server.seen.append((self.command, self.path, self.headers['Authorization'] or ''))
        self.server.answers(self)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *ignored: object) -> None:
        """Print nothing: tests read the output of the command under test."""


def reply(request: BaseHTTPRequestHandler, code: int, content: bytes = b'', **headers: str) -> None:
    """Answer a request; `_` in names of headers stands for `-`."""
    request.send_response(code)
    for name, value in headers.items():
        request.send_header(name.replace('_', '-'), value)
    request.send_header('Content-Length', str(len(content)))
    request.end_headers()
    if request.command != 'HEAD':
        request.wfile.write(content)
