"""Paths of an application's host that a request takes from a member: they go to another one, or to nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import published
from review_runs import judged

from generator.pipeline.review import review_since
from generator.pipeline.run import open_run
from generator.tools.helm.binary import find_helm

API, WEB = {'model': 'api', 'path': '/'}, {'model': 'web', 'path': '/web'}
DEEP = {'model': 'web', 'path': '/v1/answers', 'rewrite': '/web'}
PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'},
}  # fmt: skip
CALLS = {'model': 'api', 'grpcService': 'a.B'}
CALL = {**CALLS, 'grpcMethod': 'C'}


def files(routes: dict[str, Any], **prod: Any) -> r.Files:
    models = {**r.model('api', ports=PORTS), **r.model('web', ports=PORTS), **r.model('late', ports=PORTS)}
    pins = [r.release('prod', name, version='1', chart='1.0.0') for name in ('api', 'web')]
    shop = r.application('shop', ['api', 'web', 'late'], routes=routes)
    return {**r.settings(), **models, **r.environment(**r.GATEWAY, **prod), **pins[0], **pins[1], **shop}


def told(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], **prod: Any) -> list[str]:
    made = published(tmp_path, files(before, **prod))
    made.write(files(after, **prod))
    found = judged(made, made.head())
    assert not found.problems
    return [f'{risk.rule.id} {risk.evidence}' for risk in found.risks]


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_all_paths_go_to_another_member(tmp_path: Path, agent: str) -> None:
    after = {'api': {**API, 'path': '/unused'}, 'web': WEB, 'all': {**WEB, 'path': '/'}}
    assert told(tmp_path, {'api': API, 'web': WEB}, after, agent=agent) == [
        'route-taken host shop.shop.example /: api → web',
        'route-wider release prod/web route: /web and below → / and below, port http',
    ]


def test_the_only_path_of_a_member_leads_nowhere(tmp_path: Path) -> None:
    after = {'api': {**API, 'path': '/nothing'}, 'web': WEB}
    assert told(tmp_path, {'api': API, 'web': WEB}, after) == ['route-lost host shop.shop.example /: api → nobody']


def test_what_a_member_loses_falls_to_one_that_does_not_differ(tmp_path: Path) -> None:
    before = {'api': API, 'web': WEB, 'deep': DEEP}
    assert told(tmp_path, before, {'api': API, 'web': WEB}) == [
        'route-taken host shop.shop.example /v1/answers: web → api'
    ]


def test_a_longer_path_takes_requests_of_one_that_does_not_differ(tmp_path: Path) -> None:
    """It reaches nothing new: it is rewritten to what the model is asked for anyway."""
    after = {'api': API, 'web': WEB, 'deep': DEEP}
    assert told(tmp_path, {'api': API, 'web': WEB}, after) == [
        'route-taken host shop.shop.example /v1/answers: api → web'
    ]


def test_all_calls_of_a_service(tmp_path: Path) -> None:
    assert told(tmp_path, {'api': CALL}, {'api': CALLS}) == [
        'route-wider release prod/api grpcRoute: /a.B/C → /a.B and below, port grpc'
    ]


def test_a_call_less(tmp_path: Path) -> None:
    after = {'api': {**CALL, 'grpcMethod': 'D'}}
    found = told(tmp_path, {'api': CALL, 'more': {**CALL, 'grpcMethod': 'D'}}, after)
    assert found == ['route-lost host shop-grpc.shop.example /a.B/C: api → nobody']


def test_a_route_that_goes_as_a_whole_is_told_once(tmp_path: Path) -> None:
    found = told(tmp_path, {'api': API, 'web': WEB}, {'api': API})
    taken = 'route-taken host shop.shop.example /web: web → api'
    assert [each for each in found if each.startswith('route-')] == [taken]
    assert [each for each in found if each.startswith('object-removed')] == [
        'object-removed HTTPRoute web: there → removed'
    ]


def test_the_same_routes_by_other_names(tmp_path: Path) -> None:
    before = {'api': API, 'web': WEB, 'deep': DEEP}
    assert told(tmp_path, before, {'z': API, 'y': WEB, 'x': DEEP}) == []


def test_its_place_is_the_application(tmp_path: Path) -> None:
    made = published(tmp_path, files({'api': API, 'web': WEB}))
    made.write(files({'api': {**API, 'path': '/nothing'}, 'web': WEB}))
    found = review_since(open_run(made.repository(), base=made.head()), made.head(), find_helm(os.environ), 1)
    (risk,) = found.report.risks
    assert found.where(risk, 'prod/api').file == 'registry/applications/shop.yaml'
