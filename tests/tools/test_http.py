"""http.py with real HTTP servers on loopback: credentials, redirects, sizes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request

import pytest
from parts import ByteByByte

from generator.domain.problems import CommandFailed
from generator.tools import http
from generator.tools.http import fetch


class Answer(BaseHTTPRequestHandler):
    """`/<status>` answers with the credentials that it got, `?to=URL` is where a redirect leads."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        body = (self.headers['Authorization'] or '').encode()
        self.send_response(int(asked.path[1:]))
        for target in parse_qs(asked.query).get('to', ()):
            self.send_header('Location', target)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *ignored: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(('127.0.0.1', 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        yield f'127.0.0.1:{running.server_port}'
        running.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[str]:
    with serving() as address:
        yield address


SENT = b'Basic Ym90OnBAc3M='


def test_fetch_sends_the_credentials_of_the_url(server: str) -> None:
    assert fetch(f'http://{server}/200') == b''
    assert fetch(f'http://bot:p%40ss@{server}/200') == SENT


def test_fetch_tells_what_is_not_there_from_what_failed(server: str) -> None:
    assert fetch(f'http://{server}/404') is None
    with pytest.raises(CommandFailed) as failed:
        fetch(f'http://bot:t0ken@{server}/503')
    assert (failed.value.command, failed.value.code) == (('GET', f'http://***@{server}/503'), 503)


def test_fetch_from_nowhere_is_a_failed_command() -> None:
    with pytest.raises(CommandFailed) as failed:
        fetch('http://127.0.0.1:1/x')
    assert failed.value.code == 1
    assert 'refused' in failed.value.stderr


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_credentials_to_the_same_place_only(server: str, status: int) -> None:
    url = f'http://bot:p%40ss@{server}/{status}?to='
    assert fetch(f'{url}/200') == SENT
    assert fetch(f'{url}http://{server}/200') == SENT
    with serving() as other:  # another port is another server
        assert fetch(f'{url}http://{other}/200') == b''
        assert fetch(f'{url}http://{other}/302%3Fto=http://{server}/200') == b'', 'not on the way back either'
    assert fetch(f'{url}http://localhost:{server.partition(":")[2]}/200') == b''


@pytest.mark.parametrize('target', ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'gopher://127.0.0.1/x'])
def test_a_redirect_to_another_scheme_is_refused(server: str, target: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        fetch(f'http://bot:t0ken@{server}/302?to={target}')
    assert 'edirect' in failed.value.stderr
    assert target.partition(':')[0] in failed.value.stderr
    assert failed.value.command[1].startswith('http://***@')


def test_what_was_encrypted_stays_so() -> None:
    """A server of https that redirects to http; without one here, at the place that decides."""
    request = Request('https://schemas.example/x')
    with pytest.raises(OSError, match='refused: it redirects to http://'):
        http._Careful().redirect_request(request, None, 302, '', {}, 'http://schemas.example/x')  # type: ignore[arg-type]


def test_redirects_without_an_end(server: str) -> None:
    with pytest.raises(CommandFailed):
        fetch(f'http://{server}/302?to=/302')


def test_a_response_that_is_too_large(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, 'LARGEST', len(SENT))
    assert fetch(f'http://bot:p%40ss@{server}/200') == SENT
    monkeypatch.setattr(http, 'LARGEST', len(SENT) - 1)
    with pytest.raises(CommandFailed) as failed:
        fetch(f'http://bot:p%40ss@{server}/200')
    assert failed.value.stderr == 'expected at most 17 bytes, found more'


@pytest.mark.parametrize('place', ['header', 'body'])
def test_a_server_that_sends_byte_by_byte(place: str) -> None:
    with ByteByByte(place) as slow, pytest.raises(CommandFailed) as failed:
        fetch(f'http://{slow.host}/x', seconds=0.1)
    assert failed.value.stderr == 'the response takes more than 0.5 seconds'
