"""A repository → packages of the charts that its ledgers vouch for, from the work tree, a revision or git's history."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from generator.charts.archive import Package, package
from generator.charts.ledger import read_published
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
)
from generator.domain.problems import ProblemsFound, problem
from generator.domain.settings import Settings
from generator.domain.tree import LINK, Tree
from generator.domain.values import Values
from generator.domain.words import quoted, suggest
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.ledgers import lost_ledgers
from generator.pipeline.other_bytes import other_bytes
from generator.pipeline.published import Base, read_base
from generator.pipeline.restore import restore
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
    charts = ChartFiles(source.repository, source.generated, settings)
    folder = charts.places.folder(model, entry)
    if not folder:
        return packaged(model, entry, restore(source.repository, model, entry, settings))
    there = charts.places.blobs(folder)
    files = {path: b'' if blob == LINK else source.read(f'{folder}/{path}') for path, blob in there.items()}
    if LINK in there.values() or digest(files) != entry.digest:
        draft = f'{folder}/{CHART_YAML}' not in base.ids
        hint = "run 'chartloom generate'" if draft else ''
        raise ProblemsFound(other_bytes(source.repository, folder, entry, files, there, hint))
    return packaged(model, entry, files)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The charts of the ledgers of a base, and their files, wherever they are."""

    base: Base
    files: ChartFiles

    def entries(self, model: str, *, pruned: bool) -> list[LedgerEntry]:
        """The charts of a model in the ledger; those that are pruned, which git has, only with `pruned`."""
        return [entry for entry in self.base.ledgers[model] if pruned or not entry.pruned]

    def check(self, model: str, entries: Collection[LedgerEntry]) -> None:
        """Raise ProblemsFound if the files of a chart that has a folder are not those of the ledger."""
        there = [entry for entry in entries if self.files.places.folder(model, entry)]
        self.files.load((model, entry) for entry in there)
        for entry in there:
            self.files.read(model, entry)

    def packages(self, model: str, entries: Collection[LedgerEntry]) -> Iterator[Packaged]:
        self.files.load((model, entry) for entry in entries)
        for entry in entries:
            yield packaged(model, entry, self.files.read(model, entry))


def open_shelf(repository: Repository, base: Base, settings: Settings) -> Shelf:
    return Shelf(base, ChartFiles(repository, base.ids, settings))


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
        names = source.known(MODELS)
        hint = "run 'chartloom generate'" if model in names else suggest(model, names)
        raise problem(file, '', f'no charts of model {quoted(model)}', hint)
    if version and version not in known:
        raise problem(file, '', f'no chart {quoted(version)} of model {quoted(model)}', suggest(version, known))
    return known[version or next(reversed(known))]
