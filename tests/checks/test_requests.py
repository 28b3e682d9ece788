"""Routes of one application's members: which of them may stand beside each other, router by router."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import registries as r
from charting import make_charts
from resolved import loaded
from resolved import problems as problems_of

from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts
from generator.checks.registry import registry_problems
from generator.checks.releases import shared_problems
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.registry.load import RegistrySchemas, load_registry
from generator.releases.resolve import resolve_releases

TEMPLATES = load_templates()
GATEWAY = {'gateway': {'name': 'public', 'namespace': 'gateways'}, 'domain': 'shop.example'}
Routes = dict[str, dict[str, Any]]


MODELS = {
    name: r.model(name, 'triton', [r.version(artifact={**r.ARTIFACT, 'kind': 'model-repository'})]) for name in 'ab'
}


@cache
def chart(name: str) -> ModelCharts:
    """The chart of a model, which is the same in all tests."""
    found = registry(r.settings() | MODELS[name])
    return make_charts(found.models[name], found.settings, TEMPLATES)


def registry(files: r.Files) -> Registry:
    return load_registry(files, files.__getitem__, RegistrySchemas(TEMPLATES.schemas))


def found_in(files: r.Files) -> list[Problem]:
    found = registry(files | MODELS['a'] | MODELS['b'])

    def nothing_else(model: str, entry: Any) -> Any:
        raise AssertionError('nothing is published')

    charts = {name: chart(name) for name in MODELS}
    return shared_problems(resolve_releases(found, charts, nothing_else, found.releases.values()), found)


def problems(router: str, one: Routes, two: Routes, **more: Any) -> list[Problem]:
    """The problems of two releases of one application."""
    files = r.settings() | r.following('prod', router=router, **GATEWAY, **more)
    files |= r.release('prod', 'a') | r.release('prod', 'b')
    found = {
        f'{name}-{key}': {'model': name, **route}
        for name, routes in (('a', one), ('b', two))
        for key, route in routes.items()
    }
    return found_in(files | r.application('app', ['a', 'b'], hostname='api', routes=found))


def paths(*found: str) -> Routes:
    return {f'r{index}': {'path': path} for index, path in enumerate(found)}


def calls(*found: tuple[str, str]) -> Routes:
    return {
        f'r{index}': {'grpcService': service, **({'grpcMethod': method} if method else {})}
        for index, (service, method) in enumerate(found)
    }


OVERLAPS = {
    'all and a path': (paths('/'), paths('/v1'), "'prod/a' serves path '/'", "overlaps path '/v1'"),
    'the other way round': (paths('/v1'), paths('/'), "'prod/b' serves path '/'", "overlaps path '/v1'"),
    'a path below': (paths('/v1/a/b'), paths('/x', '/v1/'), "'prod/b' serves path '/v1/'", "overlaps path '/v1/a/b'"),
    'a service and its method': (
        calls(('p.Q', '')), calls(('p.Q', 'Do')),
        "'prod/a' serves gRPC service 'p.Q'", "overlaps gRPC service 'p.Q' and method 'Do'",
    ),
}  # fmt: skip


@pytest.mark.parametrize('case', OVERLAPS)
def test_istio_refuses_rules_that_overlap(case: str) -> None:
    """Istio merges VirtualServices of one host in the order of their creation, and the first match wins."""
    one, two, served, overlapped = OVERLAPS[case]
    (problem,) = problems('istio', one, two)
    assert served in problem.message
    assert overlapped in problem.message
    assert "use router 'gateway-api'" in problem.hint


@pytest.mark.parametrize('case', OVERLAPS)
def test_the_most_exact_match_wins_with_the_gateway_api(case: str) -> None:
    one, two, *_ = OVERLAPS[case]
    assert problems('gateway-api', one, two) == []
    assert problems('nginx', one, two) == []


@pytest.mark.parametrize(
    ('one', 'two'),
    [
        (paths('/v1', '/v3/x'), paths('/v2', '/v3/y')),
        (paths('/v1'), paths('/v1a', '/v10/v1')),
        (paths('/v1', '/v1/deeper'), paths('/v2', '/v2/deeper')),
        (calls(('p.Q', '')), calls(('p.QQ', 'Do'))),
        (calls(('p.Q', 'Do')), calls(('p.Q', 'Undo'))),
    ],
)
def test_rules_that_do_not_overlap_may_share_a_host_name(one: Routes, two: Routes) -> None:
    for router in ('istio', 'gateway-api', 'nginx'):
        assert problems(router, one, two) == []


@pytest.mark.parametrize('engine', ['native', 'argo-rollouts', 'flagger'])
def test_every_engine_has_virtual_services_that_istio_merges(engine: str) -> None:
    assert len(problems('istio', paths('/'), paths('/v1'), engine=engine)) == 1


def test_the_same_rule_is_one_problem_and_not_two() -> None:
    for router in ('istio', 'gateway-api', 'nginx'):
        (problem,) = problems(router, paths('/v1'), paths('/v1/'))
        assert 'already serves' in problem.message
    (problem,) = problems('istio', calls(('p.Q', 'Do')), calls(('p.Q', 'Do')))
    assert "already serves gRPC service 'p.Q' and method 'Do'" in problem.message


# What values may say beyond the routes of an application: exact paths, methods of any service.
def with_values(route: str, one: dict[str, Any], two: dict[str, Any]) -> list[Problem]:
    files = r.settings() | r.following('prod', router='istio', **GATEWAY)
    opened = {'route': {'path': '/opened'}, 'grpcRoute': {'grpcService': 'opened'}}[route]
    routes = {name: {'model': name, **opened} for name in 'ab'}
    files |= r.application('app', ['a', 'b'], hostname='api', routes=routes)
    entries = {'route': 'rules', 'grpcRoute': 'methods'}[route]
    for name, values in (('a', one), ('b', two)):
        own = {entries: {name: {'enabled': False}, **values.get(entries, {})}}
        files |= r.release('prod', name, values={route: {**values, **own}})
    return found_in(files)


def rule(path: str, kind: str = 'PathPrefix') -> dict[str, Any]:
    return {'path': path, 'type': kind, 'port': 'http'}


SAME = {
    'an exact path and its prefix': (rule('/v1', 'Exact'), rule('/v1'), 1),
    'an exact path below': (rule('/v1/x', 'Exact'), rule('/v1'), 1),
    'two exact paths': (rule('/v1', 'Exact'), rule('/v1/x', 'Exact'), 0),
    'a path below an exact one': (rule('/v1', 'Exact'), rule('/v1/x'), 0),
}


@pytest.mark.parametrize('case', SAME)
def test_an_exact_path_covers_itself_only(case: str) -> None:
    one, two, count = SAME[case]
    off = {name: {'enabled': False} for name in chart('a').charts['1.0.0'].values['route']['rules']}
    found = with_values('route', *({'rules': {**off, 'own': each}} for each in (one, two)))
    assert len(found) == count


@pytest.mark.parametrize(
    ('one', 'two', 'said'),
    [
        ({'service': 'p.Q'}, {'method': 'Do'}, "'prod/b' serves gRPC method 'Do'"),
        ({'method': 'Do'}, {'service': 'p.Q', 'method': 'Do'}, "'prod/a' serves gRPC method 'Do'"),
        ({'method': 'Do'}, {'service': 'p.Q', 'method': 'Undo'}, ''),
        ({'method': 'Do'}, {'method': 'Undo'}, ''),
    ],
)
def test_methods_of_any_service_overlap(one: dict[str, Any], two: dict[str, Any], said: str) -> None:
    found = with_values('grpcRoute', *({'port': 'grpc', 'methods': {'own': each}} for each in (one, two)))
    assert len(found) == bool(said)
    assert said in ''.join(problem.message for problem in found)


def test_a_route_without_methods_serves_all() -> None:
    (problem,) = with_values('grpcRoute', {'port': 'grpc'}, {'port': 'grpc', 'methods': {'own': {'method': 'Do'}}})
    assert "'prod/a' serves all gRPC services" in problem.message


# --- what a file of a member may say of the routes that its application gives it -------------------------------------

ROUTES = {'a': {'model': 'a', 'path': '/a'}, 'victim': {'model': 'b', 'path': '/victim'}}
CALLS = {'a': {'model': 'a', 'grpcService': 'p.A'}, 'victim': {'model': 'b', 'grpcService': 'p.B'}}
OWN = {'route': {'rules': {'main': {'path': '/victim/v1/predict', 'type': 'Exact'}}}}
STEALS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    'a rule of the model, which null enables': (OWN, {'route': {'rules': {'main': {'enabled': None}}}}),
    'a rule of the model': (OWN, {}),
    'null of what disables the own rule': ({}, {'route': {'rules': {'main': {'enabled': None}}}}),
    'null of the rule': ({}, {'route': {'rules': {'main': None}}}),
    'null of the rule of the application': ({}, {'route': {'rules': {'a': None}}}),
    'null of its path': ({}, {'route': {'rules': {'a': {'path': None}}}}),
    'null of all rules': ({}, {'route': {'rules': None}}),
    'null in the model': ({'route': {'rules': {'main': {'enabled': None}}}}, {}),
    'a rule of the release': ({}, OWN),
    'a method': ({}, {'grpcRoute': {'methods': {'all': {'method': 'Do'}}}}),
    'null of the method': ({}, {'grpcRoute': {'methods': {'a': None}}}),
    'null of all methods': ({}, {'grpcRoute': {'methods': None}}),
    'null of all methods in the model': ({'grpcRoute': {'methods': None}}, {}),
}


@pytest.mark.parametrize('case', STEALS)
def test_a_member_neither_writes_nor_removes_routes(case: str) -> None:
    model, release = STEALS[case]
    files = r.settings() | r.following('prod', router='gateway-api', **GATEWAY)
    files |= r.model('a', values=model) if model else r.model('a')
    files |= r.model('b') | r.release('prod', 'a', values=release) | r.release('prod', 'b')
    files |= r.application('app', ['a', 'b'], routes=ROUTES | {f'{name}-grpc': call for name, call in CALLS.items()})
    found = [p for p in registry_problems(loaded(files), TEMPLATES) if 'routes of this model' in p.message]
    assert found, case
    for problem in found:
        assert problem.file in ('registry/models/a.yaml', 'registry/releases/prod/a.yaml')
        assert "are those of application 'app'" in problem.message
        assert problem.hint == 'write them into registry/applications/app.yaml'


@pytest.mark.parametrize('router', ['istio', 'gateway-api', 'nginx'])
@pytest.mark.parametrize('taken', [rule('/victim/v1/predict', 'Exact'), rule('/victim/v1'), rule('/victim', 'Exact')])
def test_no_rule_beside_those_of_the_application_is_within_them(router: str, taken: dict[str, Any]) -> None:
    """Whoever wrote it: what is delivered is compared, too."""
    files = r.settings() | r.following('prod', router=router, **GATEWAY) | r.application('app', 'ab', routes=ROUTES)
    files |= r.release('prod', 'b') | r.release('prod', 'a', values={'route': {'rules': {'mine': taken}}})
    (problem,) = found_in(files)
    assert problem.file == 'registry/releases/prod/a.yaml'
    assert "release 'prod/b' serves path '/victim'" in problem.message


def test_a_wider_rule_beside_those_of_the_application_is_told_where_it_is() -> None:
    files = r.settings() | r.following('prod', router='nginx', **GATEWAY)
    files |= r.application('app', 'ab', routes=ROUTES) | r.release('prod', 'b')
    files |= r.release('prod', 'a', values={'route': {'rules': {'mine': rule('/')}}})
    (problem,) = found_in(files)
    assert problem.file == 'registry/releases/prod/a.yaml'


@pytest.mark.parametrize('rules', [None, {'main': None}, {'main': {'enabled': False}}])
def test_a_route_without_rules_is_refused(rules: Any) -> None:
    files = r.settings() | r.following('prod', router='gateway-api', **GATEWAY) | r.model('own', route={})
    found = problems_of(files | r.release('prod', 'own', values={'route': {'rules': rules}}))
    assert any('a route without rules receives all requests' in problem for problem in found), found


GRPC = {'methods': {'infer': {'service': 'inference.Server', 'method': 'Infer'}}}


@pytest.mark.parametrize('methods', [None, {'infer': None}, {'infer': {'enabled': False}}])
@pytest.mark.parametrize('router', ['gateway-api', 'istio', 'nginx'])
def test_a_route_does_not_lose_all_methods_of_its_chart(methods: Any, router: str) -> None:
    """It would receive all calls, also those that load and unload models."""
    files = r.settings() | r.following('prod', router=router, **GATEWAY)
    files |= r.model('own', 'triton', route={'grpc': GRPC})
    assert not problems_of(files | r.release('prod', 'own'))
    (problem,) = problems_of(files | r.release('prod', 'own', values={'grpcRoute': {'methods': methods}}))
    assert "without any of 'infer' the route receives all calls" in problem
    assert problem.startswith('registry/releases/prod/own.yaml::$.spec.values.grpcRoute.methods')


def test_a_member_in_another_environment_takes_no_part_of_the_requests() -> None:
    cluster = {'name': 'shop', 'server': 'https://kubernetes.default.svc'}
    files = r.settings() | r.release('prod', 'a') | r.release('dev', 'b')
    files |= r.application('app', 'ab', routes={'a': {'model': 'a', 'path': '/'}, 'b': {'model': 'b', 'path': '/b'}})
    for name in ('prod', 'dev'):
        files |= r.following(name, router='gateway-api', cluster=cluster, **GATEWAY)
    (problem,) = found_in(files)
    assert "serves path '/' on host name 'app.shop.example', which overlaps path '/b'" in problem.message
