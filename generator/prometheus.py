"""Prometheus, asked over HTTP: a query → its values now, or at a row of times, each as Prometheus writes it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from generator.errors import CommandFailed

TOKEN = 'CHARTLOOM_PROMETHEUS_TOKEN'
_TIMEOUT = 30


def values_now(address: str, query: str, now: int) -> list[str]:
    """The values of an instant query; [] where it has none."""
    data = _ask(address, 'query', {'query': query, 'time': str(now)})
    if data['resultType'] in ('scalar', 'string'):
        return [data['result'][1]]
    return [series['value'][1] for series in data['result']]


def values_at(address: str, query: str, start: int, end: int, step: int) -> dict[int, list[str]]:
    """The values of a query by time, from `start` to `end`; times without any are left out."""
    question = {'query': query, 'start': str(start), 'end': str(end), 'step': str(step)}
    found: dict[int, list[str]] = defaultdict(list)
    for series in _ask(address, 'query_range', question)['result']:
        for time, value in series['values']:
            found[int(time)].append(value)
    return dict(found)


def _ask(address: str, kind: str, question: dict[str, str]) -> Any:
    url = f'{address.rstrip("/")}/api/v1/{kind}'
    headers = {'Authorization': f'Bearer {os.environ[TOKEN]}'} if os.environ.get(TOKEN) else {}
    asked = ('POST', url, question['query'])
    try:
        with urlopen(Request(url, urlencode(question).encode(), headers), timeout=_TIMEOUT) as answer:
            document = json.load(answer)
    except HTTPError as error:
        raise CommandFailed(asked, error.code, '', error.read().decode('utf-8', 'replace')) from None
    except (URLError, OSError, ValueError) as error:
        raise CommandFailed(asked, 0, '', str(getattr(error, 'reason', error))) from None
    if not isinstance(document, dict) or document.get('status') != 'success':
        raise CommandFailed(asked, 0, json.dumps(document), 'this is no answer of Prometheus')
    return document['data']
