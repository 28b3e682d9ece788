"""Two runs, of the published files and of a change → the report of what the change does to releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from generator.domain.layout import REGISTRY, is_generated
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import Ids
from generator.domain.words import some
from generator.pipeline.looked import compared, first_problem, look, renamed
from generator.pipeline.reached import reached_models, scoped, touched_releases, unlike_registry
from generator.pipeline.renders import Shelf
from generator.pipeline.review_beside import beside_releases, neighbours
from generator.pipeline.risk_places import RiskPlaces
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.plan.rules import RULES
from generator.review.records import Report
from generator.review.report import CAPACITY, NEVER_WAIVED, report
from generator.review.sarif import Where
from generator.review.stops import changed_stops
from generator.review.waivers import Accepted, accepted
from generator.tools.helm.binary import Helm
from generator.tools.temporary import temporary_folder

# What a review says as a risk, also of a change that cannot be generated.
_RULES = (*RULES, CAPACITY.id)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A report, and where its risks are in files."""

    report: Report
    where: Where


def review_since(
    run: Run, commit: str, helm: Helm, jobs: int, *, head: str = '', published: str = ''
) -> Reviewed:  # fmt: skip
    """Compare a run with a commit, '' for none, over the same models; waivers count if they are `published`."""

    def over(revision: str) -> Run:
        source = open_revision(run.repository, revision, run.source.refs, run.source.scope)
        return Run(source, revision, left_out=run.left_out, at=run.at)

    base = over(commit)
    found = review(base, run, helm, jobs, head, over(published) if published else None)
    # A run over few models does not list the files of others, which it does not change either.
    before = {path: blob for path, blob in base.source.tree.ids.items() if run.source.lists_file(path)}
    found = replace(found, files=changed_files(before, run.source.tree.ids))
    return Reviewed(found, RiskPlaces(base, run).of)


def changed_files(before: Ids, after: Ids) -> dict[str, str]:
    """The files of the registry that people write and that differ, '' for one that goes."""
    there = sorted(path for path in {*before, *after} if path.startswith(f'{REGISTRY}/') and not is_generated(path))
    return {path: after.get(path, '') for path in there if before.get(path) != after.get(path)}


def review(
    base: Run, run: Run, helm: Helm, jobs: int, head: str = '', published: Run | None = None
) -> Report:  # fmt: skip
    """Compare the releases whose delivery object or chart differs; there is a report whatever fails.

    `head` is the commit that `run` is over, '' for none: changes that are not committed. `published`, if it is not the
    base, has the waivers that count.
    """
    names = (base.source.head[:12], head[:12])
    try:
        models = reached_models(base, run)
        if models is None:
            return report(*names, ())
        everything, base, run = run, scoped(base, models), scoped(run, models)
        now = scoped(published, models) if published and published.source.head != base.source.head else base
        touched = sorted(touched_releases(base, run))
    except ProblemsFound as error:
        said = [first_problem(error, 'this change cannot be generated')]
        return report(*names, (), _judged(error.problems), said)
    with temporary_folder() as folder:
        shelf = Shelf(folder)
        new = look(run, touched, helm, shelf, jobs)  # first, because a work tree has most charts of both sides
        old = look(base, touched, helm, shelf, jobs)
    problems = [each.problem for each in (old, new) if each.problem]
    pairs = {name: name for name in touched if name in old.sides or name in new.sides}
    for heir, before in renamed(old, new).items():
        pairs[heir] = before
        del pairs[before]
    both = [compared(name, before, old, new) for name, before in sorted(pairs.items())]
    taken = _accepted([now, base], run, pairs, problems)
    gates = [*_gates(run), *beside_releases(base, run, everything, both)]
    problems += _edited(base, run)
    beside = neighbours(run, both)
    return report(*names, both, gates, problems, taken, _stops(base, run), _warnings(base, run), beside)


def _edited(base: Run, run: Run) -> list[str]:
    try:
        found = unlike_registry(base, run)
    except ProblemsFound:
        return []  # the report says that a side cannot be read
    files = 'file is' if len(found) == 1 else 'files are'
    told = f'{len(found)} generated {files} not what the registry gives, and not looked at: {some(found, 5)}'
    return [f"{told}; 'chartloom verify' says what differs"] if found else []


def _warnings(base: Run, run: Run) -> tuple[str, ...]:
    """What `verify` warns of, and did not before this change."""
    try:
        known = {*base.warnings} if base.source.names else set()
        return tuple(_told(each) for each in run.warnings if each not in known)
    except ProblemsFound:
        return ()  # the same


def _told(warning: Problem) -> str:
    return f'{warning.file}{f" {warning.path}" if warning.path else ""}: {warning.message}'


def _stops(base: Run, run: Run) -> tuple[str, ...]:
    try:
        return changed_stops(base.registry, run.registry) if base.source.names else ()
    except ProblemsFound:
        return ()  # the report says that a side cannot be read


def _accepted(old: Sequence[Run], run: Run, pairs: Mapping[str, str], problems: list[str]) -> Accepted:
    """What published waivers accept; nothing, and one more problem, if the published registry is not valid."""
    if not all(each.source.names for each in old):
        return Accepted()  # nothing is published yet
    try:
        return accepted([each.registry for each in old], run.registry, pairs, run.clock.date, NEVER_WAIVED)
    except ProblemsFound as error:
        problems += () if problems else [first_problem(error, 'published waivers could not be read')]
        return Accepted()


def _gates(run: Run) -> list[Problem]:
    try:
        found = run.judged.problems(run.left_out)
    except ProblemsFound as error:
        found = list(error.problems)
    return _judged(found)


def _judged(found: Sequence[Problem]) -> list[Problem]:
    return [each for each in found if each.rule in _RULES]
