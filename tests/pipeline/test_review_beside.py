"""What a review says beside the releases of a change: the accelerators of all of them, and grants of environments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, published
from review_runs import judged

from generator.pipeline.review import review
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.tools.helm.binary import find_helm

PODS = {'limits': {'nvidia.com/gpu': '1'}}
FROZEN = {'from': 'Fri 16:00', 'to': 'Mon 08:00', 'reason': 'nobody is there'}
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '1h'}]}}


def files(web: dict[str, Any], capacity: int = 8, **prod: Any) -> r.Files:
    """Two models in one environment: api has three pods, each of which has a GPU."""
    return {
        **r.settings(), **r.model('web', replicas=4, resources=PODS), **r.model('api', replicas=3, resources=PODS),
        **r.environment('prod', capacity={'accelerators': {'nvidia.com/gpu': capacity}}, **prod),
        **r.release('prod', 'web', version='1', chart='1.0.0', **web),
        **r.release('prod', 'api', version='1', chart='1.0.0'),
    }  # fmt: skip


def said(made: Checkout, rule: str) -> list[str]:
    return [risk.evidence.new for risk in judged(made, made.head()).risks if risk.rule.id == rule]


@pytest.mark.parametrize(
    ('web', 'expected'),
    [
        ({'values': {'replicaCount': 5}}, 'the releases need 9 nvidia.com/gpu, the capacity is 8: '),
        ({'values': {'resources': {'limits': {'nvidia.com/gpu': '2'}}}}, 'the releases need 13 '),
        ({'values': {'strategy': {'rolling': {'maxSurge': 1, 'maxUnavailable': 1}}}}, ''),
        ({'values': {'replicaCount': 3}}, ''),
        ({'engine': 'native', 'strategy': CANARY}, 'the releases need 12 '),
    ],
)
def test_accelerators_of_all_releases_count(tmp_path: Path, web: dict[str, Any], expected: str) -> None:
    """A review of one model reads the others only for this."""
    gateway = r.GATEWAY
    route = {'route': {}}
    before = {**files({}, **gateway), **r.model('web', replicas=4, resources=PODS, **route)}
    made = published(tmp_path, before)
    made.write({**files(web, **gateway), **r.model('web', replicas=4, resources=PODS, **route)})
    found = said(made, 'capacity')
    assert len(found) == bool(expected)
    assert all(each.startswith(expected) for each in found)


def test_what_was_too_much_before_is_not_told(tmp_path: Path) -> None:
    """A registry that is refused cannot be published, so this is about a change that is not refused by itself."""
    made = published(tmp_path, files({}))
    made.write(files({'values': {'replicaCount': 4, 'revisionHistoryLimit': 3}}))
    assert said(made, 'capacity') == []


def test_other_members_of_an_application_are_those_of_the_same_revision(tmp_path: Path) -> None:
    """Here HEAD has another environment for one of them."""
    made = published(tmp_path, {**files({}), **r.application('shop', ['web', 'api'])})
    first = made.head()
    made.write(r.release('prod', 'web', version='1', chart='1.0.0', values={'replicaCount': 2}))
    second = made.commit().commit
    made.write({**r.environment('late'), **r.release('late', 'api', version='1', chart='1.0.0')})
    made.commit()
    repository = made.repository()
    runs = [Run(open_revision(repository, each, repository.refs()), first) for each in (first, second)]
    found = review(runs[0], runs[1], find_helm(os.environ), 1)
    assert [risk.rule.id for risk in found.risks] == ['pods-halved']


@pytest.mark.parametrize(
    ('capacity', 'expected'),
    [
        (80, "'prod' says that there are more accelerators: nvidia.com/gpu: 8 → 80"),
        (None, "'prod' says that there are more accelerators: nvidia.com/gpu: 8 → not counted"),
    ],
)
def test_room_that_a_change_makes_itself(tmp_path: Path, capacity: int | None, expected: str) -> None:
    """What it needs is judged by the published number."""
    made = published(tmp_path, files({}))
    made.write(files({'values': {'replicaCount': 30}}, capacity or 0))
    if capacity is None:
        made.write(r.environment('prod'))
    risks = {risk.rule.id: risk.evidence.new for risk in judged(made, made.head()).risks}
    assert risks['wider-grant'] == expected
    assert risks['capacity'].startswith('the releases need 34 nvidia.com/gpu, the capacity is 8: ')


def test_room_alone(tmp_path: Path) -> None:
    made = published(tmp_path, files({}))
    made.write(files({}, 80))
    assert [len(said(made, each)) for each in ('wider-grant', 'capacity')] == [1, 0]


@pytest.mark.parametrize(
    ('before', 'after', 'expected'),
    [
        ({}, {'hostnames': {'a.example': {'model': 'web'}}}, ["'prod' gives 'a.example' to model web"]),
        (
            {'hostnames': {'a.example': {'model': 'web'}}}, {'hostnames': {'a.example': {'model': 'api'}}},
            ["'prod' takes 'a.example' from model web and gives it to model api"],
        ),
        ({'hostnames': {'a.example': {'model': 'web'}}}, {}, []),
        (
            {'promotion': {'metrics': {'wer': '<= 0.1'}}}, {'promotion': {'metrics': {'wer': '<= 0.2'}}},
            ["'prod' wants less of a metric: <= 0.1 → <= 0.2"],
        ),
        ({'promotion': {'metrics': {'wer': '<= 0.1'}}}, {'promotion': {'metrics': {'wer': '<= 0.05'}}}, []),
        (
            {'promotion': {'frozen': [FROZEN]}},
            {}, ["'prod' has 1 frozen time less, or others"],
        ),
    ],
)  # fmt: skip
def test_grants(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    made = published(tmp_path, files({}, **before))
    made.write(files({}, **after))
    assert said(made, 'wider-grant') == expected


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
@pytest.mark.parametrize(
    ('before', 'after', 'expected'),
    [
        ({'createNamespace': True}, {'createNamespace': False}, {'Namespace ml-prod goes'}),
        ({}, {'createNamespace': True}, {'Namespace ml-prod comes'}),
        ({}, {'permits': ['KEDA']}, set[str]()),  # a wider grant
        ({}, {'lock': {'reason': 'a sale', 'by': 'ops'}}, set[str]()),
    ],
)
def test_what_the_platform_applies(
    tmp_path: Path, agent: str, before: dict[str, Any], after: dict[str, Any], expected: set[str]
) -> None:
    made = published(tmp_path, files({}, agent=agent, **before))
    made.write(files({}, agent=agent, **after))
    found = said(made, 'bootstrap')
    assert {each.removeprefix('bootstrap/prod.yaml changes: ') for each in found} == expected


def test_a_root_application_of_another_cluster(tmp_path: Path) -> None:
    made = published(tmp_path, files({}))
    made.write(files({}, agentCluster='other'))
    (found,) = said(made, 'bootstrap')
    assert 'Application chartloom-prod spec.destination.name in-cluster → other' in found


def test_another_branch_is_told_of_each_environment(tmp_path: Path) -> None:
    made = published(tmp_path, {**files({}), **r.environment('late')})
    made.write(r.settings(repository={'url': 'https://elsewhere.example/ml.git'}))
    found = said(made, 'bootstrap')
    assert [each.partition(' ')[0] for each in found] == ['bootstrap/late.yaml', 'bootstrap/prod.yaml']
    assert all('https://git.example/ml.git → https://elsewhere.example/ml.git' in each for each in found)
