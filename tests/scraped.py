"""A real Prometheus that scrapes a real server, which answers for pods: fixtures `pods` and `prometheus`."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from parts import part


class Pods:
    """A server that answers for pods by path, and the file that tells Prometheus of them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / 'pods.json'
        self.pages: dict[str, str] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                self.send_response(200 if page is not None else 503)
                self.send_header('Content-Type', 'text/plain; version=0.0.4')
                self.end_headers()
                self.wfile.write((page or '').encode())

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, **tracks: list[str]) -> None:
        """Which pods of each track there are."""
        address = f'127.0.0.1:{self.server.server_address[1]}'
        groups = [
            {
                'targets': [address],
                'labels': {
                    'job': 'ml-prod/web', 'chartloom_dev_track': track, 'instance': pod, '__metrics_path__': f'/{pod}',
                },
            }
            for track, pods in tracks.items()
            for pod in pods
        ]  # fmt: skip
        scratch = self.file.with_suffix('.new')
        scratch.write_text(json.dumps(groups))
        scratch.rename(self.file)

    def say(self, pod: str, text: str | None) -> None:
        self.pages[f'/{pod}'] = text  # type: ignore[assignment]


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    found = Pods(tmp_path)
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def prometheus(tmp_path: Path, pods: Pods) -> Iterator[str]:
    """Its address; it looks every half second."""
    binary = part('prometheus', shutil.which('prometheus'), 'apt-get install prometheus')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        address = f'127.0.0.1:{free.getsockname()[1]}'
    config = {
        'global': {'scrape_interval': '500ms', 'scrape_timeout': '400ms'},
        'scrape_configs': [{'job_name': 'pods', 'file_sd_configs': [{'files': [str(pods.file)]}]}],
    }
    (tmp_path / 'prometheus.yml').write_text(json.dumps(config))
    pods.run()
    options = [f'--config.file={tmp_path}/prometheus.yml', f'--storage.tsdb.path={tmp_path}/data']
    with (tmp_path / 'prometheus.log').open('w') as log:
        process = subprocess.Popen([binary, *options, f'--web.listen-address={address}'], stdout=log, stderr=log)
    try:
        until(lambda: answers(f'http://{address}/-/ready'))
        yield f'http://{address}'
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):
            return True
    except (URLError, OSError):
        return False


def until(look: Any, wanted: Any = True) -> None:
    """Look until it is as wanted: Prometheus takes its time."""
    for _ in range(60):
        found = look()
        if found == wanted:
            return
        time.sleep(0.3)
    assert found == wanted, found
