"""`chartloom prune`: the charts that are removed and those that stay, what is refused, and the output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, published
from parts import git
from pruned import FILES, LEDGER, charts, grown, marks, prune, serves

from generator.domain.problems import ProblemsFound
from generator.operations.prune import pruned_charts

CANARY = {'canary': {'steps': [{'weight': 50}]}}
ROUTED = {
    **FILES,
    **r.model('web', replicas=1, route={}),
    **r.environment('prod', **r.GATEWAY),
    **r.release('prod', 'web', version='1', chart='1.0.0', strategy=CANARY),
}
GONE = ['charts/web/1.0.0', 'charts/web/1.0.1', 'charts/web/1.0.2']


def test_one_commit_without_the_old_charts(tmp_path: Path) -> None:
    here = grown(tmp_path)
    before, parent = here.tree(), here.head()
    outcome = prune(here, commit=True)
    assert pruned_charts(outcome.plan) == GONE
    assert here.git('rev-parse', 'HEAD~1') == parent
    assert here.status() == []
    kept = {path for path in before if not path.startswith(tuple(f'{folder}/' for folder in GONE))}
    now = here.tree()
    assert now.keys() == kept
    assert {path for path in kept if now[path] != before[path]} == {LEDGER}
    # Of the entries nothing changes but the mark.
    lines = [line for line in now[LEDGER].splitlines() if line != b'    pruned: true']
    assert lines[2:] == before[LEDGER].splitlines()[2:]
    assert here.git('log', '-1', '--format=%B').splitlines() == [
        'Prune web: 3 charts', '', 'Removed:', '* web 1.0.0', '* web 1.0.1', '* web 1.0.2', '',
        'Chartloom-Operation: prune',
    ]  # fmt: skip
    assert not prune(here, commit=True).changed
    assert chartloom(here.folder, 'verify', '--base', 'HEAD~1').returncode == 0


def test_what_releases_and_rollouts_need_stays(tmp_path: Path) -> None:
    here = published(tmp_path, ROUTED)
    for replicas in (2, 3, 4):
        here.write(r.model('web', replicas=replicas, route={}))
        here.commit()
    done = chartloom(here.folder, 'rollout', 'start', 'prod/web', '--chart', '1.0.2')
    assert done.returncode == 0, done.stderr
    assert pruned_charts(prune(here, commit=True).plan) == ['charts/web/1.0.1']
    assert charts(here) == ['1.0.0', '1.0.2', '1.0.3']


def test_a_rollout_may_lead_back_to_a_pruned_chart(tmp_path: Path) -> None:
    here = published(tmp_path, ROUTED)
    before = here.tree()
    for replicas in (2, 3):
        here.write(r.model('web', replicas=replicas, route={}))
        here.commit()
    here.write(r.release('prod', 'web', version='1', chart='1.0.2', strategy=CANARY))
    here.commit()
    assert pruned_charts(prune(here, commit=True).plan) == ['charts/web/1.0.0', 'charts/web/1.0.1']
    done = chartloom(here.folder, 'rollout', 'start', 'prod/web', '--chart', '1.0.0')
    assert done.returncode == 0, done.stderr
    assert charts(here) == ['1.0.0', '1.0.2']
    folder = 'charts/web/1.0.0/'
    now = here.tree()
    assert {p: d for p, d in now.items() if p.startswith(folder)} == {
        p: d for p, d in before.items() if p.startswith(folder)
    }
    # Both charts have the same templates, so none has to go first.
    assert '\n  stage: "on"\n' in here.read('registry/rollouts/prod/web.yaml')


def test_models_limit_it_and_the_rest_stays(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    for replicas in (5, 6):
        here.write(r.model('web', replicas=replicas) | r.model('api', replicas=replicas))
        here.commit()
    outcome = prune(here, commit=True, models=('api',))
    assert pruned_charts(outcome.plan) == ['charts/api/1.0.1']  # prod stands on 1.0.0
    assert 'Chartloom-Operation: prune api' in here.git('log', '-1', '--format=%B')
    assert (charts(here), marks(here)) == (['1.0.0', '1.0.1', '1.0.2'], [])


def test_the_work_tree_alone_and_a_dry_run(tmp_path: Path) -> None:
    here = grown(tmp_path)
    before = here.everything()
    assert pruned_charts(prune(here, dry_run=True).plan) == GONE
    assert here.everything() == before
    outcome = prune(here)
    assert (pruned_charts(outcome.plan), outcome.commit, charts(here)) == (GONE, '', ['1.0.3'])
    assert not here.generate().changed
    assert here.commit().commit
    assert marks(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_push(origin: Path, tmp_path: Path) -> None:
    here = grown(tmp_path / 'here')
    here.git('remote', 'add', 'origin', str(origin))
    here.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    outcome = prune(here, commit=True, push=True)
    assert (outcome.pushed, git(origin, 'rev-parse', 'main')) == (True, outcome.commit)


def test_a_changed_registry_is_no_part_of_it(tmp_path: Path) -> None:
    here = grown(tmp_path)
    here.write(r.model('api', description='Other words'))
    with pytest.raises(ProblemsFound) as error:
        prune(here, commit=True)
    (found,) = error.value.problems
    assert (found.file, found.message) == ('registry/models/api.yaml', 'changed, and not part of this operation')
    assert len(charts(here)) == 4


def test_an_edited_chart_is_not_removed(tmp_path: Path) -> None:
    here = grown(tmp_path)
    here.append('charts/web/1.0.1/values.yaml', '# mine\n')
    with pytest.raises(ProblemsFound, match='edited by hand'):
        prune(here, commit=True)
    assert len(charts(here)) == 4


def test_a_folder_that_git_holds_otherwise_than_the_ledger_says_is_not_removed(tmp_path: Path) -> None:
    """With another mode the tree is another one, and the ledger's could not be brought back."""
    here = grown(tmp_path)
    (here.folder / 'charts/web/1.0.1/values.yaml').chmod(0o755)
    here.git('commit', '--quiet', '--all', '--message', 'Mode')
    with pytest.raises(ProblemsFound) as error:
        prune(here, commit=True)
    (found,) = error.value.problems
    assert found.file == 'charts/web/1.0.1'
    assert found.message.startswith('expected the tree sha1:')
    assert len(charts(here)) == 4


