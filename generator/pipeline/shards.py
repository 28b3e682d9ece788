"""A run over everything → runs over some of its models each, in as many processes as there are cores, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from generator.checks.capacity import outline
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.records import Ids, LedgerEntry, Registry, ResolvedRelease, Tree
from generator.tools.forks import cores, in_processes

if TYPE_CHECKING:
    from generator.domain.progress import Progress
    from generator.pipeline.run import Run

# A process of its own costs what this many models do.
FEWEST = 100
# What it takes to send the result of a shard and to take it in, by what a shard takes.
_MORE = 0.06


@dataclass(frozen=True, slots=True)
class Shard:
    """What a run over some models has made; of its releases only what they share with others.

    Files that the base holds as they are, `held`, stay where they were made: most are, and the way from one process
    to another is long. `files` are the others, with their `ids`.
    """

    registry: Registry
    ledgers: dict[str, tuple[LedgerEntry, ...]]
    releases: list[ResolvedRelease]
    files: Tree
    ids: Ids
    held: list[str]
    published: dict[str, frozenset[str]]


def run_in_shards(names: Sequence[str], run_of: Callable[[Sequence[str]], Run], progress: Progress) -> Shard | None:
    """The registry files of these names in shards; None where one process does as well.

    Where something is wrong, too: a run over all of them finds and tells all of it.
    """
    models = [stem for folder, stem in map(_folder_and_stem, names) if folder == 'models']
    count = min(cores(), len(models) // FEWEST)
    if count < 2:
        return None
    number = {model: _number(index / len(models), count) for index, model in enumerate(sorted(models))}
    runs = [run_of(shard) for shard in _cut(names, number, count)]
    runs[0].progress = progress  # the others do as much in the same time
    try:
        made = in_processes(lambda index: _shard(runs[index]), range(count))
    except (ProblemsFound, CommandFailed):
        return None
    return reduce(_together, made) if made else None


def _number(place: float, count: int) -> int:
    """The shard of a model at a place from 0 to 1: the first one takes more, for it has nothing to send."""
    first = (1 + _MORE) / (count + _MORE)
    return 0 if place < first else min(count - 1, 1 + int((place - first) / (1 - first) * (count - 1)))


def _cut(names: Sequence[str], number: Mapping[str, int], count: int) -> list[list[str]]:
    """Models and their releases go to one shard, by number; what all may need goes to each."""
    shards: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        folder, stem = _folder_and_stem(name)
        # A release without a model goes somewhere, or nobody would miss the model.
        for shard in [shards[number.get(stem, 0)]] if folder in ('models', 'releases', 'rollouts') else shards:
            shard.append(name)
    return shards


def _folder_and_stem(name: str) -> tuple[str, str]:
    folder, _, rest = name.partition('/')[2].partition('/')
    return folder, rest.rpartition('/')[2].removesuffix('.yaml')


def _shard(run: Run) -> Shard:
    base, files, ids, held = run.base.ids, {}, {}, []
    for path, blob in run.desired_ids.items():
        if base.get(path) == blob:
            held.append(path)
        else:
            files[path], ids[path] = run.files[path], blob
    outlines = [outline(release) for release in run.releases]
    return Shard(run.registry, dict(run.base.ledgers), outlines, files, ids, held, run.published)


def _together(one: Shard, other: Shard) -> Shard:
    mine, theirs = one.registry, other.registry
    registry = replace(
        mine,
        models={**mine.models, **theirs.models},
        releases={**mine.releases, **theirs.releases},
        rollouts={**mine.rollouts, **theirs.rollouts},
    )
    ledgers, releases = {**one.ledgers, **other.ledgers}, [*one.releases, *other.releases]
    files, ids = {**one.files, **other.files}, {**one.ids, **other.ids}
    published = {**one.published, **other.published}
    return Shard(registry, ledgers, releases, files, ids, [*one.held, *other.held], published)
