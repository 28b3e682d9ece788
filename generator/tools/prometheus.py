"""A Prometheus query → its values now or over time, as Prometheus formats them; uses HTTP."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from generator.domain.problems import CommandFailed
from generator.tools.time_limit import PATIENCE, within

TOKEN = 'CHARTLOOM_PROMETHEUS_TOKEN'
T = TypeVar('T')
_ADDRESS = re.compile(r'https?://[^\s/]+(/[^\s]*)?')
# A number as Prometheus formats it; large exponents are refused, because their decimal form needs too much memory.
_NUMBER = re.compile(r'NaN|[+-]?(?:Inf|[0-9]{1,400}(?:\.[0-9]{1,400})?(?:e[+-]?[0-9]{1,3})?)')
_TIMEOUT = 30
_LARGEST = 10_000_000  # bytes of a response
_SHOWN = 500


def values_now(address: str, query: str, now: int) -> list[str]:
    """Return the values of an instant query; [] if it has none."""

    def values(data: Any) -> list[str]:
        if data['resultType'] in ('scalar', 'string'):
            return [_number(data['result'][1])]
        return [_number(series['value'][1]) for series in data['result']]

    return _ask(address, 'query', {'query': query, 'time': str(now)}, values)


def values_at(address: str, query: str, start: int, end: int, step: int) -> dict[int, list[str]]:
    """Return the values of a query by time, from `start` to `end`; times without values are omitted."""

    def values(data: Any) -> dict[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        for series in data['result']:
            for time, value in series['values']:
                found[int(time)].append(_number(value))
        return dict(found)

    question = {'query': query, 'start': str(start), 'end': str(end), 'step': str(step)}
    return _ask(address, 'query_range', question, values)


def _number(text: Any) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return str(text)


def _ask(address: str, kind: str, question: dict[str, str], read: Callable[[Any], T]) -> T:
    """Send a query and read its response; raises CommandFailed if there is none, or not from Prometheus."""
    url = f'{address.rstrip("/")}/api/v1/{kind}'
    asked = ('POST', url, question['query'])
    token = os.environ.get(TOKEN, '').strip()
    headers = {'Authorization': f'Bearer {token}'} if token.isascii() and token.isprintable() and token else {}
    if not _ADDRESS.fullmatch(address):
        raise CommandFailed(asked, 1, '', 'invalid address of Prometheus: write http://<host>:<port>')
    try:
        request = Request(url, urlencode(question).encode(), headers)
        code, text, why = within(PATIENCE * _TIMEOUT, partial(_read, request))
    except (URLError, OSError, ValueError, HTTPException) as error:
        raise CommandFailed(asked, 1, '', f'no response from Prometheus: {getattr(error, "reason", error)}') from None
    if why:
        raise CommandFailed(asked, code, text.decode('utf-8', 'replace'), f'refused by Prometheus: {code} {why}')
    try:
        document = json.loads(text)
        assert document['status'] == 'success'
        return read(document['data'])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError, RecursionError, OverflowError):
        shown = text[:_SHOWN].decode('utf-8', 'replace')
        said = 'not a response of Prometheus: check that the address is that of its HTTP API, not of a page or a proxy'
        raise CommandFailed(asked, code, shown, said) from None


def _read(request: Request) -> tuple[int, bytes, str]:
    """The status and the content of a response, and why the server refused the request, '' if it did not."""
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            return answer.status, answer.read(_LARGEST), ''
    except HTTPError as error:
        return error.code, error.read(_SHOWN), str(error.reason) or 'no reason'


class _NoRedirects(HTTPRedirectHandler):
    """Refuse redirects: the token must not be sent to another host."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = build_opener(_NoRedirects)
