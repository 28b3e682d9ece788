"""Two sides of a merge → the draft charts of each, and their numbers in the result; pins follow them.

A draft is a chart that the published branch does not have: both sides may have given the same number to different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.charts.ledger import read_before
from generator.charts.versions import ModelCharts
from generator.documents.edit import Scalar, set_values
from generator.documents.nulls import read_with_nulls
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHARTS, OF_ONE_MODEL, folder_and_stem, is_ledger, ledger_file, model_of
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound
from generator.domain.tree import LINK
from generator.tools.git.repository import Repository

# Where a release and a rollout name a chart.
_PINS: tuple[Path, ...] = (('spec', 'chart'), ('spec', 'rollback'), ('spec', 'from', 'chart'), ('spec', 'to', 'chart'))
# The drafts of a side, by model and number.
Drafts = Mapping[tuple[str, str], LedgerEntry]
# What a draft is called in the result.
Number = Callable[[str, LedgerEntry], str]


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A draft chart with its number on this branch and in the result."""

    model: str
    version: str
    before: str
    now: str


def drafts_of(repository: Repository, commit: str, published: Mapping[str, str]) -> Drafts:
    """Return the charts in the ledgers of a commit that the published ledgers (blob ids by path) do not have."""
    held = {p: blob for p, blob in repository.ids(commit, [CHARTS]).items() if is_ledger(p) and blob != LINK}
    changed = {path: blob for path, blob in held.items() if published.get(path) != blob}
    blobs = repository.read([*changed.values(), *(published[path] for path in changed if path in published)])
    found = {}
    for path, blob in changed.items():
        known = read_before(blobs[published[path]], path) if path in published else ()
        digests = {(entry.version, entry.digest) for entry in known}
        mine = (entry for entry in read_before(blobs[blob], path) if (entry.version, entry.digest) not in digests)
        found.update({(model_of(path), entry.version): entry for entry in mine})
    return found


def pins_of(name: str, data: bytes | None, drafts: Drafts) -> dict[Path, LedgerEntry]:
    """Return the places of a registry file that name a draft."""
    if not drafts or data is None or folder_and_stem(name)[0] not in OF_ONE_MODEL:
        return {}
    try:
        document = read_with_nulls(data, name)[0]
    except ProblemsFound:
        return {}
    model = folder_and_stem(name)[1]
    named = {place: (model, str(_at(document, place))) for place in _PINS}
    return {place: drafts[key] for place, key in named.items() if key in drafts}


def _at(value: Any, place: Path) -> Any:
    for step in place:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def with_numbers(name: str, data: bytes | None, drafts: Drafts, number: Number) -> bytes | None:
    """Return a release or a rollout that names its drafts as the result does; comments are kept."""
    model = folder_and_stem(name)[1]
    pins = pins_of(name, data, drafts)
    changes: dict[Path, Scalar] = {place: number(model, entry) for place, entry in pins.items()}
    moved = any(changes[place] != pins[place].version for place in pins)
    return set_values(data, name, changes) if data is not None and moved else data


def numbers(charts: Mapping[str, ModelCharts]) -> Number:
    """Return how drafts are called: by the chart with their content, else by the newest of their model version."""

    def number(model: str, draft: LedgerEntry) -> str:
        ledger = charts[model].ledger if model in charts else ()
        same = [e.version for e in ledger if (e.model_version, e.content) == (draft.model_version, draft.content)]
        newest = [entry.version for entry in ledger if entry.model_version == draft.model_version]
        return [draft.version, *newest, *same][-1]

    return number


def renumbered(drafts: Drafts, charts: Mapping[str, ModelCharts]) -> Iterator[Renumbered]:
    """Yield the drafts whose number changes."""
    number = numbers(charts)
    for (model, before), entry in sorted(drafts.items()):
        now = number(model, entry)
        if now != before:
            yield Renumbered(model, entry.model_version, before, now)


def ledgers_of(repository: Repository, commit: str, models: list[str]) -> dict[str, tuple[LedgerEntry, ...]]:
    """Read the ledgers of some models as a commit has them."""
    ids = repository.ids(commit, [ledger_file(model) for model in models]) if models else {}
    blobs = repository.read(blob for blob in ids.values() if blob != LINK)
    return {model_of(path): read_before(blobs[blob], path) for path, blob in ids.items() if blob != LINK}
