"""A release and the history of the published branch → the charts that it ran there, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import pairwise

from generator.documents.read import read_yaml
from generator.domain.layout import delivered_chart, delivery_file, release_file, rollout_file
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.units import number_of
from generator.tools.git.changes import read_date
from generator.tools.git.remote import deepen, is_shallow
from generator.tools.git.repository import Repository


def had(repository: Repository, head: str, branch: str, name: str, chart: str, *, ever: bool) -> bool:
    """Whether a release ran a chart without a rollout in progress; a shallow clone is deepened to find it.

    `ever`: also one that it gave up for an older chart.
    """

    def ran() -> bool:
        return chart in charts_run(repository, head, name, ever=ever)

    return ran() or (_deepened(repository, branch) and ran())


def ran_for(repository: Repository, head: str, branch: str, name: str, chart: str, now: int) -> int:
    """For how many seconds a release ran a chart without interruption and without a rollout in progress, at most: from
    the committer date of the commit that published it. A shallow clone is
    deepened."""

    def longest() -> int:
        spans = (end - start for ran, start, end in _spans(repository, head, name, now) if ran == chart)
        return max(0, *spans, 0)

    if is_shallow(repository):
        _deepened(repository, branch)
    return longest()


def runs_now(repository: Repository, head: str, branch: str, name: str) -> str:
    """The chart that a release runs, '' for none and in a rollout: with a suspended one, not what is published."""
    if is_shallow(repository):
        _deepened(repository, branch)
    return next((chart for chart, _ in reversed(_runs(repository, head, name))), '')


def charts_run(repository: Repository, head: str, name: str, *, ever: bool) -> set[str]:
    """The charts that a release ran without a rollout in progress, in the history that this clone has."""
    found: set[str] = set()
    for before, now in pairwise(['', *(chart for chart, _ in _runs(repository, head, name) if chart)]):
        if not ever and number_of(now) < number_of(before):
            found.discard(before)
        found.add(now)
    return found


def _deepened(repository: Repository, branch: str) -> bool:
    with suppress(CommandFailed):
        return deepen(repository, branch)
    return False


def _spans(repository: Repository, head: str, name: str, now: int) -> Iterator[tuple[str, int, int]]:
    """Yield the charts that a release ran, each with its start and its end, in seconds since the epoch."""
    runs = _runs(repository, head, name)
    starts = [(chart, date) for place, (chart, date) in enumerate(runs) if not place or runs[place - 1][0] != chart]
    for (chart, start), (_, end) in pairwise([*starts, ('', now)]):
        yield chart, start, end


def _runs(repository: Repository, head: str, name: str) -> list[tuple[str, int]]:
    """The chart that a release ran after each commit ('' in a rollout), and the latest date so far: clocks differ.

    While it is suspended it runs what it ran before: its agent deploys no commit.
    """
    delivery, rollout, release = delivery_file(name), rollout_file(name), release_file(name)
    changes = file_changes(repository, head, (delivery, rollout, release))
    read = {blob for _, each in changes for path, blob in each.items() if blob and path != rollout}
    contents = {'': b'', **repository.read(read)}
    blobs: dict[str, str] = {}
    ran: list[tuple[str, int]] = []
    for date, each in changes:
        blobs |= each
        chart = '' if blobs.get(rollout) else delivered_chart(contents[blobs.get(delivery, '')])
        if _is_suspended(contents[blobs.get(release, '')], release):
            chart = ran[-1][0] if ran else ''
        ran.append((chart, max(date, ran[-1][1]) if ran else date))
    return ran


def _is_suspended(data: bytes, file: str) -> bool:
    if b'suspended' not in data:
        return False
    with suppress(ProblemsFound):
        spec = read_yaml(data, file).get('spec')
        return isinstance(spec, dict) and 'suspended' in spec
    return False


def file_changes(repository: Repository, head: str, paths: Collection[str]) -> list[tuple[int, dict[str, str]]]:
    """The changes of files on a branch, the oldest first, with the committer date: blob ids by path, '' if a commit
    removes a file."""
    full = {repository.prefix + path: path for path in paths}
    options = ('--no-show-signature', '--first-parent', '-m', '--raw', '--no-abbrev', '--no-renames', '-z')
    limits = [f':(top,literal){path}' for path in full]
    listed = repository.raw('log', *options, '--format=%x01%ct', head, '--', *limits)
    changes = []
    for commit in listed.decode('utf-8', 'surrogateescape').split('\x01')[1:]:
        date, *words = commit.strip('\0\n').split('\0')
        blobs = (
            (full[path], about.split(' ')[3]) for about, path in pairwise(words) if about.lstrip('\n').startswith(':')
        )
        changes.append((read_date(date), {path: blob if blob.strip('0') else '' for path, blob in blobs}))
    return changes[::-1]