def as_json(here: Checkout, *arguments: str) -> dict[str, Any]:
    done = chartloom(here.folder, 'prune', '--output', 'json', *arguments)
    assert (done.returncode, done.stderr) == (0, '')
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_words_and_json(tmp_path: Path) -> None:
    here = grown(tmp_path)
    done = chartloom(here.folder, 'prune', '--dry-run')
    assert done.stdout.splitlines()[0] == 'to remove: web 1.0.0, web 1.0.1, web 1.0.2'
    answer = as_json(here, '--dry-run')
    assert (answer['pruned'], answer['dryRun'], answer['commit']) == (GONE, True, '')
    done = chartloom(here.folder, 'prune')
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == 'removed: web 1.0.0, web 1.0.1, web 1.0.2'
    assert f'commit {here.head()[:12]} on main\n' in done.stdout
    answer = as_json(here)
    assert (answer['pruned'], answer['changed'], answer['commit']) == ([], False, '')
    assert chartloom(here.folder, 'prune').stdout == 'nothing to prune\n'


@pytest.mark.parametrize(('keep', 'count'), [(1, 3), (2, 2), (4, 0)])
def test_settings_say_how_many_stay(tmp_path: Path, keep: int, count: int) -> None:
    here = grown(tmp_path)
    here.write(r.settings(charts={'keep': keep}))
    assert len(pruned_charts(prune(here, dry_run=True).plan)) == count


@pytest.mark.parametrize('keep', [0, -1, 'many', 1.5])
def test_at_least_one_stays(tmp_path: Path, keep: object) -> None:
    here = published(tmp_path, FILES)
    here.write(r.settings(charts={'keep': keep}))
    [found] = here.refused()
    assert found.startswith('registry/settings.yaml: ')


@pytest.mark.parametrize(
    'options', [('--filter=blob:none',), ('--filter=tree:0',), ('--depth=1',), ('--sparse',)], ids=' '.join
)
def test_in_clones_of_every_kind(origin: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    first = grown(tmp_path / 'first')
    first.git('push', '--quiet', str(origin), 'main')
    here = clone(serves(origin), tmp_path / 'here', *options)
    if '--sparse' in options:
        here.git('sparse-checkout', 'set', 'registry')
    assert pruned_charts(prune(here, commit=True, push=True).plan) == GONE
    assert here.status() == []
    prune(first, commit=True)
    assert git(origin, 'rev-parse', 'main^{tree}') == first.git('rev-parse', 'HEAD^{tree}')
