"""A branch, and the same merged with its base → what the releases that it changes are made of in the end, where that
differs from the branch alone: a reviewer approved the branch, the cluster gets the merge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.compare.difference import Difference, differences
from generator.compare.objects import digest
from generator.compare.told import shown_value
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import DELIVERY, VALUES, chart_file, chart_folder, release_file, release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Tree
from generator.pipeline.merged import Merge
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.pipeline.verify import check_rendered
from generator.tools.helm.binary import Helm, HelmRelease, Rendered, lint, template
from generator.tools.helm.schemas import ObjectSchemas
from generator.tools.temporary import temporary_folder

_MOST = 50  # differences of a release that are told
_GONE = 'the release'


@dataclass(frozen=True, slots=True)
class Deviation:
    """A field of an object that is not as approved; without a field the whole object comes or goes."""

    release: str
    object: str
    field: str
    approved: str
    merged: str

    @property
    def text(self) -> str:
        place = f'{self.object}: {self.field}' if self.field else self.object
        return f'{place} {self.approved} → {self.merged}'


@dataclass(frozen=True, slots=True)
class Judged:
    """The problems of a merged result, the releases that were compared, and where they differ."""

    problems: Sequence[Problem] = ()
    releases: Sequence[str] = ()
    deviations: Sequence[Deviation] = ()


def judge(merge: Merge, alone: Sequence[Problem], helm: Helm, schemas: ObjectSchemas | None, jobs: int) -> Judged:
    """Render the releases that the branch changes on both sides, in a temporary folder; `alone` are the problems of the
    branch itself, with which nothing is rendered."""
    sides = merge.sides
    try:
        _ = merge.plan  # raises what is wrong with the whole
    except ProblemsFound as error:
        return Judged([*dict.fromkeys([*alone, *error.problems])])
    if alone:
        return Judged(alone)
    branch = Run(open_revision(sides.repository, sides.ours, sides.repository.refs()), sides.base)
    names = _changed(merge)
    problems: list[Problem] = []
    with temporary_folder() as folder:
        approved = _rendered(branch, names, helm, folder / 'approved', jobs)
        merged = _rendered(merge.run, names, helm, folder / 'merged', jobs)
        problems += _linted(merge.run, names, helm, folder / 'merged', jobs)
    problems += [each.problem for each in merged.values() if each.problem]
    if schemas:
        problems += [fault for each in merged.values() if not each.problem for fault in check_rendered(each, schemas)]
    if problems:
        return Judged(problems, names)
    there = [name for name in names if name in approved or name in merged]
    found = [each for name in there for each in _deviations(name, approved.get(name), merged.get(name))]
    return Judged((), names, found)


def _changed(merge: Merge) -> list[str]:
    """The releases whose generated files the branch changes, sorted; those that it removes are left out."""
    repository, sides = merge.sides.repository, merge.sides
    before, now = (repository.ids(commit, [VALUES, DELIVERY]) for commit in (sides.base, sides.ours))
    return sorted({release_of(path) for path, blob in now.items() if before.get(path) != blob} - {''})


def _rendered(run: Run, names: Sequence[str], helm: Helm, folder: Path, jobs: int) -> Mapping[str, Rendered]:
    """Render releases by name, from charts that are written to a folder."""
    releases = {each.release.name: each for each in run.releases if each.release.name in names}
    wanted = sorted({each.chart.folder for each in releases.values()})
    charts = _chart_files(run, wanted)
    for place, files in charts.items():
        for path, data in files.items():
            file = folder / place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    asked = {name: _asked(each, folder) for name, each in releases.items()}
    by_file = {each.file: name for name, each in asked.items()}
    return {by_file[each.release.file]: each for each in template(helm, list(asked.values()), jobs=jobs)}


def _asked(release: ResolvedRelease, folder: Path) -> HelmRelease:
    return HelmRelease(
        name=release.release.model, namespace=release.environment.namespace,
        kube_version=release.environment.kubernetes, chart=folder / release.chart.folder, values=release.values,
        starter=release.chart.folder, file=release_file(release.release.name),
    )  # fmt: skip


def _chart_files(run: Run, folders: Sequence[str]) -> Mapping[str, Tree]:
    """The files of charts by folder: those that this run makes, else those of the base."""
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    base: dict[tuple[str, str], str] = {}
    for path, blob in {**run.base.ids, **run.desired_ids}.items():
        chart = chart_file(path)
        if chart and (folder := chart_folder(*chart[:2])) in folders:
            if path in run.files:
                found[folder][chart[2]] = run.files[path]
            else:
                base[folder, chart[2]] = blob
    blobs = run.repository.read(base.values())
    for (folder, path), blob in base.items():
        found[folder][path] = blobs[blob]
    return found


def _linted(run: Run, names: Sequence[str], helm: Helm, folder: Path, jobs: int) -> list[Problem]:
    """Lint the charts of these releases that the published branch does not have."""
    known = {path.rpartition('/')[0] for path in run.base.ids}
    charts = sorted({each.chart.folder for each in run.releases if each.release.name in names})
    return lint(helm, {name: folder / name for name in charts if name not in known}, jobs=jobs)


def _deviations(name: str, approved: Rendered | None, merged: Rendered | None) -> Iterator[Deviation]:
    if approved is None or merged is None:
        words = ['not there' if side is None else 'there' for side in (approved, merged)]
        yield Deviation(name, _GONE, '', *words)
        return
    if approved.problem or digest(approved.documents) == digest(merged.documents):
        return
    told = [each for found in differences(approved.documents, merged.documents) for each in _told(name, found)]
    yield from told[:_MOST]
    if len(told) > _MOST:
        yield Deviation(name, f'and {len(told) - _MOST} more', '', 'approved', 'merged')


def _told(name: str, found: Difference) -> Iterator[Deviation]:
    if found.kind != 'change':
        words = ('there', 'not there') if found.kind == 'remove' else ('not there', 'there')
        yield Deviation(name, str(found.id), '', *words)
    for field in found.fields:
        yield Deviation(name, str(found.id), field.place, shown_value(field.old), shown_value(field.new))
