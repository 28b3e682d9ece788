"""Labelled changes of the paths and calls that routes open: HTTP and gRPC, by each router, with each engine."""

from __future__ import annotations

import copy
from typing import Any

from review_bases import CUSTOM, FLAGGER, ISTIO, NGINX, PROD, ROLLING, specs, versions
from review_corpus import Case, Change, Specs, danger, model, noise, put, several, values

INFER = {'path': '/v2/models/web/infer'}
CALL = {'service': 'inference.GRPCInferenceService', 'method': 'ModelInfer'}
LIVE = {'service': 'inference.GRPCInferenceService', 'method': 'ServerLive'}
PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'},
    'admin': {'containerPort': 8082, 'servicePort': 8082, 'appProtocol': 'http'},
}  # fmt: skip
ROUTED: dict[str, Any] = {
    **CUSTOM, 'ports': PORTS,
    'route': {'rules': {'main': INFER, 'live': {'path': '/v2/health'}}, 'grpc': {'methods': {'infer': CALL}}},
}  # fmt: skip
UNROUTED = {key: value for key, value in ROUTED.items() if key != 'route'}
REWRITTEN = {**ROUTED, 'route': {'rules': {'main': {'path': '/answers', 'rewrite': '/v2/models/web/infer'}}}}
PLACES = {
    'gateway': ROLLING,
    'istio': {**ISTIO, 'strategy': {'rolling': {}}},
    'nginx': {**NGINX, 'strategy': {'rolling': {}}},
    'argo rollouts': PROD,
}  # fmt: skip
# Of one version: another one would start a rollout, under which no route should change.
BASES: dict[str, Specs] = {name: specs({**ROUTED, 'versions': versions('1')}, prod) for name, prod in PLACES.items()}


def paths(*found: str, port: str = '') -> Change:
    rules = {f'r{number}': {'path': path, **({'port': port} if port else {})} for number, path in enumerate(found)}
    return model('route', 'rules', value=rules)


def calls(**found: dict[str, str]) -> Change:
    return model('route', 'grpc', value={'methods': copy.deepcopy(found)} if found else {})


def _of_each(name: str, base: Specs) -> dict[str, Case]:
    both = (INFER['path'], '/v2/health')
    return {
        f'{name}: a path for all paths': danger(base, paths('/'), 'route-wider'),
        f'{name}: a path more': danger(base, paths(*both, '/v2/repository'), 'route-wider'),
        f'{name}: a path less': danger(base, paths(both[0]), 'route-lost'),
        f'{name}: another path': danger(base, paths(both[0], '/unused'), 'route-lost', 'route-wider'),
        f'{name}: all calls': danger(base, calls(), 'route-wider'),
        f'{name}: a call more': danger(base, calls(infer=CALL, live=LIVE), 'route-wider'),
        f'{name}: another call': danger(base, calls(infer=LIVE), 'route-lost', 'route-wider'),
        f'{name}: a part of a path': danger(
            base, paths(f'{both[0]}/fast', both[1]), 'route-lost'
        ),
        f'{name}: the same paths by other names': noise(base, paths(*both)),
        f'{name}: a path within another': noise(base, paths(*both, f'{both[1]}/live')),
    }  # fmt: skip


ROUTES: dict[str, Case] = {
    **{name: case for place, base in BASES.items() for name, case in _of_each(place, base).items()},
    'flagger: a path for all paths': danger(
        specs({**ROUTED, 'route': {'rules': {'main': INFER}}}, FLAGGER), paths('/'), 'route-wider'
    ),
    'flagger: another path': danger(
        specs({**ROUTED, 'route': {'rules': {'main': INFER}}}, FLAGGER), paths('/unused'), 'route-lost', 'route-wider'
    ),
    'a first route': danger(
        specs(UNROUTED, ROLLING), model('route', value={}), 'weaker-network'
    ),
    'a first route, and no policy': danger(
        specs(UNROUTED, {**ROLLING, 'values': {'networkPolicy': {'enabled': False}}}),
        model('route', value={}), 'route-wider',
    ),
    'a path in values': danger(
        BASES['gateway'], values('route', 'rules', 'all', value={'path': '/', 'type': 'PathPrefix', 'port': 'http'}),
        'route-wider',
    ),
    'a path that is off': danger(
        BASES['gateway'], values('route', 'rules', 'live', value={'enabled': False}), 'route-lost'
    ),
    'an exact path': danger(
        BASES['gateway'], values('route', 'rules', 'live', 'type', value='Exact'), 'route-lost'
    ),
    'a path at another port': danger(
        BASES['gateway'], paths(INFER['path'], '/v2/health', port='admin'), 'route-wider', 'weaker-network',
        'closed-network',
    ),
    'another rewrite': danger(
        specs(REWRITTEN, ROLLING), model('route', 'rules', 'main', 'rewrite', value='/v2/repository'), 'route-wider'
    ),
    'no rewrite': danger(
        specs(REWRITTEN, ROLLING), model('route', 'rules', 'main', 'rewrite', value=None), 'route-wider'
    ),
    'a path more that is rewritten to an old one': noise(
        specs(REWRITTEN, ROLLING),
        model('route', 'rules', 'more', value={'path': '/more', 'rewrite': '/v2/models/web/infer'}),
    ),
    'another host': danger(BASES['gateway'], put('prod', 'domain', value='other.example'), 'route-lost'),
    'another host of the model': danger(
        BASES['gateway'], model('route', 'hostname', value='@model@-new'), 'route-lost'
    ),
    'a host more': noise(
        specs(ROUTED, {**ROLLING, 'hostnames': {'@model@.world.example': {'model': '@model@'}}}),
        values('route', 'hostnames', value=['@model@.shop.example', '@model@.world.example']),
    ),
    'a host less': danger(
        specs(ROUTED, {**ROLLING, 'hostnames': {'@model@.world.example': {'model': '@model@'}}}) | {
            'prod-release': {'version': '1', 'chart': '1.0.0', 'values': {
                'route': {'hostnames': ['@model@.shop.example', '@model@.world.example']}}},
        },
        values('route', 'hostnames', value=['@model@.shop.example']), 'route-lost',
    ),
    'routes as they are, and another time limit': noise(
        BASES['gateway'], several(values('route', 'timeout', value='3s'))
    ),
}  # fmt: skip
