"""A branch, and the same merged with its base → what the releases that it changes are made of in the end, where that
differs from the branch alone: a reviewer approved the branch, the cluster gets the merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.compare.difference import Difference, differences
from generator.compare.objects import digest
from generator.compare.told import shown_sides
from generator.domain.layout import DELIVERY, REGISTRY, VALUES, release_file, release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.merged import Merge
from generator.pipeline.renders import Shelf, placed_charts, rendered_releases
from generator.pipeline.review import changed_files
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.pipeline.verify import check_rendered
from generator.tools.helm.binary import Helm, Rendered, lint
from generator.tools.helm.schemas import ObjectSchemas
from generator.tools.temporary import temporary_folder

_MOST = 50  # differences of a release that are told
_GONE = 'the release'
_OBJECTS = 'the rendered objects'
_UNKNOWN = 'nothing of this release'
_NOT_THERE = 'not there'
_AS_PUBLISHED = 'as published'


@dataclass(frozen=True, slots=True)
class Approved:
    """What a report says: digests of releases, '' for no objects, and blob ids of files of the registry that differ
    from the published ones, '' for one that goes."""

    releases: Mapping[str, str]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A field of an object that is not as approved; without a field the whole object comes or goes. Without a release,
    `object` is a file of the registry."""

    release: str
    object: str
    field: str
    approved: str
    merged: str

    @property
    def file(self) -> str:
        return release_file(self.release) if self.release else self.object

    @property
    def text(self) -> str:
        place = f'{self.object}: {self.field}' if self.field else self.object if self.release else 'the file'
        return f'{place} {self.approved} → {self.merged}'


@dataclass(frozen=True, slots=True)
class Judged:
    """The problems of a merged result, the releases that were compared, and where they differ."""

    problems: Sequence[Problem] = ()
    releases: Sequence[str] = ()
    deviations: Sequence[Deviation] = ()


def judge(
    merge: Merge, alone: Sequence[Problem], helm: Helm, schemas: ObjectSchemas | None, jobs: int,
    report: Approved | None = None,
) -> Judged:  # fmt: skip
    """Render the releases that the branch changes on both sides, in a temporary folder; `alone` are the problems of the
    branch itself, with which nothing is rendered. `report` is what was approved; None without a report."""
    sides = merge.sides
    try:
        _ = merge.plan  # raises what is wrong with the whole
    except ProblemsFound as error:
        return Judged([*dict.fromkeys([*alone, *error.problems])])
    if alone:
        return Judged(alone)
    branch = Run(open_revision(sides.repository, sides.ours, sides.repository.refs()), sides.base)
    changed, removed = _changed(merge)
    names = sorted({*changed, *_moved(merge), *(report.releases if report else ())})
    problems: list[Problem] = []
    with temporary_folder() as folder:
        shelf = Shelf(folder)
        approved = rendered_releases(branch, names, helm, shelf, jobs, checked=False)
        merged = rendered_releases(merge.run, names, helm, shelf, jobs)
        problems += _linted(merge.run, names, helm, shelf, jobs)
    problems += [each.problem for each in merged.values() if each.problem]
    if schemas:
        problems += [fault for each in merged.values() if not each.problem for fault in check_rendered(each, schemas)]
    if problems:
        return Judged(problems, names)
    there = [name for name in names if name in approved or name in merged]
    found = [each for name in there for each in _deviations(name, approved.get(name), merged.get(name))]
    ways = [_ways(each, {*approved} & {*merged}) for each in (branch, merge.run)]
    found += [each for name in ways[0] for each in _other_way(name, ways[0][name], ways[1][name])]
    told = {each.release for each in found}
    if report is not None:
        others = {**dict.fromkeys([*changed, *removed], _UNKNOWN), **report.releases}
        found += [each for each in _unlike_report(others, merged, _ways(merge.run, merged)) if each.release not in told]
        found += _other_files(merge, report.files)
    return Judged((), names, found)


def _ways(run: Run, names: Collection[str]) -> dict[str, Mapping[str, str]]:
    return {each.release.name: each.way for each in run.releases if each.release.name in names}


def _other_way(name: str, approved: Mapping[str, str], merged: Mapping[str, str]) -> Iterator[Deviation]:
    for key, value in approved.items():
        if merged[key] != value:
            yield Deviation(name, key, '', value, merged[key])


def _unlike_report(
    report: Mapping[str, str], merged: Mapping[str, Rendered], ways: Mapping[str, Mapping[str, str]]
) -> Iterator[Deviation]:
    """Yield the releases whose objects are others than those of a report: the branch has changed since."""
    for name, approved in report.items():
        now = digest(merged[name].documents, ways[name]) if name in merged else ''
        if now != approved:
            yield Deviation(name, _OBJECTS, '', approved or _NOT_THERE, now or _NOT_THERE)


def _other_files(merge: Merge, approved: Mapping[str, str]) -> Iterator[Deviation]:
    """Yield the files of the registry that differ from those of a report: gates and waivers are in no object."""
    published = merge.sides.repository.ids(merge.sides.theirs, [REGISTRY])
    now = changed_files(published, merge.run.source.tree.ids)
    for file in sorted({*approved, *now}):
        before, after = approved.get(file, _AS_PUBLISHED), now.get(file, _AS_PUBLISHED)
        if before != after:
            yield Deviation('', file, '', before or _NOT_THERE, after or _NOT_THERE)


def _changed(merge: Merge) -> tuple[list[str], list[str]]:
    """The releases whose generated files the branch changes, and those that it removes; both sorted."""
    repository, sides = merge.sides.repository, merge.sides
    before, now = (repository.ids(commit, [VALUES, DELIVERY]) for commit in (sides.base, sides.ours))
    there = {release_of(path) for path in now} - {''}
    changed = {release_of(path) for path, blob in now.items() if before.get(path) != blob}
    return sorted(changed & there), sorted({release_of(path) for path in before} - there - {''})


def _moved(merge: Merge) -> set[str]:
    """The releases that the merge changes for the published branch: with what others merged meanwhile, a request may
    change more than it does alone."""
    published = merge.sides.repository.ids(merge.sides.theirs, [VALUES, DELIVERY])
    made = merge.run.desired_ids
    there = {path: made[path] for path in made if release_of(path) and path.startswith((f'{VALUES}/', f'{DELIVERY}/'))}
    return {release_of(path) for path, blob in there.items() if published.get(path) != blob} - {''}


def _linted(run: Run, names: Sequence[str], helm: Helm, shelf: Shelf, jobs: int) -> list[Problem]:
    """Lint the charts of these releases that the published branch does not have."""
    known = {path.rpartition('/')[0] for path in run.base.ids}
    charts = {each.chart.folder for each in run.releases if each.release.name in names}
    return lint(helm, placed_charts(run, charts - known, shelf), jobs=jobs)


def _deviations(name: str, approved: Rendered | None, merged: Rendered | None) -> Iterator[Deviation]:
    if approved is None or merged is None:
        words = [_NOT_THERE if side is None else 'there' for side in (approved, merged)]
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
        words = ('there', _NOT_THERE) if found.kind == 'remove' else (_NOT_THERE, 'there')
        yield Deviation(name, str(found.id), '', *words)
    for field in found.fields:
        yield Deviation(name, str(found.id), field.place, *shown_sides(field))
