"""A run in shards, each in its own process, gives the same files and problems as a run in one process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from gitops import SMALL
from pruned import pin, pruned
from registries import Repository, application, environment, example, following, model, release

from generator.checks.releases import outline, shared_problems
from generator.domain.problems import ProblemsFound
from generator.pipeline import shards
from generator.pipeline.run import Run, open_run
from generator.tools.forks import in_processes

CLUSTER = {'name': 'prod', 'server': 'https://prod.example.com'}


@pytest.fixture
def in_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, 'FEWEST', 1)
    monkeypatch.setattr(shards, 'cores', lambda: 3)


def runs(folder: Path, files: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Run]:
    """A run by one process, and one that may take three."""
    repository = Repository(folder / 'repository', files)
    alone = repository.run()
    monkeypatch.setattr(shards, 'cores', lambda: 1)
    _ = alone.files, alone.desired_ids
    monkeypatch.setattr(shards, 'cores', lambda: 3)
    return alone, repository.run(shards=True)


@pytest.mark.parametrize(
    'files', [example(), {**SMALL, **application('shop', ['web', 'api'])}], ids=['example', 'small']
)
@pytest.mark.usefixtures('in_shards')
def test_shards_make_what_one_process_makes(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, together = runs(tmp_path, files, monkeypatch)
    assert together.files == alone.files
    assert together.desired_ids == alone.desired_ids
    assert together.base == alone.base
    assert together.registry == alone.registry
    assert together._in_shards is not None


@pytest.mark.usefixtures('in_shards')
def test_what_is_published_stays_where_it_was_made(tmp_path: Path) -> None:
    repository = Repository(tmp_path / 'repository', SMALL)
    repository.publish()
    again = repository.run(shards=True)
    assert not [path for path in again.files if path.startswith(('charts/', 'values/'))]
    assert not again.plan().changes
    assert again._in_shards is not None
    before = repository.tree()
    for path in [path for path in before if path.startswith(('charts/', 'values/'))]:
        (repository.folder / path).unlink()
    repository.generate(discard=True)
    assert repository.tree() == before


@pytest.mark.parametrize(
    'files',
    [
        {**SMALL, **application('shop', ['web', 'wbe'])},
        {**SMALL, **application('shop', ['wbe', 'ipa'])},
        {**SMALL, **release('prod', 'wbe')},
        {**SMALL, **release('porducton', 'web')},
        {**SMALL, **model('web', runtime='tritn')},
        {**SMALL, 'registry/models/Web.yaml': b'a: 1\n'},
        {**SMALL, 'registry/settings.yaml': b'a: 1\n'},
        {**SMALL, **following('other', cluster=CLUSTER, namespace='ml-prod')},
        {**SMALL, **following('prod', promotesFrom=['staging']), **environment('staging', promotesFrom=['prod'])},
    ],
)  # fmt: skip
@pytest.mark.usefixtures('in_shards')
def test_shards_tell_what_one_process_tells(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / 'repository', files)
    told = []
    for count in (1, 3):
        monkeypatch.setattr(shards, 'cores', lambda count=count: count)
        with pytest.raises(ProblemsFound) as found:
            _ = repository.run(shards=True).files
        told.append(found.value.problems)
    assert told[0] == told[1]


@pytest.mark.usefixtures('in_shards')
def test_what_releases_share_is_looked_at_over_all_shards(tmp_path: Path) -> None:
    capacity = {'accelerators': {'nvidia.com/gpu': 2}}
    gpu = {'resources': {'limits': {'nvidia.com/gpu': '1'}}}
    files = {
        **SMALL, **following('prod', capacity=capacity), **model('web', values=gpu), **model('api', values=gpu),
    }  # fmt: skip
    repository = Repository(tmp_path / 'repository', files)
    with pytest.raises(ProblemsFound, match='the releases need') as found:
        _ = repository.run(shards=True).files
    assert len(found.value.problems) == 1


def test_the_outline_of_a_release_is_enough_to_see_problems(tmp_path: Path) -> None:
    run = Repository(tmp_path / 'repository', example()).run()
    assert shared_problems([outline(item) for item in run.releases], run.registry) == []
    twice = [*run.releases, *run.releases]
    assert shared_problems([outline(item) for item in twice], run.registry)


@pytest.mark.usefixtures('in_shards')
def test_a_lost_process_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, together = runs(tmp_path, SMALL, monkeypatch)
    here, make = os.getpid(), Run._make
    monkeypatch.setattr(Run, '_make', lambda *piece: make(*piece) if os.getpid() == here else os._exit(9))
    assert together.files == alone.files
    assert together._in_shards is None


def test_pieces_come_back_in_their_order() -> None:
    assert in_processes(lambda number: (number, os.getpid() == here), [1, 2, 3]) == [(1, True), (2, False), (3, False)]


here = os.getpid()


@pytest.mark.usefixtures('in_shards')
def test_charts_that_go_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pruned, pinned again, and taken by a revert: the same as in one process."""
    here, _ = pruned(tmp_path / 'here')
    here.write(model('web', replicas=7))
    assert here.commit().commit
    here.git('revert', '--no-edit', 'HEAD')
    pin(here, '1.0.1')
    plans = []
    for cores in (1, 3):
        monkeypatch.setattr(shards, 'cores', lambda cores=cores: cores)
        for prune in (False, True):
            run = open_run(here.repository(), prune=prune, shards=True)
            plans.append(run.plan())
            assert (run._in_shards is None) == (cores == 1)
    assert plans[:2] == plans[2:]
    paths = {change.path for change in plans[0].changes}
    assert {f'charts/web/{version}/Chart.yaml' for version in ('1.0.1', '1.0.4', '1.0.5')} <= paths
