"""A base → its ledgers by model, with the entries that a revert removed: published charts stay published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from generator.charts.ledger import read_before, read_published, with_lost
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHARTS, is_ledger, ledger_file, model_folder, model_of
from generator.domain.records import Ids
from generator.domain.tree import LINK
from generator.plan.message import TRAILER
from generator.tools.git.repository import Repository

Ledgers = Mapping[str, tuple[LedgerEntry, ...]]


def lost_ledgers(repository: Repository, revision: str, models: Collection[str] = ()) -> Ids:
    """The ledgers of these models, () for all, that a commit changed or removed: it may be a revert.

    They have their blob ids of its first parent. {} for a commit that chartloom made (it removes only drafts), and if
    there is no parent, as in a shallow clone.
    """
    if not revision:
        return {}
    options = ('--literal-pathspecs', 'diff-tree', '-r', '-z', '--raw', '--no-renames', '--diff-filter=DM')
    below = [f'{repository.prefix}{folder}' for folder in (map(model_folder, models) if models else (CHARTS,))]
    listing = repository.ask(*options, f'{revision}^', revision, '--', *below).split('\0')
    # Alternating: `:mode mode id id kind`, then a path.
    pairs = zip(listing[:-1:2], listing[1::2], strict=True)
    found = {path.removeprefix(repository.prefix): about.split(' ')[2] for about, path in pairs}
    ledgers = {path: blob for path, blob in found.items() if is_ledger(path)}
    ours = f'--format=%(trailers:key={TRAILER})'
    return {} if ledgers and repository.ask('log', '-1', ours, revision) else ledgers


def read_ledgers(repository: Repository, ids: Ids, lost: Ids, models: Collection[str]) -> Ledgers:
    """Read the ledgers of these models; raises ProblemsFound if one is invalid. `ids` are those of the base's files."""
    return _read(repository, ids, lost, models, read_published)


def ledgers_of_others(repository: Repository, ids: Ids, lost: Ids, models: Collection[str]) -> Ledgers:
    """Read the ledgers of all other models, which are not in the registry; invalid ledgers are skipped."""
    others = {model_of(path) for path in (*ids, *lost) if is_ledger(path)}.difference(models)
    found = _read(repository, ids, lost, sorted(others), read_before)
    return {model: entries for model, entries in found.items() if entries}


def _read(
    repository: Repository,
    ids: Ids,
    lost: Ids,
    models: Collection[str],
    read: Callable[[bytes, str], tuple[LedgerEntry, ...]],
) -> Ledgers:
    files = {model: ledger_file(model) for model in models}
    now = {model: ids[file] for model, file in files.items() if file in ids}
    before = {model: lost[file] for model, file in files.items() if file in lost}
    blobs = {LINK: b'', **repository.read(blob for blob in (*now.values(), *before.values()) if blob != LINK)}
    ledgers = {model: read(blobs[blob], files[model]) for model, blob in now.items()}
    for model, blob in before.items():
        ledgers[model] = with_lost(ledgers.get(model, ()), read_before(blobs[blob], files[model]))
    return ledgers
