"""git over HTTP by a server that fails on pushes: it refuses, dies before or after its work, or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parts import GitOverHttp, GitRequest, git


class FaultyServer(GitOverHttp):
    """`fault` is what happens to the next pushes: '', 'refuses', 'dies before', 'dies after' or 'hangs'."""

    fault = ''

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 'bot', 'word')
        self.RequestHandlerClass = FaultyRequest
        self.over = threading.Event()

    def url(self, name: str) -> str:
        return f'http://bot:word@127.0.0.1:{self.server_port}/{name}'


class FaultyRequest(GitRequest):
    server: FaultyServer

    def do_POST(self) -> None:
        fault = self.server.fault if self.path.endswith('git-receive-pack') else ''
        if fault == 'refuses':
            self.body()
            self.send_response(503)
            self.end_headers()
        elif fault == 'dies before':
            self.rfile.read(1)
            self.close_connection = True
        elif fault == 'hangs':
            self.server.over.wait(60)
            self.close_connection = True
        elif fault == 'dies after':
            self.body, body = (lambda: data), self.body()  # type: ignore[method-assign]
            data = body
            sent, self.wfile = self.wfile, open('/dev/null', 'wb')  # noqa: SIM115
            self.answer()
            self.wfile.close()
            self.wfile = sent
            self.close_connection = True
        else:
            self.answer()


@contextmanager
def serving(origin: Path) -> Iterator[FaultyServer]:
    """Serve the folder of a bare repository."""
    for key in ('http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'):
        git(origin, 'config', key, 'true')
    with FaultyServer(origin.parent) as server:
        try:
            yield server
        finally:
            server.over.set()
