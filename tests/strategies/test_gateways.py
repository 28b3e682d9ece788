"""Every feature of a route × every Gateway API controller: what is enforced passes, the rest is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s

from generator.domain.choices import CONTROLLERS, Controller
from generator.domain.problems import Problem, ProblemsFound
from generator.strategies.gateways import GATEWAY_FEATURES, GatewayFeature, enforcing, gateway_refusal

IDENTITY = {
    'issuer': 'https://idp.example', 'jwksUri': 'https://idp.example/jwks', 'clientID': 'shop', 'clientSecret': 'idp',
}  # fmt: skip
# What a model says to ask for a feature, and no more than it must.
MODELS: dict[GatewayFeature, dict[str, Any]] = {
    'auth.jwt': {'route': {'auth': 'jwt'}},
    'auth.oidc': {'route': {'auth': 'oidc'}},
    'grpc': {'route': {'grpc': {}}, 'ports': s.PORTS},
    'mirror': {'route': {}, **s.canary([{'mirror': 20, **s.TEN}, *s.WEIGHTS])},
    'rewrite': {'route': {'rules': {'api': {'path': '/api', 'rewrite': '/'}}}},
    'timeout': {'route': {}, 'traffic': {'timeout': '2s'}},
}
# Where it is said that a feature is wanted, or what carries the traffic.
PLACES: dict[GatewayFeature, tuple[str, str]] = {
    'auth.jwt': ('registry/environments/prod.yaml', '$.spec.gateway'),
    'auth.oidc': ('registry/environments/prod.yaml', '$.spec.gateway'),
    'grpc': ('registry/models/grpc.yaml', '$.spec.route.grpc.hostname'),
    'mirror': ('registry/models/mirror.yaml', '$.spec.strategy.canary'),
    'rewrite': ('registry/models/rewrite.yaml', '$.spec.route.rules.api.rewrite'),
    'timeout': ('registry/models/timeout.yaml', '$.spec.traffic.timeout'),
}


def problems(folder: Path, controller: dict[str, str], **environment: Any) -> list[Problem]:
    """Of a release of each model, with a gateway that a controller runs."""
    gateway = {**r.GATEWAY, 'gateway': {'name': 'public', 'namespace': 'gateways', **controller}}
    files = r.settings() | r.environment('prod', **gateway, identity=IDENTITY, **environment)
    for feature, spec in MODELS.items():
        name = feature.replace('.', '-')
        files |= r.model(name, **spec) | r.release('prod', name, version='1', chart='1.0.0')
    try:
        assert r.Repository(folder / 'repository', files).run().releases
    except ProblemsFound as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize('controller', CONTROLLERS)
def test_what_a_controller_does_not_enforce_is_refused(tmp_path: Path, controller: Controller) -> None:
    found = problems(tmp_path, {'controller': controller})
    refused = {f: refusal for f in GATEWAY_FEATURES if (refusal := gateway_refusal(f, controller))}
    wanted = {(*PLACES[feature], refusal.reason, refusal.instead) for feature, refusal in refused.items()}
    assert {(each.file, each.path, each.message.partition(' (')[0], each.hint) for each in found} == wanted
    assert len(found) == len(refused)


def test_what_must_not_be_lost_requires_a_name(tmp_path: Path) -> None:
    found = problems(tmp_path, {})
    assert sorted((each.file, each.path) for each in found) == sorted(
        PLACES[feature] for feature in ('auth.jwt', 'auth.oidc', 'mirror')
    )
    assert all('does not name the controller of its gateway' in each.message for each in found)


def test_an_environment_may_do_without_time_limits(tmp_path: Path) -> None:
    """As the hint says: the limit may follow from an SLO, and be nobody's to remove from the model."""
    before = problems(tmp_path / 'before', {'controller': 'traefik'})
    after = problems(tmp_path / 'after', {'controller': 'traefik'}, values={'route': {'timeout': ''}})
    gone = {*before} - {*after}
    assert {(each.file, each.path) for each in gone} == {PLACES['timeout']}


def test_every_feature_is_enforced_by_somebody_and_not_by_all() -> None:
    assert all(0 < len(enforcing(feature)) < len(CONTROLLERS) for feature in GATEWAY_FEATURES)
