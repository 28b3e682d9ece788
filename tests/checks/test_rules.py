"""The table of rules: each has a name for programs, and runs on what is in scope of a command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import registries as r
from gitops import chartloom
from resolved import loaded

from generator.checks.rules import RULES
from generator.checks.scope import Scope
from generator.checks.stores import shared_stores
from generator.domain.problems import ProblemsFound


def collision() -> r.Files:
    files = r.settings() | r.following('prod', **r.GATEWAY, capacity={'accelerators': {'nvidia.com/gpu': 1}})
    for name in ('evil', 'pay', 'other'):
        need = {'resources': {'accelerators': {'nvidia.com/gpu': 1}}} if name == 'other' else {}
        files |= r.model(name, route={'hostname': 'other' if name == 'other' else 'pay'}, **need)
        files |= r.release('prod', name)
    return files


def test_a_rule_has_a_name_of_its_own_and_a_reason() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r'[a-z]+(-[a-z]+)*', rule.id)
        assert rule.why
        assert not rule.why.endswith('.')


def test_programs_read_which_rule_is_broken(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'repository', collision())
    done = chartloom(repository.folder, 'plan', '--output', 'json')
    assert {problem.get('rule') for problem in json.loads(done.stdout)['problems']} == {'owned-hosts', 'capacity'}
    assert 'owned-hosts' not in chartloom(repository.folder, 'plan').stderr


@pytest.mark.parametrize(
    ('models', 'broken'),
    [
        ((), {'owned-hosts', 'capacity'}),
        (('evil', 'pay'), {'owned-hosts'}),
        (('evil', 'other'), set()),
        (('other',), set()),  # what the others need is not known here
    ],
)
def test_a_command_checks_the_models_that_it_touches(tmp_path: Path, models: tuple[str, ...], broken: set[str]) -> None:
    repository = r.Repository(tmp_path / 'repository', collision())
    run, found = repository.run(models), set()
    try:
        assert run.releases
    except ProblemsFound as error:
        found = {problem.rule for problem in error.problems}
    assert found == broken


@pytest.mark.parametrize(
    ('one', 'other', 'told'),
    [
        ({}, {}, True),
        ({}, {'path': 'ml/prod'}, True),
        ({'path': 'ml'}, {'path': 'ml/prod'}, True),
        ({'path': 'ML/prod/dev'}, {'path': 'ml/prod'}, True),
        ({'path': 'ml/prod'}, {'path': 'ml/prod'}, True),
        ({'path': 'ml/prod-dev'}, {'path': 'ml/prod'}, False),
        ({'path': 'ml/dev'}, {'path': 'ml/prod'}, False),
        ({'path': 'ml', 'kind': 'SecretStore'}, {'path': 'ml'}, False),
        ({'path': 'ml', 'name': 'other'}, {'path': 'ml'}, False),
    ],
)
def test_environments_share_no_part_of_a_store(one: r.Document, other: r.Document, told: bool) -> None:
    files = r.settings() | r.environment('dev', secretStore={'name': 'vault', **one})
    files |= r.environment('prod', secretStore={'name': 'vault', **other})
    assert bool([*shared_stores(Scope(loaded(files)))]) is told


def test_environments_of_one_stage_may_share_a_path() -> None:
    store = {'secretStore': {'name': 'vault', 'path': 'ml/prod'}, 'promotesFrom': ['dev']}
    files = r.settings() | r.environment('dev') | r.environment('prod-eu', **store) | r.environment('prod-us', **store)
    assert [*shared_stores(Scope(loaded(files)))] == []
    files |= r.environment('prod-us', **{**store, 'promotesFrom': ['prod-eu']})
    assert len([*shared_stores(Scope(loaded(files)))]) == 1
