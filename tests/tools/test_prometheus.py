"""Answers that are none of Prometheus, from a server of the test: a command that failed, never a traceback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from parts import ByteByByte

from generator.domain.problems import CommandFailed
from generator.tools import prometheus

SERIES = '{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "%s"]}]}}'
NONSENSE = {
    'html': '<html>sign in</html>',
    'deep': '[' * 200_000,
    'empty': '{"status": "success"}',
    'null': '{"status": "success", "data": null}',
    'words': SERIES % 'many',
    'matrix': '{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1, "2"]]}]}}',
    'true': '{"status": "success", "data": {"resultType": "scalar", "result": [1, true]}}',
    'list': '[{"status": "success"}]',
    'huge': SERIES % '1e999999999',
    'far': '{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1e400, "2"]]}]}}',
    'failed': '{"status": "error", "error": "no"}',
}


class Handler(BaseHTTPRequestHandler):
    seen: list[str | None] = []  # noqa: RUF012  (one server a test)

    def do_POST(self) -> None:
        name = self.path.split('/')[1]
        self.rfile.read(int(self.headers['Content-Length']))
        self.seen.append(self.headers.get('Authorization'))
        if name == 'elsewhere':
            self.send_response(302)
            self.send_header('Location', f'http://localhost:{self.server.server_address[1]}/html')
            self.end_headers()
            return
        body = (NONSENSE.get(name) or SERIES % name).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body) + (5 if name == 'short' else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: the test tells."""


@pytest.fixture
def address() -> Iterator[str]:
    Handler.seen = []
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{server.server_address[1]}'
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize('name', [*NONSENSE, 'short', 'elsewhere'])
def test_what_is_no_answer_fails_as_a_command_does(address: str, name: str) -> None:
    with pytest.raises(CommandFailed) as told:
        prometheus.values_now(f'{address}/{name}', 'up', 1)
    assert 'Prometheus' in told.value.stderr
    assert 'code: 0' not in str(told.value)
    if name != 'matrix':  # the answer to another question
        with pytest.raises(CommandFailed):
            prometheus.values_at(f'{address}/{name}', 'up', 1, 2, 1)


@pytest.mark.parametrize('value', ['1.5', 'NaN', '+Inf', '1e+06'])
def test_numbers_are_what_prometheus_writes(address: str, value: str) -> None:
    assert prometheus.values_now(f'{address}/{value}', 'up', 1) == [value]


@pytest.mark.parametrize('wrong', ['file:///etc/passwd', 'ftp://x', 'notaurl', 'http://a b/', 'http://a\nb/', ''])
def test_what_is_no_address_is_not_asked(wrong: str) -> None:
    with pytest.raises(CommandFailed) as told:
        prometheus.values_now(wrong, 'up', 1)
    assert 'http://<host>:<port>' in told.value.stderr


def test_a_token_is_sent_to_one_host_and_never_shown(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prometheus.TOKEN, 'sekret\n')
    with pytest.raises(CommandFailed) as told:
        prometheus.values_now(f'{address}/elsewhere', 'up', 1)
    assert Handler.seen == ['Bearer sekret']
    assert 'sekret' not in str(told.value)


@pytest.mark.parametrize('place', ['header', 'body'])
def test_a_server_that_sends_byte_by_byte(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, '_TIMEOUT', 0.1)
    with ByteByByte(place) as slow, pytest.raises(CommandFailed) as failed:
        prometheus.values_now(f'http://{slow.host}', 'up', 0)
    assert failed.value.stderr == 'no response from Prometheus: the response takes more than 0.5 seconds'
