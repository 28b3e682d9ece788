"""All problems of a run are reported at once, whichever step finds them."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, Checkout, new

NAMES = ('web', 'api')


def told(checkout: Checkout) -> set[str]:
    return {problem.partition(': ')[0] for problem in checkout.refused()}


FAULTS = {
    'registry/applications/shop.yaml': r.application('shop', ['web', 'nobody']),
    'registry/models/fourth.yaml': r.model('fourth', values={'replicaCount': 'many'}),
    'registry/models/third.yaml': r.model('third', values={'test': {'port': 'nothing'}}),
    'registry/releases/prod/web.yaml': r.release('prod', 'web', values={'replicaCuont': 3}),
    'registry/releases/pinned/api.yaml': {**r.environment('pinned'), **r.release('pinned', 'api')},
    'registry/environments/broken.yaml': {'registry/environments/broken.yaml': b'a: [\n'},
}


@pytest.mark.parametrize('without', [None, *FAULTS])
def test_every_file_with_a_problem_is_named(tmp_path: Path, without: str | None) -> None:
    files = {**SMALL}
    for fault in FAULTS.values() if without is None else (f for name, f in FAULTS.items() if name != without):
        files |= fault
    assert told(new(tmp_path, files)) == {*FAULTS} - {without}


def test_what_follows_from_a_problem_is_none(tmp_path: Path) -> None:
    """Releases of a model or in an environment that cannot be read are not looked at."""
    files = {**SMALL, 'registry/models/web.yaml': b'a: [\n', **r.following('dev'), **r.release('dev', 'web')}
    assert told(new(tmp_path / 'model', files)) == {'registry/models/web.yaml'}
    files = {**SMALL, 'registry/environments/prod.yaml': b'a: [\n'}
    assert told(new(tmp_path / 'environment', files)) == {'registry/environments/prod.yaml'}


SHIFT = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}], 'checks': {'successRate': '>= 99%'}}}


@pytest.mark.parametrize('text', [b'a: [\n# web', b'a: [\n# w\\x65b'])
def test_routes_of_an_invalid_application_are_unknown(tmp_path: Path, text: bytes) -> None:
    """Without its routes, a member would have none, and the engine would refuse its canary."""
    assert told(new(tmp_path, routed_canary(text))) == {'registry/applications/shop.yaml'}


def test_routes_of_an_application_with_an_unknown_member_are_known(tmp_path: Path) -> None:
    routes = {'web': {'model': 'web', 'path': '/'}}
    files = routed_canary(
        shop=r.application('shop', ['web', 'nobody'], routes=routes)['registry/applications/shop.yaml']
    )
    assert told(new(tmp_path, files)) == {'registry/applications/shop.yaml'}


def routed_canary(shop: bytes) -> r.Files:
    """A canary by Flagger, which requires a route; only application shop has one."""
    files = r.settings() | r.model('web', strategy={'canary': {'steps': [{'weight': 20}]}})
    files |= r.following('prod', engine='flagger', **r.GATEWAY) | r.release('prod', 'web')
    return {**files, 'registry/applications/shop.yaml': shop}


def test_what_an_environment_lacks_is_one_problem(tmp_path: Path) -> None:
    """The address of Prometheus is missing once, however many releases have checks."""
    models = [f'm{number:02}' for number in range(12)]
    files = r.settings() | r.following('prod', engine='argo-rollouts', **r.GATEWAY)
    for name in models:
        files |= r.model(name, runtime='triton', route={}, strategy=SHIFT) | r.release('prod', name)
    problems = new(tmp_path, files).refused()
    assert len(problems) == 2
    assert all('; releases: prod/m00, prod/m01, prod/m02 and 9 more' in problem for problem in problems)
