"""Two sides of a merge → the draft charts of each, and their numbers in the result; pins follow them.

A draft is a chart that the published branch does not have: both sides may have given the same number to different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.charts.ledger import read_before
from generator.charts.versions import ModelCharts
from generator.documents.edit import Scalar, set_values
from generator.documents.nulls import read_with_nulls
from generator.domain.generated import LedgerEntry
from generator.domain.layout import BY_ENVIRONMENT, CHARTS, folder_and_stem, is_ledger, ledger_file, model_of
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound
from generator.domain.tree import LINK
from generator.tools.git.repository import Repository
from generator.tools.git.sides import changed_entries

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


def changed_models(repository: Repository, old: str, new: str) -> list[str]:
    """Return the models whose ledgers differ between two commits, sorted."""
    paths = changed_entries(repository, old, new, CHARTS) if old != new else ()
    ours = (path.removeprefix(repository.prefix) for path in paths)
    return sorted(model_of(path) for path in ours if is_ledger(path))


def ledgers_of(repository: Repository, commit: str, models: Sequence[str]) -> dict[str, tuple[LedgerEntry, ...]]:
    """Read the ledgers of some models as a commit has them."""
    ids = repository.ids(commit, [ledger_file(model) for model in models]) if models else {}
    blobs = repository.read(blob for blob in ids.values() if blob != LINK)
    return {model_of(path): read_before(blobs[blob], path) for path, blob in ids.items() if blob != LINK}


def drafts_of(repository: Repository, commit: str, published: str) -> Drafts:
    """Return the charts in the ledgers of a commit that those of the published commit do not have."""
    models = changed_models(repository, published, commit)
    before, now = (ledgers_of(repository, each, models) for each in (published, commit))
    found = {}
    for model, entries in now.items():
        known = {(entry.version, entry.digest) for entry in before.get(model, ())}
        found.update({(model, e.version): e for e in entries if (e.version, e.digest) not in known})
    return found


def pins_of(name: str, data: bytes | None, drafts: Drafts) -> dict[Path, LedgerEntry]:
    """Return the places of a registry file that name a draft."""
    if not drafts or data is None or folder_and_stem(name)[0] not in BY_ENVIRONMENT:
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
