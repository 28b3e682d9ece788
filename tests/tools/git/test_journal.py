"""What a killed run leaves, and what the next one makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import DELIVERY, VALUES, Checkout, changed_model, clone, published, published_at

from generator.tools.git import transaction
from generator.tools.git.build import build_commit
from generator.tools.git.journal import prepare, record
from generator.tools.git.transaction import Move, Write, finish_killed

FILES = {VALUES: b'one\n', 'charts/web/9.0.0/Chart.yaml': b'two\n', DELIVERY: b'three\n'}


def interrupted(here: Checkout, *, moved: bool, remote: str = '') -> str:
    """As a run leaves the repository that is killed after its journal, before or after the branch has moved."""
    repository, head = here.repository(), here.head()
    entries = {path: repository.ids('HEAD', [path]).get(path, '') for path in FILES}
    commit = build_commit(repository, head, FILES, 'killed', sign=False)
    move = Move('refs/heads/main', head, commit, entries, remote, 'main')
    writes = [Write(path, before, FILES[path]) for path, before in entries.items()]
    prepare(repository, FILES)
    record(repository, transaction._journal(repository, writes, move))
    if moved:
        here.git('update-ref', 'refs/heads/main', commit)
    return commit


def left(here: Checkout) -> list[str]:
    private = here.top / '.git/chartloom'
    return [name for name in ('pending.json', 'new', 'pending.tmp') if (private / name).exists()]


def assert_finished(here: Checkout) -> None:
    assert here.status() == []
    assert {path: (here.top / path).read_bytes() for path in FILES} == FILES
    assert left(here) == []
    assert not finish_killed(here.repository())


def test_a_branch_that_has_moved_is_followed(tmp_path: Path) -> None:
    here = published(tmp_path)
    interrupted(here, moved=True)
    assert len(here.status()) > 2
    assert finish_killed(here.repository())
    assert_finished(here)


def test_a_branch_that_has_not_moved_stays(tmp_path: Path) -> None:
    here = published(tmp_path)
    before = here.everything()
    interrupted(here, moved=False)
    assert not finish_killed(here.repository())
    assert here.everything() == before
    assert left(here) == []


@pytest.mark.parametrize('built_upon', [False, True])
def test_a_commit_that_was_pushed_is_taken_over(origin: Path, tmp_path: Path, built_upon: bool) -> None:
    here = published_at(origin, tmp_path / 'here')
    commit = interrupted(here, moved=False, remote='origin')
    here.git('push', '--quiet', 'origin', f'{commit}:main')
    if built_upon:
        other = clone(origin, tmp_path / 'other')
        other.git('commit', '--quiet', '--allow-empty', '--message', 'more')
        other.git('push', '--quiet')
    assert finish_killed(here.repository())
    assert here.head() == commit
    assert_finished(here)
    here.git('pull', '--quiet', '--ff-only')


def test_a_commit_that_was_not_pushed_is_forgotten(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    before = here.everything()
    interrupted(here, moved=False, remote='origin')
    assert not finish_killed(here.repository())
    assert here.everything() == before
    assert left(here) == []


def test_a_remote_that_does_not_answer_is_asked_again_later(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    commit = interrupted(here, moved=False, remote='origin')
    here.git('push', '--quiet', 'origin', f'{commit}:main')
    here.git('remote', 'set-url', 'origin', str(tmp_path / 'away'))
    assert not finish_killed(here.repository())
    here.git('remote', 'set-url', 'origin', str(origin))
    assert finish_killed(here.repository())
    assert_finished(here)


def test_a_run_in_another_folder_of_the_repository_finishes_it_too(tmp_path: Path) -> None:
    here = published(tmp_path)
    interrupted(here, moved=True)
    assert finish_killed(Checkout(tmp_path, 'values/prod').repository())
    assert_finished(here)


def test_what_a_person_does_after_a_kill_is_kept(tmp_path: Path) -> None:
    here = published(tmp_path)
    interrupted(here, moved=True)
    here.append(VALUES, '# mine\n')
    here.write({'charts/web/9.0.0/Chart.yaml': 'mine\n', DELIVERY: 'staged\n'})
    here.git('add', DELIVERY)
    assert finish_killed(here.repository())
    assert '# mine' in here.read(VALUES)
    assert here.read('charts/web/9.0.0/Chart.yaml') == 'mine\n'
    assert here.git('show', f':{DELIVERY}') == 'staged'
    assert here.status() == [' M charts/web/9.0.0/Chart.yaml', f'M  {DELIVERY}', f' M {VALUES}']


GONE_ON = ['switch --create other HEAD~1', 'commit --allow-empty --message more', 'switch --detach HEAD~1']


@pytest.mark.parametrize('then', GONE_ON)
def test_a_person_who_has_gone_on_is_not_followed(tmp_path: Path, then: str) -> None:
    here = published(tmp_path)
    here.git('commit', '--quiet', '--allow-empty', '--message', 'one more')
    interrupted(here, moved=False)
    here.git(then.split(' ')[0], '--quiet', *then.split(' ')[1:])
    before = here.everything()
    assert not finish_killed(here.repository())
    assert here.everything() == before


BROKEN = [b'', b'{', b'\xff', b'[]', b'null', b'{"steps": 1}', b'{"steps": [], "prefix": ""}', b'{"steps": [[1]]}']


@pytest.mark.parametrize('content', BROKEN)
def test_a_broken_journal_is_forgotten(tmp_path: Path, content: bytes) -> None:
    here = published(tmp_path)
    (here.top / '.git/chartloom').mkdir(exist_ok=True)
    (here.top / '.git/chartloom/pending.json').write_bytes(content)
    here.write(changed_model())
    assert here.commit().commit
    assert here.status() == []


def test_a_journal_that_breaks_after_the_branch_has_moved_costs_nothing(tmp_path: Path) -> None:
    here, model = published(tmp_path / 'here'), published(tmp_path / 'model')
    for side in (here, model):
        side.write(changed_model())
    commit = model.commit().commit
    here.git('fetch', '--quiet', str(model.top))
    here.git('update-ref', 'refs/heads/main', commit)
    (here.top / '.git/chartloom').mkdir(exist_ok=True)
    (here.top / '.git/chartloom/pending.json').write_text('{"steps"')
    here.commit()
    assert here.head() == commit
    assert here.status() == ['MM registry/models/web.yaml']  # for all we know a person has staged that
    assert here.tree() == model.tree()
