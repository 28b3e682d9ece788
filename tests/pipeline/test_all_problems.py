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
