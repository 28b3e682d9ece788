"""`chartloom history`: who moved what, when and why, read from what each commit of the published branch changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s
from gitops import chartloom
from parts import git

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]


def repository(tmp_path: Path) -> r.Repository:
    """A release in na-gw-flux that was released with version 1, and one that follows the newest version."""
    files = r.settings() | r.model('web', 'tensorflow-serving', VERSIONS[:1], route={}, **s.canary())
    files |= s.environment('na-gw-flux') | r.following('dev', strategy={'rolling': {}}) | r.release('dev', 'web')
    made = r.Repository(tmp_path / 'repository', files | r.release('na-gw-flux', 'web', version='1', chart='1.0.0'))
    made.publish()
    return made


def history(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = chartloom(folder, 'history', 'web', *arguments, '--output', 'json')
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)['history']
    return found


def told(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (e['environment'], (e['from'] or {}).get('version'), (e['to'] or {}).get('version'), *e['marks'])
        for e in entries
    ]


def test_each_commit_is_told_by_what_it_changed(tmp_path: Path) -> None:
    made, pinned = repository(tmp_path), r.release('na-gw-flux', 'web', version='2', chart='1.1.0')
    made.write(r.model('web', 'tensorflow-serving', VERSIONS[:2], route={}, **s.canary()))
    made.publish()
    made.write(pinned)
    made.publish()
    assert chartloom(made.folder, 'rollback', 'web', '--env', 'na-gw-flux').returncode == 0
    values = r.release('na-gw-flux', 'web', version='1', chart='1.0.0', values={'replicaCount': 3})
    made.write(values)
    git(made.folder, 'commit', '--quiet', '--all', '--message', 'Three pods\n\nBy hand.')
    found = history(made.folder)
    assert told(found) == [
        ('na-gw-flux', '1', '1', '2 no longer withdrawn', 'values.replicaCount: nothing → 3'),
        ('na-gw-flux', '2', '1', 'rollback', '2 withdrawn: rolled back to 1 (chart 1.0.0)'),
        ('na-gw-flux', '1', '2'),
        ('dev', '1', '2'),
        ('dev', None, '1', 'released'),
        ('na-gw-flux', None, '1', 'released'),
    ]
    assert [entry['operations'] for entry in found[:3]] == [[], ['rollback na-gw-flux/web'], ['generate']]
    assert (found[0]['subject'], found[0]['author']) == ('Three pods', git(made.folder, 'log', '-1', '--format=%an'))
    assert found[0]['commit'] == git(made.folder, 'rev-parse', 'HEAD')
    assert told(history(made.folder, '--env', 'dev'))[0] == ('dev', '1', '2')
    assert told(history(made.folder, '--most', '2')) == told(found)[:2]


def test_text_names_the_move_the_author_and_the_operation(tmp_path: Path) -> None:
    made = repository(tmp_path)
    done = chartloom(made.folder, 'history', 'na-gw-flux/web', '--env', 'na-gw-flux')
    first, mark, commit, operation = done.stdout.splitlines()
    assert first.endswith('Z  na-gw-flux/web  nothing → 1 (chart 1.0.0)')
    assert (mark, operation) == ('  released', '  generate')
    assert commit.endswith(f'by {git(made.folder, "log", "-1", "--format=%an")}: Generate web: 1 chart, 2 releases')


def test_a_squashed_request_is_one_entry_and_names_its_operations(tmp_path: Path) -> None:
    made = repository(tmp_path)
    git(made.folder, 'switch', '--quiet', '--create', 'request')
    made.write(r.model('web', 'tensorflow-serving', VERSIONS[:2], route={}, **s.canary()))
    made.publish()
    done = chartloom(made.folder, 'rollout', 'start', 'na-gw-flux/web')
    assert done.returncode == 0, done.stderr
    assert told(history(made.folder)) == [('dev', None, '1', 'released'), ('na-gw-flux', None, '1', 'released')]
    messages = git(made.folder, 'log', 'main..request', '--format=%B')
    git(made.folder, 'switch', '--quiet', 'main')
    git(made.folder, 'merge', '--quiet', '--squash', 'request')
    git(
        made.folder,
        'commit',
        '--quiet',
        '--message',
        f'Version 2 (#7)\n\n{messages}\n\nCo-authored-by: A <a@b.example>',
    )
    found = history(made.folder)
    assert told(found)[:2] == [('dev', '1', '2'), ('na-gw-flux', '1', '1', 'rollout to 2 started')]
    assert found[1]['operations'] == ['rollout start na-gw-flux/web', 'generate']


def test_a_removed_release_is_told_and_a_file_that_cannot_be_read_moves_nothing(tmp_path: Path) -> None:
    made = repository(tmp_path)
    file = made.folder / 'registry/releases/na-gw-flux/web.yaml'
    file.write_text('spec: [', encoding='utf-8')
    git(made.folder, 'commit', '--quiet', '--all', '--message', 'spoilt')
    git(made.folder, 'rm', '--quiet', str(file))
    git(made.folder, 'commit', '--quiet', '--message', 'gone')
    assert told(history(made.folder))[:2] == [
        ('na-gw-flux', '1', None, 'removed'),
        ('dev', None, '1', 'released'),
    ]


def test_marks_have_their_reasons(tmp_path: Path) -> None:
    """These keys stand in the release's file."""
    from generator.operations.history_marks import marks

    lock = {'reason': 'Christmas', 'by': 'Ann', 'until': '2026-12-27T00:00:00Z'}
    after = {'lock': lock, 'withdrawn': [{'version': '3', 'reason': 'slow'}], 'suspended': {'reason': 'load'}}
    set_ = ['locked until 2026-12-27T00:00:00Z: Christmas (Ann)', 'suspended: load', '3 withdrawn: slow']
    assert list(marks({}, after, None, None)) == set_
    assert list(marks(after, {}, None, None)) == ['unlocked', 'resumed', '3 no longer withdrawn']
    engines = marks({'engine': 'native'}, {'engine': 'argo-rollouts', 'values': {'a': {'b': [1]}}}, None, None)
    assert list(engines) == ['engine: native → argo-rollouts', 'values.a: nothing → {"b": [1]}']
    many = marks({}, {'values': {str(n): n for n in range(8)}}, None, None)
    assert list(many)[-1] == 'and 3 more values'
    assert list(marks({}, {'skipPromotion': 'a hotfix'}, None, None)) == ['skips promotion: a hotfix']
    started = {'to': {'version': '2'}, 'stage': 'prepare', 'aborted': False}
    assert list(marks({}, {}, started, {**started, 'stage': 'step 1'})) == ['rollout to 2 at step 1']
    assert list(marks({}, {}, started, {**started, 'aborted': True})) == ['rollout to 2 aborted']
    assert list(marks({}, {}, {**started, 'aborted': True}, None)) == ['rollout to 2 ended after an abort']


