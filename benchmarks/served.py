"""A repository → the same behind HTTP, with the bytes that its server receives and sends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tests'))

from parts import GitOverHttp, GitRequest


@dataclass
class Served:
    """The URL of a repository, and the bytes so far."""

    url: str
    received: int = 0
    sent: int = 0


@contextmanager
def served(repository: Path, folder: Path) -> Iterator[Served]:
    """Serve a bare clone in a folder by `git http-backend`, as forges do: with filters, and any object by its id."""
    origin = folder / 'origin.git'
    subprocess.run(['git', 'clone', '--quiet', '--bare', repository.as_uri(), origin], check=True)
    for key in ('http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'):
        subprocess.run(['git', 'config', key, 'true'], cwd=origin, check=True)
    with GitOverHttp(folder, 'bot', 'word') as server:
        counts = Served(f'http://bot:word@127.0.0.1:{server.server_port}/origin.git')
        server.RequestHandlerClass = _counting(counts)
        yield counts


def _counting(counts: Served) -> type[GitRequest]:
    class Counting(GitRequest):
        """Counts the bodies of requests, and whole answers."""

        def setup(self) -> None:
            super().setup()
            write = self.wfile.write

            def counted(data: bytes) -> int:
                counts.sent += len(data)
                return write(data)

            self.wfile.write = counted

        def body(self) -> bytes:
            data = super().body()
            counts.received += len(data)
            return data

    return Counting
