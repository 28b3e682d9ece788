"""A release and the history of the published branch → the charts that it ran there at the end of a rollout."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from itertools import pairwise

from generator.domain.layout import delivered_chart, delivery_file, rollout_file
from generator.domain.problems import CommandFailed
from generator.tools.git.remote import deepen
from generator.tools.git.repository import Repository


def had(repository: Repository, head: str, branch: str, name: str, chart: str, *, ever: bool) -> bool:
    """Whether a release ran a chart without a rollout in progress; a shallow clone is deepened to find it.

    `ever`: also one that it gave up for an older chart.
    """
    if chart in _charts(repository, head, name, ever=ever):
        return True
    with suppress(CommandFailed):
        return deepen(repository, branch) and chart in _charts(repository, head, name, ever=ever)
    return False


def _charts(repository: Repository, head: str, name: str, *, ever: bool) -> set[str]:
    delivery, rollout = delivery_file(name), rollout_file(name)
    blobs: dict[str, str] = {}
    ran: list[str] = []
    for changes in _history(repository, head, (delivery, rollout)):
        blobs |= changes
        if not blobs.get(rollout) and (blob := blobs.get(delivery)):
            ran.append(blob)
    contents = repository.read(ran)
    charts = [delivered_chart(contents[blob]) for blob in ran]
    found: set[str] = set()
    for before, now in pairwise(['', *charts]):
        if not ever and _number(now) < _number(before):
            found.discard(before)
        found.add(now)
    return found


def _number(chart: str) -> list[int]:
    return [int(part) for part in chart.split('.')] if chart else []


def _history(repository: Repository, head: str, paths: Collection[str]) -> list[dict[str, str]]:
    """The changes of files on a branch, the oldest first: blob ids by path, '' if a commit removes a file."""
    full = {repository.prefix + path: path for path in paths}
    options = ('--no-show-signature', '--first-parent', '-m', '--raw', '--no-abbrev', '--no-renames', '-z')
    limits = [f':(top,literal){path}' for path in full]
    listed = repository.raw('log', *options, '--format=%x01', head, '--', *limits).decode('utf-8', 'surrogateescape')
    changes = []
    for commit in listed.split('\x01')[1:]:
        words = commit.strip('\0\n').split('\0')
        blobs = ((full[path], about.split(' ')[3]) for about, path in pairwise(words) if about.startswith(':'))
        changes.append({path: blob if blob.strip('0') else '' for path, blob in blobs})
    return changes[::-1]
