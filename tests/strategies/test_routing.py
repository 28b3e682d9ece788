"""Merged values → the section `routing`: Services, rules and shares of each router."""

from __future__ import annotations

from typing import Any

import pytest
from starter import DEFAULTS, merge

from generator.strategies.routing import routing

PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'grpc': {'containerPort': 9000, 'servicePort': 9001, 'appProtocol': 'kubernetes.io/h2c'},
}
ROUTERS = ('gateway-api', 'istio', 'nginx')
TRACK = {'enabled': True, 'weight': 0, 'replicas': 0, 'headers': {}, 'mirror': 0, 'workload': {}}
Values = dict[str, Any]


def values(router: str, *more: Values) -> Values:
    found = merge(DEFAULTS, {'ports': PORTS, 'route': {'type': router}, 'grpcRoute': {'type': router}})
    for each in more:
        found = merge(found, each)
    return found


def canary(weight: int, **more: Any) -> Values:
    """A canary by commits at one of its steps."""
    tracks = {'stable': {**TRACK, 'weight': 100 - weight}, 'canary': {**TRACK, 'weight': weight, **more}}
    return {'strategy': {'type': 'canary'}, 'tracks': tracks}


def rule(path: str, kind: str = 'PathPrefix', **more: Any) -> Values:
    return {'path': path, 'type': kind, 'port': 'http', **more}


def rules(**named: Values) -> Values:
    return {'route': {'rules': {'main': {'enabled': False}, **named}}}


@pytest.mark.parametrize('router', ROUTERS)
def test_a_step_of_a_canary_changes_weights_alone(router: str) -> None:
    """For reviewers: the share stands in `tracks` once, not in each rule. An Ingress has it in an annotation."""
    before, after = (routing(values(router, canary(weight))) for weight in (5, 25))
    if router == 'nginx':
        shares = [found['ingresses'][1]['annotations'] for found in (before, after)]
        assert [share.pop('nginx.ingress.kubernetes.io/canary-weight') for share in shares] == ['5', '25']
    assert before == after
    assert before['route']


def test_rules_of_a_gateway_stand_in_the_order_of_their_names() -> None:
    found = routing(values('gateway-api', rules(b=rule('/b', rewrite='/'), a=rule('/a', 'Exact'))))
    target = [{'suffix': '', 'port': 80, 'weight': 1}]
    path = {'type': 'ReplacePrefixMatch', 'replacePrefixMatch': '/'}
    assert found['route'] == [
        {'matches': [{'path': {'type': 'Exact', 'value': '/a'}}], 'backendRefs': target},
        {
            'matches': [{'path': {'type': 'PathPrefix', 'value': '/b'}}],
            'filters': [{'type': 'URLRewrite', 'urlRewrite': {'path': path}}],
            'backendRefs': target,
        },
    ]


def test_the_first_rule_of_istio_is_the_most_exact() -> None:
    named = {'a': rule('/'), 'b': rule('/long/'), 'c': rule('/x', 'Exact'), 'd': rule('/long/er'), 'e': rule('/other')}
    found = routing(values('istio', rules(**named)))['route']
    assert [each['name'] for each in found] == ['c', 'd', 'b', 'e', 'a']
    assert [each['match'] for each in found if each['name'] in 'abc'] == [
        [{'uri': {'exact': '/x'}}],
        [{'uri': {'exact': '/long'}}, {'uri': {'prefix': '/long/'}}],
        [{'uri': {'prefix': '/'}}],
    ]


@pytest.mark.parametrize(
    ('router', 'match', 'where'), [('gateway-api', 'matches', 'backendRefs'), ('istio', 'match', 'route')]
)
def test_requests_with_the_canarys_headers_and_copies_reach_the_canary(router: str, match: str, where: str) -> None:
    found = routing(values(router, canary(25, headers={'X-B': 'yes', 'X-A': '1'}, mirror=20)))
    for key, port in (('route', 80), ('grpcRoute', 9001)):
        named, others = found[key]
        [alone] = named[where]
        assert (alone['suffix'], alone['port'], 'track' in alone) == ('-canary', port, False)
        assert 'mirror' not in named
        assert [(each['suffix'], each['track']) for each in others[where]] == [
            ('-stable', 'stable'), ('-canary', 'canary'),
        ]  # fmt: skip
        assert others['mirror'] == {'suffix': '-canary', 'port': port, 'percent': 20}
        [first] = named[match]
        names = [each['name'] for each in first['headers']] if router == 'gateway-api' else [*first['headers']]
        assert names == (['X-A', 'X-B'] if router == 'gateway-api' else ['x-a', 'x-b'])
        assert all('headers' not in each for each in others.get(match, ()))


def test_nginx_has_an_ingress_of_its_own_for_the_canary() -> None:
    methods = {'a': {'service': 'a.B', 'method': 'C'}, 'b': {'service': 'a.D'}}
    found = routing(values('nginx', canary(25, headers={'X-A': '1'}), {'grpcRoute': {'methods': methods}}))
    assert [(each['suffix'], each['service']) for each in found['ingresses']] == [
        ('', '-stable'),
        ('-canary', '-canary'),
    ]
    prefix = 'nginx.ingress.kubernetes.io/canary'
    assert found['ingresses'][1]['annotations'] == {
        prefix: 'true', f'{prefix}-weight': '25', f'{prefix}-weight-total': '100',
        f'{prefix}-by-header': 'X-A', f'{prefix}-by-header-value': '1',
    }  # fmt: skip
    assert found['route'] == [{'path': '/', 'pathType': 'Prefix', 'port': 80}]
    assert [(each['path'], each['pathType']) for each in found['grpcRoute']] == [
        ('/a.B/C', 'Exact'), ('/a.D', 'Prefix'),
    ]  # fmt: skip


def test_services_beside_the_first_one_follow_the_strategy() -> None:
    def services(*more: Values) -> list[tuple[str, str]]:
        return [(each['suffix'], each['track']) for each in routing(values('gateway-api', *more))['services']]

    blue_green = {'strategy': {'type': 'blueGreen'}}
    slots = {'stable': {**TRACK, 'enabled': False}, 'blue': TRACK, 'green': {**TRACK, 'weight': 100}}
    argo = {'type': 'canary', 'engine': 'argo-rollouts', 'rollout': {'canary': {'canaryService': 'web-canary'}}}
    assert services() == [('', '')]
    assert services(canary(5)) == [('', 'stable'), ('-canary', 'canary'), ('-stable', 'stable')]
    assert services(canary(100))[0] == ('', 'canary')
    assert services(blue_green, {'tracks': slots}) == [('', 'green'), ('-preview', 'blue')]
    assert services({'strategy': argo}) == [('', ''), ('-canary', '')]
    assert services({'strategy': {'type': 'canary', 'engine': 'flagger'}}) == [('', '')]


@pytest.mark.parametrize('router', ROUTERS)
def test_a_rule_whose_port_is_not_in_the_service_is_left_out(router: str) -> None:
    found = routing(values(router, rules(a=rule('/a', port='none')), {'grpcRoute': {'port': 'none'}}))
    assert (found['route'], found['grpcRoute']) == ([], [])
