"""What a request takes from whoever answers for the environments, in the commit that uses it: a run warns."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, chartloom, new

from generator.pipeline.run import open_run

ARGO = {**r.GATEWAY, 'engine': 'argo-rollouts'}
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'approval': True}]}}
NONE = {'canary': {'steps': [{'weight': 99}]}}
VERSIONS = [r.version('1'), r.version('2')]
LOSES = (
    'goes to chart 1.1.0 with a strategy that loses'
    ' steps (2 → 1), a small first step (20 → 99 %), time of holds (600 → 0 s) and 1 more'
)
OLD, NEXT = {'version': '1', 'chart': '1.0.0'}, {'version': '2', 'chart': '1.1.0'}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A request to a repository with one release, whose strategy is the model's."""
    found = new(
        tmp_path / 'repository',
        {
            **r.settings(),
            **r.model(versions=VERSIONS, route={}, strategy=CANARY),
            **r.environment('prod', **ARGO),
            **r.release('prod', 'web', **OLD),
        },
    )
    assert found.commit().commit
    found.git('switch', '--quiet', '--create', 'request')
    return found


def warned(checkout: Checkout, about: str) -> list[str]:
    """The places of warnings that contain a text."""
    found = open_run(checkout.repository(), base='main').warnings
    return [f'{each.file}::{each.path}' for each in found if about in each.message]


@pytest.mark.parametrize('pins', [NEXT, {'version': '2', 'chart': '1.1.0', 'engine': 'native'}])
def test_a_release_that_loses_its_steps_in_the_request_that_needs_them(
    checkout: Checkout, pins: dict[str, str]
) -> None:
    checkout.write(r.release('prod', 'web', **pins))
    assert warned(checkout, 'strategy that loses') == []
    checkout.write(r.release('prod', 'web', **pins, strategy=NONE))
    assert warned(checkout, LOSES) == ['registry/releases/prod/web.yaml::$.spec.strategy']


def test_an_environment_and_a_chart_lose_them(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', **NEXT) | r.environment('prod', **ARGO, strategy={'rolling': {}}))
    assert warned(checkout, 'a strategy that loses all of canary') == [
        'registry/environments/prod.yaml::$.spec.strategy'
    ]
    checkout.write(r.model(versions=[*VERSIONS, r.version('3')], route={}, strategy=NONE))
    checkout.write(r.environment('prod', **ARGO) | r.release('prod', 'web', version='3', chart='1.2.0'))
    assert warned(checkout, LOSES.replace('1.1.0', '1.2.0')) == ['registry/releases/prod/web.yaml::$.spec.chart']


def test_a_strategy_that_changes_alone_is_seen_in_its_file(checkout: Checkout) -> None:
    checkout.write(r.release('prod', 'web', **OLD, strategy=NONE))
    assert warned(checkout, 'strategy that loses') == []


def test_a_rollout_that_begins_with_less(checkout: Checkout) -> None:
    checkout.write(r.environment('prod', **r.GATEWAY))
    checkout.commit()
    checkout.git('switch', '--quiet', 'main')
    checkout.git('merge', '--quiet', 'request')
    checkout.git('switch', '--quiet', 'request')
    checkout.write(r.release('prod', 'web', **OLD, strategy=NONE))
    checkout.commit()
    started = chartloom(checkout.folder, 'rollout', 'start', 'prod/web', '--version', '2')
    assert started.returncode == 0, started.stderr
    assert warned(checkout, LOSES) == ['registry/releases/prod/web.yaml::$.spec.strategy']


def test_agents_that_would_follow_something_else(checkout: Checkout) -> None:
    url = 'https://git.example/evil/repository.git'
    checkout.write(
        r.settings(repository={'url': url, 'branch': 'evil'}, charts={'registry': 'oci://evil.example/charts'})
    )
    place = 'registry/settings.yaml::$.spec.'
    assert warned(checkout, "agents would follow branch 'evil', not 'main'") == [f'{place}repository.branch']
    assert warned(checkout, f"agents would follow repository '{url}', not '") == [f'{place}repository.url']
    there = "charts would come from 'oci://evil.example/charts', not 'this repository'"
    assert warned(checkout, there) == [f'{place}charts.registry']
    # A branch that is behind changes none.
    checkout.git('stash', '--quiet')
    checkout.git('switch', '--quiet', 'main')
    checkout.write(r.settings(repository={'url': url}))
    checkout.commit()
    checkout.git('switch', '--quiet', 'request')
    assert warned(checkout, 'would') == []


def test_charts_without_folders_are_known_too(checkout: Checkout) -> None:
    """With charts in a registry, git has a folder for the newest only."""
    checkout.git('switch', '--quiet', 'main')
    checkout.write(r.settings(charts={'registry': 'oci://registry.example/charts', 'source': 'oci'}))
    assert checkout.commit().commit
    for version in ('1.0.0', '1.1.0'):  # as `prune` does, once the registry has them
        checkout.git('rm', '-r', '--quiet', f'charts/web/{version}')
    checkout.git('commit', '--quiet', '--message', 'Published')
    assert not checkout.commit().changed
    checkout.git('switch', '--quiet', '--force-create', 'request')
    checkout.write(r.model(versions=[*VERSIONS, r.version('3')], route={}, strategy=NONE))
    checkout.write(r.release('prod', 'web', version='3', chart='1.2.0'))
    assert warned(checkout, LOSES.replace('1.1.0', '1.2.0')) == ['registry/releases/prod/web.yaml::$.spec.chart']