def test_what_has_no_history_is_a_problem(tmp_path: Path) -> None:
    made = repository(tmp_path)
    done = chartloom(made.folder, 'history', 'wep')
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        ["registry/models: the published branch has no release of 'wep'", "  hint: did you mean 'web'?"],
    )
    done = chartloom(made.folder, 'history', 'web', '--env', 'qa')
    assert done.stderr.splitlines() == [
        "registry/models: the published branch has no release of 'web' in qa",
        '  hint: commit its release, or name another environment',
    ]


def test_a_remote_and_a_shallow_clone(tmp_path: Path) -> None:
    made = repository(tmp_path)
    url = f'file://{made.folder}'
    assert told(history(tmp_path, '--repo', url)) == told(history(made.folder))
    git(made.folder, 'commit', '--quiet', '--allow-empty', '--message', 'nothing')
    shallow = tmp_path / 'shallow'
    git(tmp_path, 'clone', '--quiet', '--depth', '1', url, str(shallow))
    done = chartloom(shallow, 'history', 'web')
    assert done.stdout.splitlines()[-1].startswith('older commits are not shown')


@pytest.mark.parametrize('members', [5, [['web']], {'web': 1}, 'web', [{}]])
def test_files_of_the_past_may_be_wrong_in_any_way(tmp_path: Path, members: Any) -> None:
    made = repository(tmp_path)
    before = history(made.folder)
    file = 'registry/applications/shop.yaml'
    made.write({file: r.document('Application', 'shop', {'lock': {'reason': 'x'}, 'members': members})})
    git(made.folder, 'add', '--all')
    git(made.folder, 'commit', '--quiet', '--message', 'wrong')
    git(made.folder, 'rm', '--quiet', file)
    git(made.folder, 'commit', '--quiet', '--message', 'right again')
    assert history(made.folder) == before
