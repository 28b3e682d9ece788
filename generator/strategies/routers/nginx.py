"""Paths of an Ingress, and the Ingresses that share the requests: ingress-nginx has a separate one for a canary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.domain.values import Values
from generator.strategies.routers.split import Split

PREFIX = 'nginx.ingress.kubernetes.io'
# Of ingress-nginx, what only sets limits, buffers and time for the requests of the same Ingress.
FREE = frozenset(
    f'{PREFIX}/{name}'
    for name in """
    backend-protocol client-body-buffer-size client-header-buffer-size connection-proxy-header cors-allow-credentials
    cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max-age enable-cors
    http2-push-preload limit-burst-multiplier limit-connections limit-rate limit-rate-after limit-rpm
    limit-rps load-balance proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number
    proxy-busy-buffers-size proxy-connect-timeout proxy-http-version proxy-max-temp-file-size proxy-next-upstream
    proxy-next-upstream-timeout proxy-next-upstream-tries proxy-read-timeout proxy-request-buffering proxy-send-timeout
    service-upstream
    """.split()
)
_TYPES = {'Exact': 'Exact', 'PathPrefix': 'Prefix'}
Rule = dict[str, Any]


def http_paths(rules: Mapping[str, Values], ports: Mapping[str, int]) -> list[Rule]:
    return [_path(rule['path'], _TYPES[rule['type']], ports[rule['port']]) for rule in rules.values()]


def grpc_paths(methods: Sequence[Values], port: int) -> list[Rule]:
    """Calls are requests for /<service>/<method>."""
    return [_method(method, port) for method in methods] or [_path('/', 'Prefix', port)]


def _method(method: Values, port: int) -> Rule:
    service, name = method.get('service', ''), method.get('method', '')
    return _path(f'/{service}/{name}', 'Exact', port) if name else _path(f'/{service}', 'Prefix', port)


def _path(path: str, kind: str, port: int) -> Rule:
    return {'path': path, 'pathType': kind, 'port': port}


def ingresses(split: Split) -> Iterator[Rule]:
    """Yield Ingresses with the suffixes of their names and Services; the canary's has its share. Headers come first.

    Argo Rollouts creates the canary's Ingress itself.
    """
    tracks = [target for target in split.shares if target.track]
    if not tracks:
        yield {'suffix': '', 'service': '', 'annotations': {}}
        return
    yield {'suffix': '', 'service': '-stable', 'annotations': {}}
    share = {'canary': 'true', 'canary-weight': str(split.weight), 'canary-weight-total': '100'}
    for name, text in sorted(split.headers.items()):
        share |= {'canary-by-header': name, 'canary-by-header-value': text}
    annotations = {f'{PREFIX}/{key}': text for key, text in share.items()}
    yield {'suffix': '-canary', 'service': '-canary', 'annotations': annotations}
