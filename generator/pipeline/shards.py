"""What a run makes of many models → the same, made of some of them each by as many processes as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from generator.domain.layout import OF_ONE_MODEL, folder_and_stem
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.progress import Progress, quiet
from generator.domain.records import Ids, LedgerEntry, Registry, ResolvedRelease, Tree
from generator.tools.forks import cores, in_processes

# A process of its own costs what this many models do.
FEWEST = 100
# What it takes to send the result of a shard and to take it in, by what a shard takes.
_MORE = 0.06


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of some models: of their releases only what they share with others, `ids` of all files.

    `files` lacks those that the base holds as they are: most are, and the way from one process to another is long.
    """

    registry: Registry
    ledgers: dict[str, tuple[LedgerEntry, ...]]
    published: dict[str, frozenset[str]]
    outlines: list[ResolvedRelease]
    files: Tree
    ids: Ids


# Registry files → what is made of them.
Make = Callable[[Sequence[str], Progress], Made]


def made_in_shards(names: Sequence[str], make: Make, progress: Progress) -> Made | None:
    """What `make` makes of the registry files of these names; None where one process does as well.

    Where something is wrong, too: a run over all of them finds and tells all of it.
    """
    models = [stem for folder, stem in map(folder_and_stem, names) if folder == 'models']
    count = min(cores(), len(models) // FEWEST)
    if count < 2:
        return None
    number = {model: _number(index / len(models), count) for index, model in enumerate(sorted(models))}
    parts = _cut(names, number, count)
    try:
        # One bar is enough: the others do as much in the same time.
        made = in_processes(lambda index: make(parts[index], quiet if index else progress), range(count))
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
        folder, stem = folder_and_stem(name)
        # A release without a model goes somewhere, or nobody would miss the model.
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
