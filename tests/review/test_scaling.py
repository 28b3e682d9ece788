"""Rules about what no chart of ours has: budgets that block a drain, selectors that change, and rewritten drafts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import registries as r

from generator.compare.difference import Difference, between
from generator.compare.objects import Identity
from generator.pipeline.run import open_run
from generator.review.records import Side, Touched
from generator.review.report import report
from generator.review.scaling import blocks_drain
from generator.tools.git.opening import open_repository


@pytest.mark.parametrize(
    ('budget', 'pods', 'blocks'),
    [
        ({'minAvailable': 4}, 4, True),
        ({'minAvailable': 3}, 4, False),
        ({'minAvailable': '100%'}, 4, True),
        ({'minAvailable': '75%'}, 4, False),
        ({'minAvailable': '90%'}, 4, True),  # 3.6 of 4 pods are 4
        ({'minAvailable': 1}, 1, True),
        ({'minAvailable': 1}, 0, False),
        ({'maxUnavailable': 0}, 4, True),
        ({'maxUnavailable': '0%'}, 4, True),
        ({'maxUnavailable': '10%'}, 4, False),  # 0.4 pods are 1
        ({'maxUnavailable': 1}, 1, False),
        ({}, 4, False),
    ],
)
def test_budgets_that_block_a_drain(budget: dict[str, Any], pods: int, *, blocks: bool) -> None:
    assert blocks_drain(budget, pods) is blocks


@pytest.fixture(scope='module')
def side(tmp_path_factory: pytest.TempPathFactory) -> Side:
    """A release with four pods."""
    files = {**r.settings(), **r.model('web', replicas=4), **r.following('prod'), **r.release('prod', 'web')}
    made = r.Repository(tmp_path_factory.mktemp('scaling') / 'made', files)
    run = open_run(open_repository(made.folder))
    return Side(run.releases[0], run.registry.models['web'])


def differing(kind: str, old: Any, new: Any) -> list[Difference]:
    key = Identity(kind, 'web')
    return between({key: {'kind': kind, 'spec': old}}, {key: {'kind': kind, 'spec': new}})


@pytest.mark.parametrize(
    ('kind', 'old', 'new', 'rules'),
    [
        ('PodDisruptionBudget', {'minAvailable': 2}, {'minAvailable': 4}, {'disruption'}),
        ('PodDisruptionBudget', {'maxUnavailable': 1}, {'maxUnavailable': 0}, {'disruption'}),
        ('PodDisruptionBudget', {'maxUnavailable': 1}, {'minAvailable': '100%'}, {'disruption'}),
        ('PodDisruptionBudget', {'maxUnavailable': 1}, {'maxUnavailable': 2}, set()),
        (
            'PodDisruptionBudget', {'unhealthyPodEvictionPolicy': 'AlwaysAllow'},
            {'unhealthyPodEvictionPolicy': 'IfHealthyBudget'}, {'disruption'},
        ),
        ('Deployment', {'selector': {'a': 'b'}}, {'selector': {'a': 'c'}}, {'immutable-field'}),
        ('Deployment', {'replicas': 4}, {'replicas': 3}, set()),
    ],
)  # fmt: skip
def test_objects_of_others(side: Side, kind: str, old: Any, new: Any, rules: set[str]) -> None:
    touched = Touched('prod/web', side, side, tuple(differing(kind, old, new)))
    assert {risk.rule.id for risk in report('', '', [touched]).risks} - {'restart'} == rules


def test_a_draft_is_rewritten_under_its_pin(side: Side) -> None:
    resolved = side.resolved
    release = replace(resolved.release, spec={'version': '1', 'chart': resolved.chart.version})
    sides = [
        replace(side, resolved=replace(resolved, release=release, chart=replace(resolved.chart, values=values)))
        for values in (resolved.chart.values, {**resolved.chart.values, 'replicaCount': 5})
    ]
    assert {risk.rule.id for risk in report('', '', [Touched('prod/web', *sides)]).risks} == {'draft-rewritten'}
