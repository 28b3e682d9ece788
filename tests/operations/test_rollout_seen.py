"""When a stage was seen on the published branch: notes on its commit, by bots and people, with real remotes."""

from __future__ import annotations

import json
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, install, new, published_at
from parts import git

from generator.domain.problems import CommandFailed
from generator.operations.operation import Options, Outcome, Remote
from generator.operations.remote import perform
from generator.operations.rollout import Gate, advancing
from generator.operations.rollout_starting import starting

CHECKS = {'queries': {'errors': {'query': 'max(errors{SEL})', 'limit': '<= 0.1'}}, 'interval': '1m'}
MONITORING = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://127.0.0.1:1'}
STRATEGY = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50}], 'checks': CHECKS}}
MADE = 1767323045  # 2026-01-02T03:04:05Z, the date of all commits
PUSHED = MADE + 3600
SEEN = 'seen 2026-01-02T04:04:05Z step-1 prod/web'


def perform_at(found: Checkout | Path, now: int, *, dry_run: bool = False, **gate: Any) -> Outcome:
    target = found.repository() if isinstance(found, Checkout) else Remote(f'file://{found}', 'main')
    operation = advancing('prod/web', Gate(now, record=not dry_run, **gate))
    return perform(operation, target, Options(commit=True, push=True, dry_run=dry_run))


def advance(found: Checkout | Path, now: int, **gate: Any) -> tuple[str, int]:
    """The result of `advance`, in a checkout or without one, and the seconds to wait."""
    outcome = perform_at(found, now, **gate)
    assert not outcome.warnings
    return outcome.result['result'], outcome.result['waitSeconds']


@pytest.fixture(scope='module')
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An origin whose main is at step-1, by a commit of an hour ago."""
    folder = tmp_path_factory.mktemp('first')
    origin = folder / 'origin.git'
    git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', str(origin))
    git(origin, 'config', 'uploadpack.allowFilter', 'true')
    git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    registry = {
        **r.settings(repository={'branch': 'main'}),
        **r.model(versions=[r.version('1')], route={}),
        **r.environment('prod', strategy=STRATEGY, monitoring=MONITORING, **r.GATEWAY),
        **r.release('prod', 'web', version='1', chart='1.0.0'),
    }
    here = published_at(origin, folder / 'here', files=registry)
    here.write(r.model(versions=[r.version('1'), r.version('2')], route={}))
    here.commit(push=True)
    perform(starting('prod/web'), here.repository(), Options(commit=True, push=True))
    assert advance(here, MADE) == ('advanced', 0)
    return origin


@pytest.fixture
def origin(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / 'origin.git'))


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    return clone(f'file://{origin}', tmp_path / 'here')


def note(origin: Path, commit: str = 'main') -> list[str]:
    return git(origin, 'notes', '--ref=chartloom', 'show', commit).splitlines()


def add_note(here: Checkout, *lines: str) -> None:
    """Push a note as a person would."""
    words = [word for line in lines for word in ('-m', line)]
    here.git('notes', '--ref=chartloom', 'add', '--force', *words, 'origin/main')
    here.git('push', '--quiet', 'origin', 'refs/notes/chartloom')


@pytest.mark.parametrize('place', ['checkout', 'repo', 'partial'])
def test_a_stage_that_was_pushed_late_holds_from_when_it_was_seen(place: str, origin: Path, tmp_path: Path) -> None:
    options = ['--filter=blob:none'] if place == 'partial' else []
    here = clone(f'file://{origin}', tmp_path / 'here', *options)
    found: Checkout | Path = origin if place == 'repo' else here
    before = git(origin, 'rev-parse', 'main'), here.tree(), here.status(), here.head()
    assert advance(found, PUSHED) == ('waiting', 600)
    assert note(origin) == [SEEN]
    assert advance(found, PUSHED + 599) == ('waiting', 1)
    assert note(origin) == [SEEN]
    assert before == (git(origin, 'rev-parse', 'main'), here.tree(), here.status(), here.head())
    assert advance(found, PUSHED + 600) == ('advanced', 0)
    assert advance(found, PUSHED + 601) == ('advanced', 0)  # step-2 has no hold
    assert git(origin, 'rev-list', '--count', 'refs/notes/chartloom') == '1'


def test_who_sees_it_first_counts_for_everybody(here: Checkout, origin: Path, tmp_path: Path) -> None:
    assert advance(here, PUSHED) == ('waiting', 600)
    other = clone(origin, tmp_path / 'other')
    assert advance(other, PUSHED + 100) == advance(origin, PUSHED + 100) == ('waiting', 500)
    assert note(origin) == [SEEN]


def racing(origin: Path, tmp_path: Path, here: Checkout, line: str, times: int) -> None:
    """Let somebody push a note right before each of our pushes, some times."""
    other, count = clone(origin, tmp_path / 'other'), tmp_path / 'count'
    text = f"""#!/bin/sh
