"""A rewritten draft: the plan, the commit, JSON and --dry-run name the releases that stand on it."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, published_at
from parts import git
from pruned import grown

VERSIONS = [r.version('1'), r.version('2')]
FILES = {
    **r.settings(),
    **r.model(versions=VERSIONS[:1]),
    **r.model('api'),
    **r.following('dev'),
    **r.environment('old'),
    **r.environment('prod'),
    **r.release('dev', 'web'),
    **r.release('dev', 'api'),
    **r.release('old', 'web', version='1', chart='1.0.0'),
    **r.release('prod', 'web', version='1', chart='1.0.0'),
}
REASON = 'its chart 1.1.0 changes (a draft of this branch)'
BOTH = [{'release': name, 'reason': REASON} for name in ('dev/web', 'prod/web')]


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    """A branch with chart 1.1.0, which main does not have; prod is pinned to it, dev follows, old stays on 1.0.0."""
    here = published_at(origin, tmp_path / 'here', files=FILES)
    here.git('switch', '--quiet', '--create', 'work')
    here.write({**r.model(versions=VERSIONS), **r.release('prod', 'web', version='2')})
    assert told(here, 'pin', 'prod/web')['releases'][0]['reason'] == 'chart 1.0.0 → 1.1.0, model version 1 → 2'
    here.git('push', '--quiet', 'origin', 'work')
    return here


def told(here: Checkout, *arguments: str) -> dict[str, Any]:
    done = chartloom(here.folder, *arguments, '--output', 'json')
    assert (done.returncode, done.stderr) == (0, '')
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def rewrite(here: Checkout, **spec: Any) -> None:
    here.write(r.model(versions=VERSIONS, **(spec or {'replicas': 4})))


def releases_of(message: str) -> list[str]:
    """The changed releases in the body of a commit."""
    lines = message.partition('Changed releases:\n')[2].split('\n\n')[0].splitlines()
    return [line.removeprefix('* ') for line in lines]


def test_a_plan_names_who_stands_on_a_rewritten_draft(here: Checkout) -> None:
    rewrite(here)
    answer = told(here, 'plan')
    assert answer['releases'] == BOTH
    assert answer['changedDrafts'] == ['web 1.1.0']
    assert not any(change['path'].startswith(('values/', 'delivery/')) for change in answer['changes'])
    assert told(here, 'plan', 'web')['releases'] == BOTH
    assert told(here, 'plan', 'api')['releases'] == []
    lines = chartloom(here.folder, 'plan').stdout.splitlines()
    assert lines[:4] == [
        'WHAT           NAME       WHY',
        'changed draft  web 1.1.0',
        f'release        dev/web    {REASON}',
        f'release        prod/web   {REASON}',
    ]


def test_a_draft_whose_chart_yaml_changes_is_named_in_the_same_way(here: Checkout) -> None:
    rewrite(here, description='Other words')
    answer = told(here, 'plan')
    assert {'kind': 'update', 'path': 'charts/web/1.1.0/Chart.yaml'} in answer['changes']
    assert (answer['changedDrafts'], answer['releases']) == (['web 1.1.0'], BOTH)


@pytest.mark.parametrize('written', [False, True])
def test_a_commit_names_them(here: Checkout, written: bool) -> None:
    rewrite(here)
    if written:  # the work tree has the files already; the commit is compared with HEAD
        assert told(here, 'generate')['releases'] == BOTH
    dry = told(here, 'generate', '--commit', '--dry-run')
    assert (dry['releases'], dry['commit']) == (BOTH, '')
    done = chartloom(here.folder, 'generate', '--commit')
    assert 'changed drafts: web 1.1.0\nreleases: dev/web, prod/web\n' in done.stdout
    assert f'prod/web: {REASON}\n' in done.stdout
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith('Generate web: 1 draft, 2 releases\n\nChanged drafts:\n* web 1.1.0\n\n')
    assert releases_of(message) == [f'dev/web: {REASON}', f'prod/web: {REASON}']
    assert told(here, 'generate', '--commit')['releases'] == []


def test_an_operation_names_those_that_do_not_move(here: Checkout) -> None:
    """The pin of `old` moves to the draft, which the same commit rewrites; prod stands on it already."""
    rewrite(here)
    moves = {'release': 'old/web', 'reason': 'chart 1.0.0 → 1.1.0, model version 1 → 2'}
    expected = [BOTH[0], moves, BOTH[1]]
    assert told(here, 'pin', 'old/web', '--newest', '--dry-run')['releases'] == expected
    assert told(here, 'pin', 'old/web', '--newest')['releases'] == expected
    assert releases_of(here.git('log', '-1', '--format=%B')) == [f'{e["release"]}: {e["reason"]}' for e in expected]


def test_without_a_checkout_they_are_named_too(here: Checkout, origin: Path, tmp_path: Path) -> None:
    rewrite(here)
    here.git('commit', '--quiet', '--all', '--message', 'registry')
    here.git('push', '--quiet', 'origin', 'work')
    remote = ('--repo', str(origin), '--branch', 'work')
    assert told(here, 'generate', *remote, '--dry-run')['releases'] == BOTH
    assert told(here, 'generate', *remote)['releases'] == BOTH
    assert releases_of(git(origin, 'log', '-1', '--format=%B', 'work')) == [
        f'dev/web: {REASON}',
        f'prod/web: {REASON}',
    ]


def test_other_values_do_not_hide_the_chart(here: Checkout) -> None:
    rewrite(here)
    here.write(r.release('prod', 'web', version='2', chart='1.1.0', values={'replicaCount': 7}))
    here.write(r.release('old', 'web', version='1', chart='1.0.0', values={'replicaCount': 7}))
    values = {'release': 'old/web', 'reason': 'replicaCount not set → 7'}
    assert told(here, 'plan')['releases'] == [BOTH[0], values, BOTH[1]]


def test_a_published_chart_has_no_reader_that_changes(here: Checkout) -> None:
    """On the published branch the same edit makes a new chart, and only who follows moves."""
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', 'work')
    here.git('push', '--quiet', 'origin', 'main')
    rewrite(here)
    answer = told(here, 'plan')
    assert (answer['newCharts'], answer['changedDrafts']) == (['web 1.1.1'], [])
    assert answer['releases'] == [{'release': 'dev/web', 'reason': 'chart 1.1.0 → 1.1.1, model version 2'}]


def test_both_ends_of_a_rollout_are_read(origin: Path, tmp_path: Path) -> None:
    """A draft that a rollout leads to is what the new pods run, although no pin names it."""
    strategy = {'canary': {'steps': [{'weight': 20}]}}
    model = {'strategy': strategy, 'route': {}}
    files = {
        **r.settings(),
        **r.model(versions=VERSIONS[:1], **model),
        **r.environment('prod', **r.GATEWAY),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }
    here = published_at(origin, tmp_path / 'here', files=files)
    here.git('switch', '--quiet', '--create', 'work')
    here.write(r.model(versions=VERSIONS, **model))
    told(here, 'generate', '--commit')
    told(here, 'rollout', 'start', 'prod/web')
    here.write(r.model(versions=VERSIONS, **model, description='Other words'))
    assert told(here, 'plan')['releases'] == [{'release': 'prod/web', 'reason': REASON}]


def test_a_restored_chart_is_a_change_of_its_releases(tmp_path: Path) -> None:
    here = grown(tmp_path)
    standing = reasons(told(here, 'plan')['releases'])
    here.remove('charts/web/1.0.3/values.yaml')
    answer = told(here, 'plan')
    assert (standing, answer['restoredCharts']) == ([], ['web 1.0.3'])
    assert set(reasons(answer['releases'])) == {'its chart 1.0.3 is restored as published'}


def reasons(releases: Collection[dict[str, str]]) -> list[str]:
    return [each['reason'] for each in releases]
