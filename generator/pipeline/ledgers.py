"""A base → its ledgers by model, with the entries that a revert removed: published charts stay published."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from generator.charts.differing import ledger_differences
from generator.charts.ledger import read_before, read_ledger, read_published, with_lost
from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHARTS, is_ledger, ledger_file, model_folder, model_of
from generator.domain.problems import CommandFailed, Problem, ProblemsFound, problem
from generator.domain.tree import LINK, Ids
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
    listing = repository.ask(*options, f'{revision}^', revision, '--', *below, env=repository.no_index).split('\0')
    # Alternating: `:mode mode id id kind`, then a path.
    pairs = zip(listing[:-1:2], listing[1::2], strict=True)
    found = {path.removeprefix(repository.prefix): about.split(' ')[2] for about, path in pairs}
    ledgers = {path: blob for path, blob in found.items() if is_ledger(path)}
    ours = f'--format=%(trailers:key={TRAILER})'
    return {} if ledgers and repository.ask('log', '-1', ours, revision) else ledgers


def read_ledgers(repository: Repository, ids: Ids, lost: Ids, models: Collection[str]) -> Ledgers:
    """Read the ledgers of these models; raises ProblemsFound if one is invalid. `ids` are those of the base's files."""

    def read(data: bytes, file: str) -> tuple[LedgerEntry, ...]:
        return _checked(repository, data, file)

    return _read(repository, ids, lost, models, read)


def refuse_rewritten(repository: Repository, revision: str, ids: Ids, lost: Ids) -> None:
    """Raise ProblemsFound if a `git revert` on the published branch gave known chart versions other bytes again.

    It takes back the second commit of a branch that had changed its own draft. Other commits may do so: they came by
    fast-forward.
    """
    files = [file for file in lost if file in ids and LINK not in (ids[file], lost[file])]
    if not files or not _REVERT.search(repository.ask('log', '-1', '--format=%b', revision)):
        return
    contents = repository.read(blob for file in files for blob in (ids[file], lost[file]))
    problems = []
    for file in files:
        now = {entry.version: entry for entry in read_before(contents[ids[file]], file)}
        before = [entry for entry in read_before(contents[lost[file]], file) if entry.version in now]
        rewritten = [entry for entry in before if entry.digest != now[entry.version].digest]
        if rewritten:
            told = ledger_differences(rewritten, [now[entry.version] for entry in rewritten])
            folder = file.rpartition('/')[0]
            hint = f"keep the charts and commit that: 'git restore -SW -s {revision[:12]}~ -- {folder}'"
            problems.append(Problem(file, '', f'the revert changes published charts: {told}', hint))
    if problems:
        raise ProblemsFound(problems)


_REVERT = re.compile(r'^This reverts commit [0-9a-f]{40}', re.MULTILINE)


def _checked(repository: Repository, data: bytes, file: str) -> tuple[LedgerEntry, ...]:
    try:
        return read_published(data, file)
    except ProblemsFound as error:
        entries = read_ledger(data, file)  # it tells what is no ledger at all
        before = next(iter(earlier_states(repository, file)), entries)
        if told := ledger_differences(before, entries):
            [found] = error.problems
            raise problem(file, '', f'{found.message}: {told}', found.hint) from None
        raise


def earlier_states(repository: Repository, file: str) -> Iterator[tuple[LedgerEntry, ...]]:
    """The states of a ledger in the history of HEAD as chartloom wrote them, the newest first; the last hundred."""
    options = ('--max-count=100', '--no-show-signature', '--format=', '--raw', '--no-abbrev', '--no-renames', '-z')
    listed = repository.ask('log', *options, 'HEAD', '--', f':(top,literal){repository.prefix}{file}')
    blobs = [about.split(' ')[3] for about in listed.replace('\n', '\0').split('\0') if about.startswith(':')]
    kept = [blob for blob in dict.fromkeys(blobs) if blob.strip('0')]
    try:
        contents = repository.read(kept)
    except (CommandFailed, ProblemsFound):  # a partial clone without its remote
        return
    yield from filter(None, (read_before(contents[blob], file) for blob in kept))


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
