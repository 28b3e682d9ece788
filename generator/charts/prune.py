"""Registry and ledgers → which chart folders have to stand, which are or may be pruned, and ledgers that say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from generator.domain.records import LedgerEntry, Model, Registry, Settings

_KEEP = 10  # as schemas/settings.json says

Ledger = Sequence[LedgerEntry]


def kept(settings: Settings) -> int:
    """How many of the newest charts of each model stay."""
    return int(settings.spec.get('charts', {}).get('keep', _KEEP))


def named_charts(registry: Registry) -> Mapping[str, Collection[str]]:
    """Chart versions that a release pins or a rollout names, by model."""
    found: dict[str, set[str]] = defaultdict(set)
    for release in registry.releases.values():
        if release.chart:
            found[release.model].add(release.chart)
    for rollout in registry.rollouts.values():
        found[rollout.model].update(str(rollout.spec[end]['chart']) for end in ('from', 'to'))
    return found


def needed(model: Model | None, ledger: Ledger, named: Collection[str]) -> frozenset[str]:
    """Versions whose folder has to stand: those that are named, and the one that environments follow."""
    newest = [entry.version for entry in ledger if model and entry.model_version == model.newest.version]
    return frozenset((*named, *newest[-1:]))


def choose_pruned(
    model: Model | None, base: Ledger, current: Ledger, named: Collection[str], keep: int = 0
) -> frozenset[str]:
    """Versions of the base's ledger whose folder does not stand; never one that is needed. A model may be gone.

    They are those that the current ledger calls pruned, or the base's where the current one has no such version. With
    `keep` all others go, too, but for the newest so many.
    """
    said = {entry.version: entry.pruned for entry in (*base, *current)}
    old = base[:-keep] if keep else ()
    gone = {*(e.version for e in base if said[e.version]), *(e.version for e in old)}
    return frozenset(gone - needed(model, base, named))


def pruned(ledger: Ledger) -> frozenset[str]:
    return frozenset(entry.version for entry in ledger if entry.pruned)


def marked(ledger: Ledger, versions: Collection[str]) -> tuple[LedgerEntry, ...]:
    """The ledger with exactly these versions pruned."""
    return tuple(e if e.pruned == (e.version in versions) else replace(e, pruned=not e.pruned) for e in ledger)
