"""Rules of an HTTPRoute and a GRPCRoute: the most exact match wins, in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.domain.values import Values
from generator.strategies.routers.split import Split, canary_alone

_WHOLE = 1  # the API's default weight
Rule = dict[str, Any]


def http_rules(route: Values, rules: Mapping[str, Values], ports: Mapping[str, int], split: Split) -> Iterator[Rule]:
    """Yield rules of an HTTPRoute by name; before each comes the rule for requests with the canary's headers."""
    limits = {'timeouts': {'request': route['timeout']}} if route['timeout'] else {}
    for rule in rules.values():
        port, path = ports[rule['port']], {'path': {'type': rule['type'], 'value': rule['path']}}
        more = {**_rewrite(rule), **limits}
        if split.headers:
            match = {**path, 'headers': _headers(split)}
            yield {'matches': [match], **more, 'backendRefs': canary_alone(port, _WHOLE)}
        yield {'matches': [path], **more, 'backendRefs': split.targets(port, _WHOLE), **split.copies(port)}


def grpc_rules(methods: Sequence[Values], port: int, split: Split) -> Iterator[Rule]:
    """Yield rules of a GRPCRoute: one for all methods; before it one for calls with the canary's headers."""
    matches = [{'method': {'type': 'Exact', **_named(method)}} for method in methods]
    if split.headers:
        canary = [{**match, 'headers': _headers(split)} for match in matches or [{}]]
        yield {'matches': canary, 'backendRefs': canary_alone(port, _WHOLE)}
    found = {'matches': matches} if matches else {}
    yield {**found, 'backendRefs': split.targets(port, _WHOLE), **split.copies(port)}


def _named(method: Values) -> dict[str, str]:
    return {key: method[key] for key in ('service', 'method') if method.get(key)}


def _headers(split: Split) -> list[dict[str, str]]:
    return [{'type': 'Exact', 'name': name, 'value': text} for name, text in sorted(split.headers.items())]


def _rewrite(rule: Values) -> Rule:
    if not rule.get('rewrite'):
        return {}
    path = {'type': 'ReplacePrefixMatch', 'replacePrefixMatch': rule['rewrite']}
    return {'filters': [{'type': 'URLRewrite', 'urlRewrite': {'path': path}}]}
