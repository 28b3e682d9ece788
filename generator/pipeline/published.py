"""What is published: the base that charts are append-only against, and the charts that pinned releases stand on."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from generator.charts.ledger import TAMPERED, brought_back
from generator.charts.versions import ModelCharts, digest
from generator.documents import read as yamlio
from generator.documents.parts import read_alike
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Chart, LedgerEntry, Model, Registry, Release
from generator.domain.tree import LINK
from generator.pipeline.restore import restore
from generator.releases.resolve import choose_entry, standing
from generator.tools.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Base:
    """What is published: the revision that charts are append-only against, and its generated files."""

    revision: str
    ids: Mapping[str, str]
    ledgers: Mapping[str, tuple[LedgerEntry, ...]]


class ChartReader:
    """Charts that were not made in this run, from the base tree: what a pinned release stands on.

    Each is read as a whole, for only bytes that the ledger vouches for are known to be a chart. A pruned one comes from
    git's history; `branch` is the published one.
    """

    def __init__(self, repository: Repository, base: Base, made: Mapping[str, ModelCharts], branch: str) -> None:
        self.repository, self.base, self.made, self.branch = repository, base, made, branch
        self._blobs: dict[str, bytes] = {}
        self._charts: dict[str, Chart] = {}

    def prefetch(self, registry: Registry) -> None:
        """Read at once what the pins will ask for; a pin that is wrong is told later."""
        pinned = (_pinned(release, registry, self.made) for release in standing(registry))
        folders = {f'charts/{model}/{entry.version}' for model, entry in filter(None, pinned)}
        wanted = {blob for folder in folders for blob in self._ids(folder).values()}
        self._blobs = self.repository.read(sorted(wanted - {LINK}))

    @cached_property
    def _there(self) -> list[str]:
        return sorted(self.base.ids)

    def _ids(self, folder: str) -> dict[str, str]:
        """Blob ids of a chart's files, by their paths in its folder."""
        first, end = _within(folder, self._there)
        return {path.removeprefix(f'{folder}/'): self.base.ids[path] for path in self._there[first:end]}

    def read(self, model: str, entry: LedgerEntry) -> Chart:
        folder = f'charts/{model}/{entry.version}'
        if folder not in self._charts:
            self._charts[folder] = self._read(model, entry, folder)
        return self._charts[folder]

    def _read(self, model: str, entry: LedgerEntry, folder: str) -> Chart:
        files = self.made[model].restored.get(entry.version)
        if files is None:
            # What is no file has no bytes that the ledger could know.
            files = {path: self._blobs.get(blob, b'') for path, blob in self._ids(folder).items()}
        if not files:
            files = restore(self.repository, folder, entry, self.branch)
        if digest(files) != entry.digest:
            raise problem(folder, '', TAMPERED, brought_back(folder))
        return Chart(
            model=model, version=entry.version, model_version=entry.model_version,
            values=read_alike(files['values.yaml'], f'{folder}/values.yaml'), schema=files['values.schema.json'],
            annotations=yamlio.read(files['Chart.yaml'], f'{folder}/Chart.yaml').get('annotations', {}),
        )  # fmt: skip


def _within(folder: str, there: Sequence[str]) -> tuple[int, int]:
    """Where the files of a folder begin and end among sorted paths."""
    return bisect(there, f'{folder}/'), bisect(there, f'{folder}0')  # '0' is what follows '/'


def tampered(charts: Mapping[str, ModelCharts], base: Base, blob_id: Callable[[bytes], str]) -> list[Problem]:
    """Charts that the base holds with other bytes than its ledger says, among those that were made again in this run.

    Of the others only `verify` can tell: their bytes have to be read for it.
    """
    there, blobs, problems = sorted(base.ids), dict[int, str](), []
    for model, made in charts.items():
        known = {entry.version: entry for entry in base.ledgers.get(model, ())}
        for version, chart in made.charts.items():
            if version not in known:
                continue
            folder = f'{chart.folder}/'
            differing = []
            for path, data in chart.files.items():
                if (blob := blobs.get(id(data))) is None:  # most files are the starter's, the same in all charts
                    blob = blobs[id(data)] = blob_id(data)
                if base.ids.get(folder + path) != blob:
                    differing.append(path)
            first, end = _within(chart.folder, there)
            if _is_tampered(chart, known[version], differing, end - first):
                problems.append(Problem(chart.folder, '', TAMPERED, brought_back(chart.folder)))
    return problems


def _is_tampered(chart: Chart, entry: LedgerEntry, differing: Collection[str], count: int) -> bool:
    """By the files that differ or are missing, and the number of those that are there; no folder is made again."""
    complete = count == len(chart.files)
    if not count or (complete and not differing):
        return False
    # Another version of this tool may have told the changes otherwise, and then the digest is not the same, either.
    return not (complete and _NUMBERED.issuperset(differing) and digest(chart.files) != entry.digest)


_NUMBERED = {'Chart.yaml', 'README.md'}


def _pinned(release: Release, registry: Registry, charts: Mapping[str, ModelCharts]) -> tuple[str, LedgerEntry] | None:
    """The model and chart of a release, where the chart was not made in this run."""
    model: Model = registry.models[release.model]
    try:
        entry = choose_entry(release, registry.environments[release.environment], model, charts[release.model])
    except ProblemsFound:
        return None
    return None if entry.version in charts[release.model].charts else (model.name, entry)


def base_revision(repository: Repository, branch: str, refs: Mapping[str, str]) -> str:
    """The merge base with the published branch (the remote's where known), else HEAD; '' before the first commit.

    In the middle of a merge it is that of the commit which the merge will make.
    """
    if 'HEAD' not in refs:
        return ''
    head = refs['HEAD']
    published = refs.get(published_ref(branch, refs), head)
    merged = refs.get('MERGE_HEAD', '').split()
    return head if published == head else repository.ask('merge-base', published, head, *merged) or head


def published_ref(branch: str, refs: Mapping[str, str]) -> str:
    """The full name of the published branch: the remote's where known."""
    # A remote's branch of this name: refs/remotes/<remote>/<branch>; of several remotes origin counts.
    remote = [n for n in sorted(refs) if n.startswith('refs/remotes/') and n.split('/', 3)[3:] == [branch]]
    origin = f'refs/remotes/origin/{branch}'
    return origin if origin in remote else remote[0] if remote else f'refs/heads/{branch}'
