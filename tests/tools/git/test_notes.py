"""Notes that clones share: read, fetched, and pushed on top of those of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import Checkout, clone, install
from parts import git

from generator.domain.problems import CommandFailed, ProblemsFound
from generator.tools.git.notes import SHARED, Lines, Shared, fetch_notes, first_line, read_lines, share_lines

KEPT = 'refs/notes/remotes/origin/chartloom'


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    found = clone(origin, tmp_path / 'here')
    for message in ('one', 'two'):
        found.git('commit', '--quiet', '--allow-empty', '--message', message)
    found.git('push', '--quiet')
    return found


def share(here: Checkout, line: str, *commits: str) -> Shared:
    """Add a line to the notes of commits that do not have it."""
    repository = here.repository()

    def missing() -> Lines:
        return {commit: [line] for commit in commits if line not in read_lines(repository, 'origin', commit)}

    return share_lines(repository, 'origin', missing)


def test_lines_reach_other_clones(here: Checkout, origin: Path, tmp_path: Path) -> None:
    one, two = here.git('rev-list', '--reverse', 'HEAD').split()
    assert fetch_notes(here.repository(), 'origin') == ''
    assert read_lines(here.repository(), 'origin', one) == []
    assert share(here, 'first', one, two) == Shared(done=True)
    other = clone(origin, tmp_path / 'other')
    assert read_lines(other.repository(), 'origin', one) == []
    assert share(other, 'größer', two) == Shared(done=True)
    assert fetch_notes(here.repository(), 'origin') == git(origin, 'rev-parse', SHARED)
    assert read_lines(here.repository(), 'origin', two) == ['first', 'größer']
    assert git(origin, 'notes', '--ref=chartloom', 'show', one) == 'first'
    head = git(origin, 'rev-parse', SHARED)
    assert share(here, 'first', one, two) == Shared(done=True)
    assert git(origin, 'rev-parse', SHARED) == head


def test_notes_that_the_remote_has_no_more_are_forgotten(here: Checkout, origin: Path) -> None:
    assert share(here, 'first', here.head()).done
    git(origin, 'update-ref', '-d', SHARED)
    assert fetch_notes(here.repository(), 'origin') == ''
    assert here.git('for-each-ref', 'refs/notes') == ''


def test_what_is_refused_is_not_kept(here: Checkout, origin: Path) -> None:
    assert share(here, 'first', here.head()).done
    old = here.git('rev-parse', KEPT)
    install(origin / 'hooks', 'update', '#!/bin/sh\necho "not for $1" >&2\nexit 1\n')
    assert share(here, 'second', here.head()) == Shared(False, 'remote: not for refs/notes/chartloom')
    assert here.git('rev-parse', KEPT) == old
    assert read_lines(here.repository(), 'origin', here.head()) == ['first']


def test_no_response_is_no_refusal(here: Checkout, origin: Path) -> None:
    """Also if the remote is gone only when it is pushed to."""
    install(here.top / '.git/hooks', 'pre-push', f'#!/bin/sh\nmv {origin} {origin}.gone\nexit 1\n')
    with pytest.raises(CommandFailed):
        share(here, 'first', here.head())
    assert here.git('for-each-ref', 'refs/notes') == ''


def test_a_committer_that_is_not_set_is_told(here: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL'):
        monkeypatch.delenv(name)
    here.git('config', 'user.useConfigOnly', 'true')
    with pytest.raises(ProblemsFound, match='the committer is not set'):
        share(here, 'first', here.head())


def test_the_reason_is_one_line() -> None:
    assert first_line('\n remote: no \nerror: failed\n') == 'remote: no'
    assert first_line('') == 'no reason given'
