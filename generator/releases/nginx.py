"""Merged values of a release behind router nginx → the annotations that its Ingresses require."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import assert_never

from generator.domain.environments import Environment
from generator.domain.generated import Layer
from generator.domain.units import seconds
from generator.domain.values import Values
from generator.strategies.routers.nginx import PREFIX


def nginx_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    """Yield annotations for time limits and gRPC, unless they are already set."""
    router = environment.router
    match router:
        case 'service' | 'gateway-api' | 'istio':
            return
        case 'nginx':
            yield from _annotations(environment, values)
        case _:
            assert_never(router)


def _annotations(environment: Environment, values: Values) -> Iterator[Layer]:
    wanted = {'grpcRoute': {f'{PREFIX}/backend-protocol': 'GRPC'}}
    if timeout := values['route']['timeout']:
        wanted['route'] = {f'{PREFIX}/proxy-read-timeout': str(max(1, math.ceil(seconds(timeout))))}
    for route, texts in wanted.items():
        missing = {key: text for key, text in texts.items() if key not in values[route]['annotations']}
        if values[route]['enabled'] and missing:
            yield Layer(environment.file, ('spec', 'router'), (route, 'annotations'), missing)