unset GIT_DIR
echo >> {count}
[ $(wc -l < {count}) -gt {times} ] && exit 0
cd {other.top}
git notes --ref=chartloom append -m "{line}" origin/main
git push --quiet origin refs/notes/chartloom
"""
    install(here.top / '.git/hooks', 'pre-push', text)


def test_of_two_bots_that_see_it_at_once_one_records_it(here: Checkout, origin: Path, tmp_path: Path) -> None:
    faster = 'seen 2026-01-02T04:04:00Z step-1 prod/web'
    racing(origin, tmp_path, here, faster, 1)
    assert advance(here, PUSHED) == ('waiting', 595)
    assert note(origin) == [faster]
    assert advance(here, PUSHED + 594) == ('waiting', 1)


def test_notes_of_others_are_kept(here: Checkout, origin: Path, tmp_path: Path) -> None:
    """Another release that changed its stage in the same commit."""
    racing(origin, tmp_path, here, 'seen 2026-01-02T04:00:00Z step-1 prod/api', 1)
    assert advance(here, PUSHED) == ('waiting', 600)
    assert note(origin) == ['seen 2026-01-02T04:00:00Z step-1 prod/api', SEEN]


def test_if_others_are_always_faster_it_waits(here: Checkout, origin: Path, tmp_path: Path) -> None:
    racing(origin, tmp_path, here, 'something else', 99)
    assert advance(here, PUSHED) == ('waiting', 600)
    assert SEEN not in note(origin)
    assert (tmp_path / 'count').read_text().count('\n') == 3
    (here.top / '.git/hooks/pre-push').unlink()
    assert advance(here, PUSHED + 60) == ('waiting', 600)
    assert [line for line in note(origin) if line.startswith('seen')] == ['seen 2026-01-02T04:05:05Z step-1 prod/web']


REFUSES = """#!/bin/sh
while read old new ref; do
  case $ref in refs/notes/*) echo 'no notes here' >&2; exit 1;; esac
done
"""


def test_where_notes_are_refused_the_date_counts(here: Checkout, origin: Path) -> None:
    install(origin / 'hooks', 'pre-receive', REFUSES)
    done = chartloom(here.folder, 'rollout', 'status', '--record')
    assert (done.returncode, done.stderr) == (0, (
        "warning: refs/notes/chartloom: remote 'origin' refuses to record when a stage was pushed,"
        ' so its hold counts from the date: remote: no notes here\n'
        "  hint: allow this user to push 'refs/notes/chartloom'\n"
    ))  # fmt: skip
    assert 'since 2026-01-02T03:04:05Z (date of the commit: nobody has recorded yet when it was pushed' in done.stdout
    assert perform_at(here, MADE + 599).result['waitSeconds'] == 1
    assert advance(origin, PUSHED, dry_run=True) == ('waiting', 600)
    outcome = perform_at(here, PUSHED)
    assert (outcome.result['result'], outcome.pushed, len(outcome.warnings)) == ('advanced', True, 1)
    assert git(here.top, 'for-each-ref', 'refs/notes') == git(origin, 'for-each-ref', 'refs/notes') == ''


@pytest.mark.parametrize('later', [3, 110])
def test_a_shallow_clone_finds_the_commit_of_the_stage(
    later: int, here: Checkout, origin: Path, tmp_path: Path
) -> None:
    stage = here.head()
    for number in range(later):
        here.git('commit', '--quiet', '--allow-empty', '--message', f'other {number}')
    here.git('push', '--quiet')
    shallow = clone(f'file://{origin}', tmp_path / 'shallow', '--depth=1')
    assert advance(shallow, PUSHED) == ('waiting', 600)
    assert note(origin, stage) == [SEEN]
    assert advance(clone(f'file://{origin}', tmp_path / 'again', '--depth=2'), PUSHED + 60) == ('waiting', 540)


def test_a_rewritten_history_has_no_notes(here: Checkout, origin: Path) -> None:
    assert advance(here, PUSHED) == ('waiting', 600)
    here.git('commit', '--quiet', '--amend', '--message', 'other words')
    here.git('push', '--quiet', '--force')
    assert advance(here, PUSHED + 600) == ('waiting', 600)


def test_a_dry_run_and_a_hold_that_is_skipped_record_nothing(here: Checkout, origin: Path) -> None:
    before = here.everything(), git(origin, 'for-each-ref')
    assert advance(here, PUSHED, dry_run=True) == ('waiting', 600)
    assert before == (here.everything(), git(origin, 'for-each-ref'))
    assert advance(here, PUSHED, skip_hold=True) == ('advanced', 0)
    assert git(origin, 'for-each-ref', 'refs/notes') == ''


def test_the_earliest_line_about_the_stage_counts(here: Checkout, origin: Path) -> None:
    lines = ['seen 2026-01-02T04:04:15Z step-1 prod/web', SEEN, 'seen yesterday step-1 prod/web', 'ask Ada',
             'seen 2026-01-02T04:00:00Z step-2 prod/web', 'seen 2026-01-02T04:00:00Z step-1 ml/prod/web']  # fmt: skip
    add_note(here, *lines)
    assert advance(origin, PUSHED + 60) == ('waiting', 540)


def test_a_clock_that_is_behind_makes_no_hold_shorter(here: Checkout, origin: Path) -> None:
    add_note(here, 'seen 2026-01-01T00:00:00Z step-1 prod/web')
    assert advance(here, MADE + 60) == ('waiting', 540)
    (told,) = told_status(here)['rollouts']
    assert (told['since'], told['sinceSource']) == ('2026-01-02T03:04:05Z', 'date')
    text = chartloom(here.folder, 'rollout', 'status').stdout
    assert 'since 2026-01-02T03:04:05Z (date of the commit: it was seen earlier, 2026-01-01T00:00:00Z), ' in text


def test_a_time_in_the_future_stops_nobody(here: Checkout, origin: Path) -> None:
    """Of a clock that is ahead, or forged by somebody who may push notes."""
    add_note(here, 'seen 9999-12-31T23:59:59Z step-1 prod/web')
    assert advance(here, PUSHED) == ('waiting', 600)
    assert advance(here, PUSHED + 601) == ('advanced', 0)


def test_a_note_that_a_person_corrects_counts(here: Checkout, origin: Path) -> None:
    """It was written by a computer whose clock is ahead."""
    assert advance(here, PUSHED + 86400) == ('waiting', 600)
    other = clone(origin, here.top.parent / 'other')
    other.git('fetch', '--quiet', 'origin', 'refs/notes/chartloom:refs/notes/chartloom')
    add_note(other, SEEN)
    assert advance(here, PUSHED + 60) == ('waiting', 540)


def told_status(here: Checkout, *options: str) -> dict[str, Any]:
    return dict(json.loads(chartloom(here.folder, 'rollout', 'status', '--output', 'json', *options).stdout))


def test_status_says_how_it_knows(here: Checkout, origin: Path) -> None:
    (told,) = told_status(here)['rollouts']
    assert (told['since'], told['sinceSource'], told['waitSeconds']) == ('2026-01-02T03:04:05Z', 'date', 0)
    assert git(origin, 'for-each-ref', 'refs/notes') == ''
    (told,) = told_status(here, '--record')['rollouts']
    assert told['sinceSource'] == 'seen'
    assert told['waitSeconds'] > 500
    assert note(origin) == [f'seen {told["since"]} step-1 prod/web']
    # What is known needs no answer.
    origin.rename(origin.with_name('gone'))
    text = chartloom(here.folder, 'rollout', 'status')
    assert (f"at 'step-1' since {told['since']} (seen), " in text.stdout, text.stderr) == (True, '')


def test_a_remote_that_does_not_answer(here: Checkout, origin: Path) -> None:
    """A hold that may be longer is not taken to be over."""
    origin.rename(origin.with_name('gone'))
    with pytest.raises(CommandFailed):
        advance(here, PUSHED)
    done = chartloom(here.folder, 'rollout', 'status')
    assert (done.returncode, "at 'step-1' since 2026" in done.stdout) == (0, True)
    assert done.stderr.startswith("warning: refs/notes/chartloom: remote 'origin' does not answer: fatal: ")
    assert chartloom(here.folder, 'rollout', 'status', '--record').returncode == 3


def test_without_a_remote_the_date_counts(here: Checkout) -> None:
    here.git('remote', 'remove', 'origin')
    text = chartloom(here.folder, 'rollout', 'status', '--record').stdout
    assert 'since 2026-01-02T03:04:05Z (date of the commit: the branch has no remote here), ' in text
    outcome = perform(advancing('prod/web', Gate(PUSHED)), here.repository(), Options(commit=True))
    assert (outcome.result['result'], outcome.warnings) == ('advanced', ())


def test_a_committer_that_is_not_set_is_told(here: Checkout, origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL'):
        monkeypatch.delenv(name)
    here.git('config', 'user.useConfigOnly', 'true')
    done = chartloom(here.folder, 'rollout', 'status', '--record')
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, 'git: the committer is not set')


def test_two_folders_of_a_repository_keep_apart(origin: Path, tmp_path: Path) -> None:
    """A note names the folder, too, because both may have the same release."""
    here = clone(origin, tmp_path / 'here')
    both = new(tmp_path / 'both', {}, '')
    for folder in ('ml', 'ml ops'):
        shutil.copytree(here.top, both.top / folder, ignore=shutil.ignore_patterns('.git'))
    both.git('add', '--all')
    both.git('commit', '--quiet', '--message', 'both')
    bare = tmp_path / 'both.git'
    git(tmp_path, 'clone', '--quiet', '--bare', str(both.top), str(bare))
    for number, folder in enumerate(('ml/', 'ml ops/')):
        operation = advancing('prod/web', Gate(PUSHED + number))
        told = perform(operation, Remote(f'file://{bare}', 'main', folder), Options(commit=True)).result
        assert told['waitSeconds'] == 600
    assert note(bare) == [
        'seen 2026-01-02T04:04:05Z step-1 ml/prod/web', 'seen 2026-01-02T04:04:06Z step-1 ml ops/prod/web',
    ]  # fmt: skip


def test_checks_look_back_to_when_it_was_seen(here: Checkout) -> None:
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers['Content-Length'])).decode()))
            kind = 'matrix' if 'start' in asked[-1] else 'vector'
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({'status': 'success', 'data': {'resultType': kind, 'result': []}}).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_address[1]}'
    try:
        assert advance(here, PUSHED) == ('waiting', 600)
        advance(here, PUSHED + 120, check_health=True, prometheus=address)
    finally:
        server.shutdown()
        server.server_close()
    assert {int(float(query['start'][0])) for query in asked if 'start' in query} == {PUSHED}
