"""The published branch → the charts that all releases ran there, the newest first; by one `git log`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from generator.domain.layout import delivered_chart, delivery_file, release_of, rollout_file
from generator.tools.git.changes import changes_of
from generator.tools.git.repository import Repository

_ALL = 1_000_000  # commits

Ran = Sequence[tuple[int, str]]  # times, in seconds since the epoch, and charts, '' for none
# Whether what a release ran, so far, is not enough.
More = Callable[[str, Ran], bool]


def delivered(repository: Repository, head: str, models: Collection[str] = ()) -> dict[str, list[tuple[int, str]]]:
    """Read which delivery objects the published branch had, of these models or of all: times and blobs by release, the
    newest first; nothing before a commit. In a rollout a release runs what it ran before, and more: that is left out.
    """
    patterns = [file(f'*/{model}') for model in models or ['*'] for file in (delivery_file, rollout_file)]
    blobs, rolling = defaultdict[str, list[tuple[int, str]]](list), set[str]()
    for commit in reversed(changes_of(repository, head, patterns, _ALL) if head else []):
        after = {path: blob for path, (_, blob) in commit.changed.items()}
        for path, blob in after.items():
            if not (name := release_of(path)):
                continue
            if after.get(rollout_file(name), name if name in rolling else ''):
                rolling.add(name)
            else:
                rolling.discard(name)
                blobs[name].append((commit.time, blob))
    return {name: each[::-1] for name, each in blobs.items()}


def charts_of(
    repository: Repository, blobs: Mapping[str, Sequence[tuple[int, str]]], known: Mapping[str, str], more: More
) -> dict[str, Ran]:
    """Read the charts of delivery objects, of each release as far as `more` wants them; `known` are charts by blob.

    All releases are read together, one object of each at a time: most run what they ran a year ago.
    """
    charts, found = {'': '', **known}, {name: list[tuple[int, str]]() for name in blobs}
    waiting = [name for name in blobs if blobs[name]]
    while waiting:
        following = {name: blobs[name][len(found[name])] for name in waiting}
        unread = {blob for _, blob in following.values()} - charts.keys()
        charts |= {blob: delivered_chart(data) for blob, data in repository.read(sorted(unread)).items()}
        for name, (time, blob) in following.items():
            found[name].append((time, charts[blob]))
        waiting = [name for name in waiting if len(found[name]) < len(blobs[name]) and more(name, found[name])]
    return dict(found)
