"""A run is immutable data: it gives the same results in any order of calls."""

from __future__ import annotations

import itertools
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from gitops import SMALL, chartloom
from registries import Repository, environment, model, release, version

from generator.pipeline.published import chart_reader
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_source
from generator.tools.git.opening import open_repository

ANSWERS = ('registry', 'settings', 'prefix', 'base', 'charts', 'releases', 'files', 'desired_ids', 'warnings')
PINNED = {
    **SMALL, **model('web', versions=[version('1'), version('2')]), **environment('pinned'),
    **release('pinned', 'web', version='1', chart='1.0.0'),
}  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A release is pinned to a chart that no run makes again."""
    found = Repository(tmp_path / 'repository', PINNED)
    found.publish()
    return found


def test_answers_do_not_depend_on_the_order_of_questions(repository: Repository) -> None:
    expected = {name: getattr(repository.run(), name) for name in ANSWERS}
    for order in itertools.islice(itertools.permutations(ANSWERS), 0, None, 36_287):
        run = repository.run()
        assert {name: getattr(run, name) for name in order} == expected
    assert not repository.run().plan().changes


@pytest.mark.parametrize('name', [*ANSWERS, 'source', 'base_name', 'part', 'progress', 'anything'])
def test_nothing_is_set_from_outside(repository: Repository, name: str) -> None:
    run: Any = repository.run()
    assert run.source.tree.ids
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(run, name, getattr(run, name, None))
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(run.source, name, None)


def test_a_chart_is_intact_whether_or_not_it_was_read_ahead(repository: Repository) -> None:
    run = repository.run()
    entry = run.base.ledgers['web'][0]
    reading = (run.published_charts, run.charts)
    alone = chart_reader(*reading)('web', entry)
    ahead = chart_reader(*reading, [('web', entry)])('web', entry)
    assert alone == ahead
    assert (alone.version, alone.model_version) == ('1.0.0', '1')


def test_files_laid_over_a_source_leave_it_as_it_was(repository: Repository) -> None:
    source = open_source(open_repository(repository.folder))
    before = dict(source.tree.ids)
    changed = model('web', versions=[version('1'), version('2')], replicas=7)
    laid = source.with_files({**changed, 'registry/releases/prod/api.yaml': None})
    assert dict(source.tree.ids) == before
    assert not Run(source).plan().changes
    run = Run(laid)
    assert run.registry.models['web'].spec['replicas'] == 7
    assert 'prod/api' not in run.registry.releases
    assert laid.read('registry/models/web.yaml') == changed['registry/models/web.yaml']
    assert source.read('registry/models/web.yaml') != changed['registry/models/web.yaml']
    assert replace(run, source=source).registry == repository.run().registry


def test_a_run_without_a_work_tree_gives_the_same(repository: Repository) -> None:
    from generator.tools.git.opening import open_bare

    bare = open_run(open_bare(repository.folder / '.git', ''), ['web'])
    here = repository.run(['web'])
    one, other = ({name: getattr(run, name) for name in ANSWERS} for run in (bare, here))
    # It lists all of the registry, with the schemas there.
    listed = {path: blob for path, blob in one['base'].ids.items() if not path.startswith('registry/')}
    assert other == {**one, 'registry': other['registry'], 'base': replace(one['base'], ids=listed)}
    for name in (each.name for each in fields(other['registry'])):
        both = [getattr(answers['registry'], name) for answers in (one, other)]
        assert {*both[0]} == {*both[1]} if name.endswith('_names') else both[0] == both[1]


def test_a_command_that_starts_too_deep_is_told_where_the_registry_is(repository: Repository) -> None:
    done = chartloom(repository.folder / 'registry' / 'models', 'plan')
    assert done.returncode == 1
    assert done.stderr == (
        f"registry/settings.yaml: file not found\n  hint: run the command in '{repository.folder}', where the registry"
        ' is\n'
    )
