"""`chartloom rollback`: the pin before the current one, in one commit, until the next pin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s
from gitops import answered, chartloom
from parts import git

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
HEAD = 'apiVersion: chartloom/v1\nkind: Release\nmetadata: {name: web}\n'
GIVEN_UP = "to return to it, run 'chartloom reinstate ar-gw-argocd/web {}' first"
AGAIN = "to return to it, set spec.version to '{}' and run 'chartloom pin ar-gw-argocd/web', or start a rollout"
FILE = 'registry/releases/{}/web.yaml'


def repository(tmp_path: Path, environment: str, **model: Any) -> r.Repository:
    """A release that was pinned to versions 1, 2 and 3, in this order."""
    model = {'route': {}, **s.canary(), **model}
    files = r.settings() | r.model('web', 'tensorflow-serving', VERSIONS, **model) | s.environment(environment)
    made = r.Repository(tmp_path / 'repository', files | r.release(environment, 'web'))
    pin(made, environment, '1', '1.0.0')
    pin(made, environment, '2', '1.1.0')
    pin(made, environment, '3', '1.2.0')
    return made


def pin(made: r.Repository, environment: str, version: str, chart: str) -> None:
    made.write(r.release(environment, 'web', version=version, chart=chart))
    made.publish()


def spec(made: r.Repository, environment: str) -> dict[str, Any]:
    """The release without what it gave up: test_withdraw.py."""
    found = made.run().registry.releases[f'{environment}/web'].spec
    return {key: value for key, value in found.items() if key != 'withdrawn'}


@pytest.mark.parametrize(
    ('environment', 'says'),
    [
        ('ar-gw-argocd', 'then they get all requests at once, without checks and approvals'),
        ('fl-gw-flux', 'start as the target and get all requests, without checks; then the primary'),
        ('na-gw-flux', 'requests go to ready pods only'),
    ],
)
def test_the_pin_before_comes_back_in_one_commit(tmp_path: Path, environment: str, says: str) -> None:
    made = repository(tmp_path, environment)
    found = answered(made, 'rollback', 'web', '--env', environment)
    assert (found['from']['version'], found['to']) == ('3', {'version': '2', 'chart': '1.1.0'})
    assert spec(made, environment) == {'version': '2', 'chart': '1.1.0', 'rollback': '1.1.0'}
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.splitlines()[0] == f'Roll back {environment}/web: 3 → 2 (chart 1.1.0)'
    assert says in ' '.join(message.split())
    # Once more: not to the version that was given up.
    found = answered(made, 'rollback', 'web', '--env', environment)
    assert found['to'] == {'version': '1', 'chart': '1.0.0'}
    # The next pin is no rollback any more.
    answered(made, 'pin', f'{environment}/web', '--newest')
    assert spec(made, environment) == {'version': '1', 'chart': '1.0.0'}
    answered(made, 'reinstate', f'{environment}/web', '3')
    answered(made, 'pin', f'{environment}/web', '--newest')
    assert spec(made, environment) == {'version': '3', 'chart': '1.2.0'}


def test_it_goes_back_only_to_what_ran_here(tmp_path: Path) -> None:
    made = repository(tmp_path, 'ar-gw-argocd')
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'ar-gw-argocd', '--to', '9')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.splitlines() == [
        f"{FILE.format('ar-gw-argocd')}::$.spec: version '9' was never pinned here",
        "  hint: to pin another version, set spec.version and run 'chartloom pin ar-gw-argocd/web'",
    ]
    files = r.settings() | r.model('web', versions=VERSIONS) | r.environment('prod')
    new = r.Repository(tmp_path / 'new', files | r.release('prod', 'web', version='1', chart='1.0.0'))
    new.publish()
    done = chartloom(new.folder, 'rollback', 'web', '--env', 'prod')
    assert done.stderr.splitlines()[0] == f"{FILE.format('prod')}::$.spec: 'prod/web' had no other pin under this name"
    done = chartloom(new.folder, 'rollback', 'web', '--env', 'prod', '--to', '1')
    assert done.stderr.splitlines()[0] == f"{FILE.format('prod')}::$.spec: 'prod/web' already runs 1 (chart 1.0.0)"


def test_what_was_given_up_is_named(tmp_path: Path) -> None:
    made = repository(tmp_path, 'ar-gw-argocd')
    for _ in range(2):
        answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd')
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'ar-gw-argocd')
    assert done.stderr.splitlines() == [
        f'{FILE.format("ar-gw-argocd")}::$.spec: no older pin than 1; 2 was rolled back',
        f'  hint: {GIVEN_UP.format(2)}',
    ]
    # A version that somebody returned to is not given up any more, nor is the one it came from.
    answered(made, 'reinstate', 'ar-gw-argocd/web', '2')
    pin(made, 'ar-gw-argocd', '2', '1.1.0')
    answered(made, 'reinstate', 'ar-gw-argocd/web', '3')
    pin(made, 'ar-gw-argocd', '3', '1.2.0')
    assert answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd')['to']['version'] == '2'


def test_it_goes_neither_forward_nor_to_what_was_given_up(tmp_path: Path) -> None:
    """Engines would skip the steps and checks of a version that somebody took away."""
    made = repository(tmp_path, 'ar-gw-argocd')

    def refused(*to: str) -> list[str]:
        return chartloom(made.folder, 'rollback', 'web', '--env', 'ar-gw-argocd', *to).stderr.splitlines()[:2]

    place = f'{FILE.format("ar-gw-argocd")}::$.spec'
    assert answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd', '--to', '1')['to']['version'] == '1'
    gone = [f'{place}: 3 (chart 1.2.0) was rolled back here', f'  hint: {GIVEN_UP.format(3)}']
    assert refused('--to', '3') == gone
    message = '2 (chart 1.1.0) is newer than 1 (chart 1.0.0): a rollback goes back'
    assert refused('--to', '2') == [f'{place}: {message}', f'  hint: {AGAIN.format(2)}']
    assert refused()[0] == f'{place}: no older pin than 1; 3 was rolled back'
    pin(made, 'ar-gw-argocd', '2', '1.1.0')
    pin(made, 'ar-gw-argocd', '1', '1.0.0')
    answered(made, 'reinstate', 'ar-gw-argocd/web', '3')
    pin(made, 'ar-gw-argocd', '3', '1.2.0')
    assert refused('--to', '2')[0] == f'{place}: 2 (chart 1.1.0) was rolled back here'
    assert answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd')['to']['version'] == '1'


def test_a_pin_that_was_reverted_is_given_up(tmp_path: Path) -> None:
    made = repository(tmp_path, 'ar-gw-argocd')
    pin(made, 'ar-gw-argocd', '2', '1.1.0')  # as `git revert` does
    assert answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd')['to']['version'] == '1'


def test_where_the_newest_is_followed_something_else_must_have_run(tmp_path: Path) -> None:
    files = r.settings() | r.model('web', versions=VERSIONS) | r.following('dev') | r.release('dev', 'web')
    made = r.Repository(tmp_path / 'repository', files)
    made.publish()
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'dev')
    assert done.stderr.splitlines() == [
        (
            "registry/releases/dev/web.yaml::$.spec: 'dev/web' ran no other version than 3 (chart 1.2.0)"
            ' that it did not give up'
        ),
        (
            '  hint: to hold it at a version, set spec.version in registry/releases/dev/web.yaml'
            " and run 'chartloom pin dev/web'"
        ),
    ]
    done = chartloom(made.folder, 'rollout', 'start', 'dev/web')
    assert done.stderr.splitlines() == [
        "registry/releases/dev/web.yaml::$.spec: strategy 'rolling' has no rollout: Kubernetes replaces the pods",
        "  hint: 'dev' follows the newest version: run 'chartloom generate --commit'",
    ]


def test_changes_of_others_can_be_set_aside(tmp_path: Path) -> None:
    made = repository(tmp_path, 'na-gw-flux')
    pin(made, 'na-gw-flux', '2', '1.1.0')
    answered(made, 'rollout', 'start', 'na-gw-flux/web')
    made.write(r.environment('other'))
    for arguments in (('rollback', 'web', '--env', 'na-gw-flux'), ('rollout', 'abort', 'na-gw-flux/web')):
        done = chartloom(made.folder, *arguments)
        assert "  hint: set it aside with 'git stash -u', or use --repo URL" in done.stderr.splitlines()
    git(made.folder, 'stash', '--quiet', '--include-untracked')
    answered(made, 'rollback', 'web', '--env', 'na-gw-flux')


def test_a_rollout_in_git_is_aborted(tmp_path: Path) -> None:
    made = repository(tmp_path, 'na-gw-flux')
    pin(made, 'na-gw-flux', '2', '1.1.0')
    answered(made, 'rollout', 'start', 'na-gw-flux/web')
    found = answered(made, 'rollback', 'web', '--env', 'na-gw-flux')
    assert (found['result'], found['to']['version']) == ('aborted', '2')
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert 'version 3 gets 0 % of the requests, as before this commit' in message
    assert 'the rollout of 3 (chart 1.2.0) ends, the pin stays 2 (chart 1.1.0)' in message
    assert spec(made, 'na-gw-flux') == {'version': '2', 'chart': '1.1.0'}
    assert not made.run().registry.rollouts
    answered(made, 'reinstate', 'na-gw-flux/web', '3')
    answered(made, 'rollout', 'start', 'na-gw-flux/web')
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'na-gw-flux', '--to', '1')
    assert done.stderr.splitlines() == [
        "registry/rollouts/na-gw-flux/web.yaml: a rollout to 3 is in progress, and '1' is not the old version",
        "  hint: run 'chartloom rollout abort na-gw-flux/web' first",
    ]
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'na-gw-flux')
    assert done.stdout.splitlines()[-1] == 'na-gw-flux/web: 2 serves all requests again'


def test_what_cannot_be_deployed_any_more_is_skipped(tmp_path: Path) -> None:
    """A version that was removed from the model, and pins that people misspelt."""
    made = repository(tmp_path, 'ar-gw-argocd')
    file = made.folder / FILE.format('ar-gw-argocd')
    text = file.read_text(encoding='utf-8')
    for other in ('spec: [1]', 'spec: {version: {a: b}, chart: [x]}', 'spec: {version: "2", chart: 7.7.7}'):
        file.write_text(f'{HEAD}{other}\n', encoding='utf-8')
        git(made.folder, 'commit', '--quiet', '--all', '--message', 'by hand')
    file.write_text(text, encoding='utf-8')
    made.write(r.model('web', 'tensorflow-serving', [VERSIONS[0], VERSIONS[2]], route={}, **s.canary()))
    made.publish()
    found = answered(made, 'rollback', 'web', '--env', 'ar-gw-argocd')
    assert found['to'] == {'version': '1', 'chart': '1.0.0'}


def test_other_changes_of_the_release_are_not_deployed_with_it(tmp_path: Path) -> None:
    made = repository(tmp_path, 'ar-gw-argocd')
    made.write(r.release('ar-gw-argocd', 'web', version='3', chart='1.2.0', values={'replicaCount': 9}))
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'ar-gw-argocd')
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f'{FILE.format("ar-gw-argocd")}: changed, and not part of this operation'
    done = chartloom(made.folder, 'rollback', 'web', '--env', 'ar-gw-argocd', '--to', '')
    assert (done.returncode, 'found an empty one' in done.stderr) == (2, True)


def test_a_shallow_clone_has_no_history(tmp_path: Path) -> None:
    made = repository(tmp_path, 'ar-gw-argocd')
    shallow = tmp_path / 'shallow'
    git(tmp_path, 'clone', '--quiet', '--depth', '1', f'file://{made.folder}', str(shallow))
    done = chartloom(shallow, 'rollback', 'web', '--env', 'ar-gw-argocd')
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        f'{FILE.format("ar-gw-argocd")}: this clone is shallow: its history has no earlier pin'
    )
