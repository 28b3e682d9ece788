"""Rules of a VirtualService: the first match wins, so exact paths come first, then long ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.domain.values import Values
from generator.strategies.routers.split import Split, canary_alone

_WHOLE = 100  # percent
# No connection, a stream that the server refused, or the answer 503 (gRPC: unavailable); not a try that timed out.
RETRY_ON = 'connect-failure,refused-stream,unavailable,503'
Rule = dict[str, Any]


def http_rules(route: Values, rules: Mapping[str, Values], ports: Mapping[str, int], split: Split) -> Iterator[Rule]:
    """Yield HTTP rules; before each comes the rule for requests with the canary's headers."""
    for name, rule in sorted(rules.items(), key=_exactness):
        matches = [{'uri': uri} for uri in _paths(rule)]
        more = {**_rewrite(rule), **_limits(route)}
        yield from _pair(name, matches, more, ports[rule['port']], split)


def grpc_rules(methods: Sequence[Values], port: int, split: Split) -> Iterator[Rule]:
    """Yield one rule for all calls; Argo Rollouts refers to it by name."""
    yield from _pair('calls', [{'uri': _method(method)} for method in methods], {}, port, split)


def _pair(name: str, matches: list[Rule], more: Rule, port: int, split: Split) -> Iterator[Rule]:
    if split.headers:
        headers = {header.lower(): {'exact': text} for header, text in sorted(split.headers.items())}
        canary = [{**match, 'headers': headers} for match in matches or [{}]]
        yield {'name': f'{name}-canary', 'match': canary, **more, 'route': canary_alone(port, _WHOLE)}
    found = {'match': matches} if matches else {}
    yield {'name': name, **found, **more, 'route': split.targets(port, _WHOLE), **split.copies(port)}


def _exactness(item: tuple[str, Values]) -> tuple[bool, int, str]:
    name, rule = item
    return rule['type'] != 'Exact', -len(rule['path']), name


def _paths(rule: Values) -> Iterator[dict[str, str]]:
    """In Istio the prefix /api also matches /apis: match the path itself and paths below it."""
    path = rule['path'].removesuffix('/')
    if path or rule['type'] == 'Exact':
        yield {'exact': path or '/'}
    if rule['type'] == 'PathPrefix':
        yield {'prefix': f'{path}/'}


def _method(method: Values) -> dict[str, str]:
    service, name = method.get('service', ''), method.get('method', '')
    if not service:
        return {'regex': f'/[^/]+/{name}'}
    return {'exact': f'/{service}/{name}'} if name else {'prefix': f'/{service}/'}


def _rewrite(rule: Values) -> Rule:
    target = rule.get('rewrite', '')
    return {'rewrite': {'uri': f'{target.removesuffix("/")}/'}} if target else {}


def _limits(route: Values) -> Rule:
    found: Rule = {'timeout': route['timeout']} if route['timeout'] else {}
    attempts, limit = int(route['retries']['attempts']), route['retries']['perTryTimeout']
    retries: Rule = {'attempts': attempts}
    if attempts:
        retries |= {'retryOn': RETRY_ON} | ({'perTryTimeout': limit} if limit else {})
    return {**found, 'retries': retries}
