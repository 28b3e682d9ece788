"""`--push` from a work tree whose branch has moved on the remote: applied to the new head, unless something is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import Checkout, clone, faster_writer, install
from parts import git
from writers import pins, repository

from generator.domain.problems import ProblemsFound
from generator.operations.operation import Operation, Options, Outcome
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.remote import perform
from generator.operations.rollback import rolling_back

NEWEST = pinning(Scope(('prod/m000',)), newest=True)


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    """A work tree of two releases, and a branch of the remote where somebody has moved the second one."""
    here = repository(tmp_path / 'here', 2)
    here.git('remote', 'add', 'origin', str(origin))
    here.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    push(clone(origin, tmp_path / 'other'), pinning(Scope(('prod/m001',)), newest=True))
    return here


def push(here: Checkout, operation: Operation) -> Outcome:
    return perform(operation, here.repository(), Options(commit=True, push=True))


def test_it_is_applied_to_the_new_head_and_the_work_tree_follows(origin: Path, here: Checkout) -> None:
    here.write({'notes.txt': 'mine'})
    outcome = push(here, NEWEST)
    assert outcome.pushed
    assert outcome.commit == here.head() == git(origin, 'rev-parse', 'main')
    assert here.status() == ['?? notes.txt']
    assert [pins(here, name)['version'] for name in ('m000', 'm001')] == ['3', '3']
    assert not here.generate().changed
    assert here.git('rev-parse', 'origin/main') == here.head()


def test_it_is_applied_again_while_the_branch_moves(origin: Path, here: Checkout, tmp_path: Path) -> None:
    third = clone(origin, tmp_path / 'third')
    install(here.top / '.git/hooks', 'pre-push', faster_writer(origin, third, 2))
    outcome = push(here, NEWEST)
    assert outcome.pushed
    assert here.head() == git(origin, 'rev-parse', 'main')
    assert git(origin, 'log', '--format=%s', '-3', 'main').split('\n')[1:] == ['faster', 'faster']


def test_what_others_have_done_is_not_done_again(here: Checkout, origin: Path, tmp_path: Path) -> None:
    other = Checkout(tmp_path / 'other')
    other.git('commit', '--quiet', '--allow-empty', '--message', 'more')
    other.git('push', '--quiet', 'origin', 'main')
    before = here.everything()
    outcome = push(here, pinning(Scope(('prod/m001',)), newest=True))
    assert (outcome.changed, outcome.commit, outcome.pushed) == (False, '', False)
    assert here.everything()[0] == before[0]


@pytest.mark.parametrize('what', ['commit', 'edit'])
def test_a_commit_or_an_edit_of_its_own_stops_it(here: Checkout, what: str) -> None:
    if what == 'commit':
        here.git('commit', '--quiet', '--allow-empty', '--message', 'mine')
    else:
        here.append('registry/models/m000.yaml', '# mine\n')
    before = here.everything()
    with pytest.raises(ProblemsFound) as raised:
        push(here, NEWEST)
    assert 'which is not in this branch' in str(raised.value)
    assert here.everything()[0] == before[0]


def test_a_work_tree_that_cannot_follow_is_told(here: Checkout, origin: Path) -> None:
    """Somebody's unfinished edit of a file that another commit has changed, which this operation does not read."""
    here.append('delivery/prod/m001.yaml', '# mine\n')
    before = here.head()
    outcome = push(here, NEWEST)
    assert outcome.pushed
    assert git(origin, 'rev-parse', 'main') == outcome.commit != here.head() == before
    (behind,) = [each for each in outcome.warnings if each.file == str(here.top)]
    assert f'is pushed, and the work tree is still at {before[:8]}' in behind.message
    assert behind.hint == "run 'git pull origin main'"
    assert here.read('delivery/prod/m001.yaml').endswith('# mine\n')


def test_a_rollback_that_others_have_made_is_made_once(here: Checkout, origin: Path, tmp_path: Path) -> None:
    push(clone(origin, tmp_path / 'third'), rolling_back('prod/m000'))
    outcome = push(here, rolling_back('prod/m000'))
    assert (outcome.changed, outcome.commit) == (False, '')
    assert git(origin, 'rev-list', '--count', f'{here.head()}..main') == '2'


def test_a_branch_in_a_linked_work_tree(here: Checkout, origin: Path, tmp_path: Path) -> None:
    here.git('switch', '--quiet', '--detach')
    here.git('worktree', 'add', '--quiet', str(tmp_path / 'linked'), 'main')
    linked = Checkout(tmp_path / 'linked')
    assert push(linked, NEWEST).commit == linked.head() == git(origin, 'rev-parse', 'main')
    assert linked.status() == []
