"""Two runs, of the published files and of a change → the report of what the change does to releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.compare.difference import differences
from generator.compare.objects import objects, plain
from generator.domain.layout import (
    CHARTS,
    DELIVERY,
    GENERATED,
    REGISTRY,
    SCHEMAS,
    chart_file,
    chart_folder,
    delivery_file,
    model_file,
    model_of_file,
    names_below,
)
from generator.domain.problems import CommandFailed, Problem, ProblemsFound
from generator.domain.tree import Ids
from generator.pipeline.renders import Shelf, rendered_releases
from generator.pipeline.review_beside import beside_releases, other_ways
from generator.pipeline.risk_places import RiskPlaces
from generator.pipeline.run import Run
from generator.pipeline.source import open_revision
from generator.plan.rules import RULES
from generator.review.noise import without_noise
from generator.review.records import Report, Side, Touched
from generator.review.report import CAPACITY, NEVER_WAIVED, report
from generator.review.sarif import Where
from generator.review.stops import changed_stops
from generator.review.tracks import beside
from generator.review.waivers import Accepted, accepted
from generator.tools.helm.binary import Helm, Rendered
from generator.tools.temporary import temporary_folder

_HOOK = b'helm.sh/hook'
# What a review says as a risk, also of a change that cannot be generated.
_RULES = (*RULES, CAPACITY.id)


@dataclass(frozen=True, slots=True)
class _Looked:
    """The releases of a run that are of interest, their rendered objects, and why there are none."""

    sides: Mapping[str, Side] = field(default_factory=dict)
    rendered: Mapping[str, Rendered] = field(default_factory=dict)
    problem: str = ''


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
    return Reviewed(found, RiskPlaces(base, run).of)


def review(
    base: Run, run: Run, helm: Helm, jobs: int, head: str = '', published: Run | None = None
) -> Report:  # fmt: skip
    """Compare the releases whose delivery object or chart differs; there is a report whatever fails.

    `head` is the commit that `run` is over, '' for none: changes that are not committed. `published`, if it is not the
    base, has the waivers that count.
    """
    names = (base.source.head[:12], head[:12])
    try:
        models = _models(base, run)
        if models is None:
            return report(*names, (), stops=_stops(base, run))
        everything, base, run = run, _scoped(base, models), _scoped(run, models)
        now = _scoped(published, models) if published and published.source.head != base.source.head else base
        touched = sorted(_touched(base, run))
    except ProblemsFound as error:
        said = [_first(error, 'this change cannot be generated')]
        return report(*names, (), _judged(error.problems), said)
    with temporary_folder() as folder:
        shelf = Shelf(folder)
        new = _look(run, touched, helm, shelf, jobs)  # first, because a work tree has most charts of both sides
        old = _look(base, touched, helm, shelf, jobs)
    problems = [each.problem for each in (old, new) if each.problem]
    pairs = {name: name for name in touched if name in old.sides or name in new.sides}
    for heir, before in _renamed(old, new).items():
        pairs[heir] = before
        del pairs[before]
    both = [_compared(name, before, old, new) for name, before in sorted(pairs.items())]
    taken = _accepted([now, base], run, pairs, problems)
    gates = [*_gates(run), *beside_releases(base, run, everything, both)]
    return report(*names, both, gates, problems, taken, _stops(base, run))


def _stops(base: Run, run: Run) -> tuple[str, ...]:
    try:
        return changed_stops(base.registry, run.registry) if base.source.names else ()
    except ProblemsFound:
        return ()  # the report says that a side cannot be read


def _scoped(run: Run, models: tuple[str, ...]) -> Run:
    """The run over these models only; the same one, with what it has computed, if it is over no others."""
    return run if run.source.scope == models else replace(run, source=run.source.over(models))


def _accepted(old: Sequence[Run], run: Run, pairs: Mapping[str, str], problems: list[str]) -> Accepted:
    """What published waivers accept; nothing, and one more problem, if the published registry is not valid."""
    if not all(each.source.names for each in old):
        return Accepted()  # nothing is published yet
    try:
        return accepted([each.registry for each in old], run.registry, pairs, run.clock.date, NEVER_WAIVED)
    except ProblemsFound as error:
        problems += () if problems else [_first(error, 'published waivers could not be read')]
        return Accepted()


def _models(base: Run, run: Run) -> tuple[str, ...] | None:
    """The models of the run, else those whose files differ; () for all, because a file that several models need
    differs; None for none."""
    if run.source.scope:
        return run.source.scope
    before, after = base.source.tree.ids, run.source.tree.ids
    folders = (f'{REGISTRY}/', *(f'{folder}/' for folder in GENERATED))
    differing = [path for path in {*before, *after} if before.get(path) != after.get(path) and path.startswith(folders)]
    found = {model_of_file(path) for path in differing if not path.startswith(f'{SCHEMAS}/')}
    if not found:
        return None
    # A model that one side lacks is known to a run over all only.
    alone = any((model_file(model) in before) != (model_file(model) in after) for model in found)
    return () if '' in found or alone else tuple(sorted(found))


def _touched(base: Run, run: Run) -> set[str]:
    """The releases whose delivery object differs, or a file of the chart that they stand on."""
    before, after = base.source.tree.ids, run.desired_ids
    names = {*names_below(DELIVERY, before), *names_below(DELIVERY, after)}
    found = {name for name in names if before.get(delivery_file(name)) != after.get(delivery_file(name))}
    charts = _changed_charts(before, after)
    if charts:
        found |= {each.release.name for each in run.releases if each.chart.folder in charts}
    known = {*base.source.release_names, *run.registry.release_names}
    return {name for name in found if name in known} | set(other_ways(base, run))


def _changed_charts(before: Ids, after: Ids) -> set[str]:
    """The folders of charts that both sides have, with other files."""
    found = set()
    for path, blob in after.items():
        if path.startswith(f'{CHARTS}/') and before.get(path, blob) != blob and (chart := chart_file(path)):
            found.add(chart_folder(*chart[:2]))
    return found


def _look(run: Run, names: Sequence[str], helm: Helm, shelf: Shelf, jobs: int) -> _Looked:
    if not (names and run.source.names):
        return _Looked()
    try:
        # Resolving the releases has checked their values by the schemas of their charts.
        rendered = rendered_releases(run, names, helm, shelf, jobs, checked=False)
    except (ProblemsFound, CommandFailed) as error:
        revision = run.source.head[:12] if run.repository.bare else 'the work tree'
        return _Looked(problem=_first(error, f'{revision} could not be rendered'))
    registry = run.registry
    sides = {
        name: Side(each, registry.models.get(each.release.model), registry.rollouts.get(name), rendered[name].documents)
        for each in run.releases
        if (name := each.release.name) in rendered
    }
    return _Looked(sides, rendered)


def _renamed(old: _Looked, new: _Looked) -> dict[str, str]:
    """Releases that are new, by those that are gone from the same cluster and namespace: their environment has another
    name."""
    gone = {_place(side): name for name, side in old.sides.items() if name not in new.sides}
    came = {name: _place(side) for name, side in new.sides.items() if name not in old.sides}
    return {name: gone[place] for name, place in came.items() if place in gone}


def _place(side: Side) -> tuple[str, str, str]:
    environment = side.resolved.environment
    return str(sorted(environment.spec['cluster'].items())), environment.namespace, side.resolved.release.model


def _compared(name: str, name_before: str, old: _Looked, new: _Looked) -> Touched:
    touched = Touched(name, old.sides.get(name_before), new.sides.get(name))
    before, after = old.rendered.get(name_before), new.rendered.get(name)
    if faults := [each.problem for each in (before, after) if each and each.problem]:
        return replace(touched, problem=faults[0].message)
    old_documents, new_documents = (_deployed(each) for each in (before, after))
    found = differences(old_documents, new_documents, delivery_file(name))
    return replace(touched, found=tuple(beside(without_noise(found), old_documents, touched.model)))


def _deployed(rendered: Rendered | None) -> list[bytes]:
    """The documents that an agent applies: no tests of helm."""
    return [each for each in rendered.documents if not _is_hook(each)] if rendered else []


def _is_hook(document: bytes) -> bool:
    """Whether helm runs it, by its annotations: the same words may stand anywhere else."""
    if _HOOK not in document:
        return False
    found = [(each.get('metadata') or {}).get('annotations') or {} for each in objects([plain(document)]).values()]
    return all(_HOOK.decode() in annotations for annotations in found)


def _gates(run: Run) -> list[Problem]:
    try:
        found = run.judged.problems(run.left_out)
    except ProblemsFound as error:
        found = list(error.problems)
    return _judged(found)


def _judged(found: Sequence[Problem]) -> list[Problem]:
    return [each for each in found if each.rule in _RULES]


def _first(error: ProblemsFound | CommandFailed, what: str) -> str:
    if isinstance(error, CommandFailed):
        return f'{what}: {error.stderr.strip().splitlines()[0] if error.stderr.strip() else "no helm"}'
    first = error.problems[0]
    return f'{what}: {first.file}: {first.message}'
