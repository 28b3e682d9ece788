"""Which chart folders may go: none that a release, a rollout or an environment needs, nor the newest of a model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pruned import entry

from generator.charts.prune import choose_pruned, kept, marked, named_charts, needed, pruned
from generator.charts.starter import load_templates
from generator.domain.generated import LedgerEntry
from generator.domain.records import Model, ModelVersion, Registry, Release, Rollout
from generator.domain.settings import Settings
from generator.domain.strategy import Rolling


def ledger(count: int, *gone: int) -> tuple[LedgerEntry, ...]:
    """Charts 1.0.0, 1.0.1, …, of one model version."""
    return tuple(entry(f'1.0.{number}', pruned=number in gone) for number in range(count))


def model(*versions: str) -> Model:
    return Model('web', 'registry/models/web.yaml', {}, tuple(ModelVersion(v, 'image', {}) for v in versions))


def numbers(versions: Any) -> list[int]:
    return sorted(int(version.rpartition('.')[2]) for version in versions)


@pytest.mark.parametrize(('keep', 'gone'), [(0, []), (1, [0, 1, 2, 3]), (2, [0, 1, 2]), (4, [0]), (5, []), (9, [])])
def test_the_newest_stay(keep: int, gone: list[int]) -> None:
    assert numbers(choose_pruned(model('1'), ledger(5), (), (), keep)) == gone


def test_what_is_named_stays_and_comes_back() -> None:
    assert numbers(choose_pruned(model('1'), ledger(5), (), ('1.0.1',), 1)) == [0, 2, 3]
    assert numbers(choose_pruned(model('1'), ledger(5, 0, 1, 2), (), ('1.0.1',))) == [0, 2]


def test_what_environments_follow_stays() -> None:
    """The newest chart of the newest model version need not be the last one of the ledger."""
    entries = (entry('1.0.0', '1'), entry('1.0.1', '2'), entry('1.0.2', '2'), entry('1.0.3', '1'), entry('1.0.4', '1'))
    assert needed(model('1', '2'), entries, ()) == {'1.0.2'}
    assert numbers(choose_pruned(model('1', '2'), entries, (), (), 1)) == [0, 1, 3]
    assert numbers(choose_pruned(model('2', '1'), entries, (), (), 1)) == [0, 1, 2, 3]


def test_what_was_pruned_stays_pruned_and_the_current_ledger_has_the_last_word() -> None:
    assert numbers(choose_pruned(model('1'), ledger(4, 0, 1), (), ())) == [0, 1]
    assert numbers(choose_pruned(model('1'), ledger(4), ledger(4, 0, 1), ())) == [0, 1]
    assert numbers(choose_pruned(model('1'), ledger(4, 0, 1), ledger(4, 0), ())) == [0]
    # A draft is nothing that git could bring back.
    assert numbers(choose_pruned(model('1'), ledger(3), ledger(5, 3), (), 1)) == [0, 1]


def test_a_ledger_is_marked_with_exactly_these() -> None:
    before = ledger(4, 0, 1)
    after = marked(before, ('1.0.1', '1.0.2'))
    assert pruned(after) == {'1.0.1', '1.0.2'}
    assert after[1] is before[1]
    assert after[3] is before[3]
    assert marked(after, pruned(before)) == before


def test_releases_and_both_ends_of_rollouts_name_charts() -> None:
    releases = {
        name: Release(*name.split('/'), f'registry/releases/{name}.yaml', spec)
        for name, spec in {'prod/web': {'chart': '1.0.2'}, 'dev/web': {}, 'prod/api': {'chart': '2.0.0'}}.items()
    }
    spec = {'from': {'version': '1', 'chart': '1.0.2'}, 'to': {'version': '2', 'chart': '1.0.4'}}
    rollouts = {'prod/web': Rollout('prod', 'web', 'registry/rollouts/prod/web.yaml', spec, Rolling({}))}
    settings = Settings('registry/settings.yaml', {})
    registry = Registry(settings, {}, {}, releases, {}, {}, frozenset(), frozenset(), rollouts=rollouts)
    assert named_charts(registry) == {'web': {'1.0.2', '1.0.4'}, 'api': {'2.0.0'}}


def test_ten_are_kept_where_settings_say_nothing() -> None:
    schema = json.loads(load_templates().schemas['settings.json'])
    assert schema['properties']['spec']['properties']['charts']['properties']['keep']['default'] == 10
    assert kept(Settings('', {})) == 10
    assert kept(Settings('', {'charts': {'home': 'https://x.example'}})) == 10
    assert kept(Settings('', {'charts': {'keep': 3}})) == 3
