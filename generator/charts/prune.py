"""Registry and ledgers → the chart folders that must exist, those that are or may be pruned, and the marked ledgers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from generator.charts.followed import followed
from generator.domain.generated import LedgerEntry
from generator.domain.records import Model, Registry
from generator.domain.settings import Settings

_KEEP = 10  # the default in schemas/settings.json

Ledger = Sequence[LedgerEntry]
_NONE: Mapping[str, Ledger] = {}


def kept(settings: Settings) -> int:
    """Return how many of the newest charts of each model are kept."""
    return int(settings.spec.get('charts', {}).get('keep', _KEEP))


def named_charts(registry: Registry, ledgers: Mapping[str, Ledger] = _NONE) -> Mapping[str, Collection[str]]:
    """Return the chart versions that a release pins or a rollout names, by model, and those that a release follows
    because it gave up the newest."""
    found: dict[str, set[str]] = defaultdict(set)
    for release in registry.releases.values():
        if release.chart:
            found[release.model].add(release.chart)
        elif 'withdrawn' in release.spec and release.model in registry.models:
            entry = followed(release, registry.models[release.model], ledgers.get(release.model, ()))
            found[release.model].update([entry.version] if entry else [])
    for rollout in registry.rollouts.values():
        found[rollout.model].update(str(rollout.spec[end]['chart']) for end in ('from', 'to'))
    return found


def needed(model: Model | None, ledger: Ledger, named: Collection[str]) -> frozenset[str]:
    """Return the versions whose folder must exist: those that are named, and the one that environments follow."""
    newest = [entry.version for entry in ledger if model and entry.model_version == model.newest.version]
    return frozenset((*named, *newest[-1:]))


def choose_pruned(
    model: Model | None, base: Ledger, current: Ledger, named: Collection[str], keep: int = 0
) -> frozenset[str]:
    """Return the versions of the base's ledger that have no folder; never a needed one. `model` is None if removed.

    They are those that the current ledger, or else the base's, marks as pruned. With `keep`, all versions except the
    newest `keep` are pruned, too.
    """
    said = {entry.version: entry.pruned for entry in (*base, *current)}
    old = base[:-keep] if keep else ()
    gone = {*(e.version for e in base if said[e.version]), *(e.version for e in old)}
    return frozenset(gone - needed(model, base, named))


def pruned(ledger: Ledger) -> frozenset[str]:
    return frozenset(entry.version for entry in ledger if entry.pruned)


def marked(ledger: Ledger, versions: Collection[str]) -> tuple[LedgerEntry, ...]:
    """Return the ledger with exactly these versions marked as pruned."""
    return tuple(e if e.pruned == (e.version in versions) else replace(e, pruned=not e.pruned) for e in ledger)
