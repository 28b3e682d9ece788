"""Routes for router nginx → annotations of its Ingress: time limits, gRPC, and who has signed in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from generator.domain import Environment, Layer, Values

_PREFIX = 'nginx.ingress.kubernetes.io'
_PARTS = re.compile(r'([0-9]+)(ms|s|m|h)')
_SECONDS = {'ms': 0.001, 's': 1, 'm': 60, 'h': 3600}


def nginx_layers(environment: Environment, route: str, values: Values) -> Iterator[Layer]:
    """Layers for `route` or `grpcRoute`; `values` are the chart's own of that route."""
    annotations = {}
    if timeout := values.get('timeout'):
        annotations[f'{_PREFIX}/proxy-read-timeout'] = str(max(1, math.ceil(seconds(timeout))))
    if route == 'grpcRoute':
        annotations[f'{_PREFIX}/backend-protocol'] = 'GRPC'
    if annotations:
        yield Layer(environment.file, ('spec', 'router'), (route, 'annotations'), annotations)


def seconds(duration: str) -> float:
    """Seconds of a duration such as 1m30s, as Go writes it."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))
