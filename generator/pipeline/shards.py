"""Registry files → parts for several processes → one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from generator.domain.generated import LedgerEntry, ResolvedRelease
from generator.domain.layout import OF_ONE_MODEL, folder_and_stem
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.progress import Progress, quiet
from generator.domain.records import Registry
from generator.domain.tree import Ids, Tree
from generator.tools.forks import cores, in_processes

# A process costs as much as this many models.
FEWEST = 100
# Cost of sending and receiving the result of a shard, relative to making it.
_MORE = 0.06


@dataclass(frozen=True, slots=True)
class Made:
    """Result for some models: `outlines` contain what releases share with others, `ids` are those of all files.

    `files` are only those that differ from the base, because sending them to another process is slow.
    """

    registry: Registry
    ledgers: dict[str, tuple[LedgerEntry, ...]]
    published: dict[str, frozenset[str]]
    outlines: list[ResolvedRelease]
    files: Tree
    ids: Ids


# Registry files → result.
Make = Callable[[Sequence[str], Progress], Made]


def made_in_shards(names: Sequence[str], make: Make, progress: Progress) -> Made | None:
    """Make the result of these registry files in shards; None if one process is enough, or if there are problems.

    A run over all files then reports all problems.
    """
    models = [stem for folder, stem in map(folder_and_stem, names) if folder == 'models']
    count = min(cores(), len(models) // FEWEST)
    if count < 2:
        return None
    number = {model: _number(index / len(models), count) for index, model in enumerate(sorted(models))}
    parts = _cut(names, number, count)
    try:
        # One progress bar: the other shards take the same time.
        made = in_processes(lambda index: make(parts[index], quiet if index else progress), range(count))
    except (ProblemsFound, CommandFailed):
        return None
    return reduce(_together, made) if made else None


def _number(place: float, count: int) -> int:
    """Shard of a model at a place from 0 to 1; the first shard gets more, because it sends nothing."""
    first = (1 + _MORE) / (count + _MORE)
    return 0 if place < first else min(count - 1, 1 + int((place - first) / (1 - first) * (count - 1)))


def _cut(names: Sequence[str], number: Mapping[str, int], count: int) -> list[list[str]]:
    """Assign models and their releases to one shard by number, and shared files to each shard."""
    shards: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        folder, stem = folder_and_stem(name)
        # A release without a model must be in a shard, so that the missing model is reported.
        for shard in [shards[number.get(stem, 0)]] if folder in OF_ONE_MODEL else shards:
            shard.append(name)
    return shards


def _together(one: Made, other: Made) -> Made:
    mine, theirs = one.registry, other.registry
    registry = replace(
        mine,
        models={**mine.models, **theirs.models},
        releases={**mine.releases, **theirs.releases},
        rollouts={**mine.rollouts, **theirs.rollouts},
    )
    ledgers, published = {**one.ledgers, **other.ledgers}, {**one.published, **other.published}
    outlines = [*one.outlines, *other.outlines]
    return Made(registry, ledgers, published, outlines, {**one.files, **other.files}, {**one.ids, **other.ids})
