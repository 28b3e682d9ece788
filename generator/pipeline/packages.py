"""A repository → packages of the charts that its ledgers vouch for, from the work tree, a revision or git's history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from generator.charts.archive import Package, package
from generator.charts.ledger import TAMPERED, brought_back, read_published
from generator.charts.versions import digest
from generator.documents.read import read_yaml
from generator.domain.generated import LedgerEntry
from generator.domain.layout import (
    CHART_YAML,
    MODELS,
    chart_folder,
    is_ledger,
    ledger_file,
    model_of,
    names_below,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Settings, Tree, Values
from generator.domain.tree import LINK
from generator.domain.words import quoted, suggest
from generator.pipeline.ledgers import lost_ledgers
from generator.pipeline.places import ChartPlaces
from generator.pipeline.published import Base, files_reader, read_base
from generator.pipeline.restore import restore, tree_files
from generator.pipeline.revisions import base_revision
from generator.pipeline.source import Source
from generator.registry.load import is_name
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Packaged:
    """A chart version of a ledger and its package."""

    model: str
    entry: LedgerEntry
    package: Package


def published_base(source: Source, branch: str, named: str = '') -> Base:
    """Read the base with the ledgers of all models in scope, also of those that are not in the registry any more."""
    revision = base_revision(source, branch, named)
    lost = lost_ledgers(source.repository, revision, source.scope)
    models = {model_of(path) for path in (*source.held_by(revision), *lost) if is_ledger(path)}
    if odd := sorted(model for model in models if not is_name(model)):
        raise problem(
            ledger_file(odd[0]), '', f'expected the name of a model, found {quoted(odd[0])}', 'remove the folder'
        )
    return read_base(source, revision, lost, sorted(models))


def package_here(source: Source, settings: Settings, model: str, version: str = '') -> Packaged:
    """Package a chart of the work tree, by default the newest; one whose folder is not there is restored from git.

    Raises ProblemsFound if its files are not those of the ledger.
    """
    base = published_base(source, settings.branch)
    entry = _entry(source, base, model, version)
    places = ChartPlaces(source.generated, source.repository.object_format)
    folder = places.folder(model, entry)
    if not folder:
        return packaged(model, entry, restore(source.repository, model, entry, settings))
    there = places.blobs(folder)
    files = {path: b'' if blob == LINK else source.read(f'{folder}/{path}') for path, blob in there.items()}
    if LINK in there.values() or digest(files) != entry.digest:
        raise ProblemsFound(_differences(source.repository, base, folder, entry, there, files))
    return packaged(model, entry, files)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The charts of the ledgers of a base, wherever their files are."""

    repository: Repository
    base: Base
    settings: Settings

    def entries(self, model: str, *, pruned: bool) -> list[LedgerEntry]:
        """The charts of a model in the ledger; those that are pruned, which git has, only with `pruned`."""
        return [entry for entry in self.base.ledgers[model] if pruned or not entry.pruned]

    def packages(self, model: str, entries: Collection[LedgerEntry]) -> Iterator[Packaged]:
        read = files_reader(self.repository, self.base, self.settings, [(model, entry) for entry in entries])
        for entry in entries:
            files = read(model, entry)
            if digest(files) != entry.digest:
                folder = chart_folder(model, entry.version)
                raise problem(folder, '', TAMPERED, brought_back(folder))
            yield packaged(model, entry, files)


def packaged(model: str, entry: LedgerEntry, files: Tree) -> Packaged:
    """Package a chart; raises ProblemsFound if it is not the one of its ledger: by name, version, or manifest."""
    made = package(files, _about(model, entry, files))
    if entry.manifest != made.digest:
        message = f"expected '{made.digest}' as manifest of chart {entry.version}, found {quoted(entry.manifest)}"
        raise problem(ledger_file(model), '', message, 'undo the change of the ledger and commit that')
    return Packaged(model, entry, made)


def _about(model: str, entry: LedgerEntry, files: Tree) -> Values:
    """Read Chart.yaml; what it says becomes the name of an archive, and an address in a registry."""
    file = f'{chart_folder(model, entry.version)}/{CHART_YAML}'
    hint = 'undo the change of the chart and its ledger, and commit that'
    if odd := [path for path in files if not (path.isascii() and path.isprintable())]:
        raise problem(file, '', f'expected plain names of files in a chart, found {quoted(odd[0])}', hint)
    about = read_yaml(files.get(CHART_YAML, b'{}'), file)
    found = (about.get('name'), about.get('version')) if isinstance(about, dict) else (None, None)
    if found != (model, entry.version) or not isinstance(about.get('annotations', {}), dict):
        shown = ' '.join(str(each) for each in found if each) or 'no name and version'
        message = f'expected chart {quoted(f"{model} {entry.version}")}, found {quoted(shown)}'
        raise problem(file, '', message, hint)
    return about  # type: ignore[no-any-return]


def _entry(source: Source, base: Base, model: str, version: str) -> LedgerEntry:
    """A chart version of the ledger of the work tree; a published one as it was published."""
    file = ledger_file(model)
    published = base.ledgers.get(model, ())
    here = read_published(source.read(file), file) if file in source.generated else ()
    known = {entry.version: entry for entry in (*here, *published)}
    if not known:
        names = names_below(MODELS, source.names)
        hint = "run 'chartloom generate'" if model in names else suggest(model, names)
        raise problem(file, '', f'no charts of model {quoted(model)}', hint)
    if version and version not in known:
        raise problem(file, '', f'no chart {quoted(version)} of model {quoted(model)}', suggest(version, known))
    return known[version or next(reversed(known))]


def _below(folder: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Blob ids of the files of a folder, by their paths in it."""
    return {path.removeprefix(f'{folder}/'): blob for path, blob in ids.items() if path.startswith(f'{folder}/')}


def _differences(
    repository: Repository, base: Base, folder: str, entry: LedgerEntry, there: Mapping[str, str], files: Tree
) -> Iterator[Problem]:
    """Say which files are not those of the ledger, and how; the whole folder if git does not have its files."""
    published = _below(folder, base.ids)
    hint = brought_back(folder) if published else "run 'chartloom generate'"
    blobs = published or tree_files(repository, entry) or {}
    contents = repository.read(set(blobs.values()) - {LINK})
    wanted = {path: contents.get(blob, b'') for path, blob in blobs.items()}
    if digest(wanted) != entry.digest:
        yield Problem(folder, '', TAMPERED, hint)
        return
    for path in sorted({*wanted, *files}):
        if message := _difference(path, wanted, files, there):
            yield Problem(f'{folder}/{path}', '', message, hint)


def _difference(path: str, wanted: Tree, files: Tree, there: Mapping[str, str]) -> str:
    if path not in files:
        return 'file of a chart not found'
    if path not in wanted:
        return 'not a file of this chart version'
    if there[path] == LINK:
        return 'expected a file, found a link'
    if files[path] == wanted[path]:
        return ''
    old, new = (data.decode(errors='replace').split('\n') for data in (wanted[path], files[path]))
    at = next(
        (n for n, lines in enumerate(zip(old, new, strict=False)) if lines[0] != lines[1]), min(len(old), len(new))
    )
    found, expected = (quoted(lines[at]) if at < len(lines) else 'the end of the file' for lines in (new, old))
    return f'differs from the chart of the ledger in line {at + 1}: expected {expected}, found {found}'
