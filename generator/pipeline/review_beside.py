"""Two runs and the releases that differ → what is wrong beside these releases: accelerators of all, wider grants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from generator.checks.capacity import accelerators, capacity_problems
from generator.checks.scope import Scope
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import ENVIRONMENTS, RELEASES, SETTINGS
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.run import Run
from generator.plan.room import as_published
from generator.review.bootstraps import changed_bootstraps
from generator.review.grants import wider_grants
from generator.review.impact import impact
from generator.review.openings import Opening, openings
from generator.review.records import Side, Touched
from generator.strategies.capacity import size_of

# What decides how a new version comes, in a release and in an environment.
_WAYS = ('strategy', 'engine')


def beside_releases(base: Run, run: Run, everything: Run, touched: Sequence[Touched]) -> list[Problem]:
    """Problems that the change brings; none where a side cannot be read, which the report says anyway.

    `everything` is the run before it was limited to the models that differ.
    """
    try:
        return [*_grants(base, run), *_bootstraps(base, run), *_capacity(base, everything, touched)]
    except ProblemsFound:
        return []


def neighbours(run: Run, touched: Sequence[Touched]) -> list[tuple[str, Side]]:
    """The releases that do not differ, of environments where routes of others do: an application shares its host name
    among its members. A run over a few models knows these only."""
    environments = {each.environment for each in touched if _routes(each, each.old) != _routes(each, each.new)}
    if not environments:
        return []
    mine = {each.name for each in touched}
    try:
        found = [each for each in run.releases if each.release.environment in environments]
        return [(each.release.name, Side(each, None)) for each in found if each.release.name not in mine]
    except ProblemsFound:
        return []  # the report says it


def _routes(touched: Touched, side: Side | None) -> set[Opening]:
    return {*openings(touched.name, side)}


def other_ways(base: Run, run: Run) -> Iterator[str]:
    """Yield the releases whose next version comes in another way, which not every engine has in its objects."""
    if not _differ(base, run, ENVIRONMENTS, RELEASES):
        return
    try:
        published = base.registry
    except ProblemsFound:
        return  # the report says it
    for name, release in run.registry.releases.items():
        if before := published.releases.get(name):
            was, now = (each.environments[release.environment].spec for each in (published, run.registry))
            for old, new in ((was, now), (before.spec, release.spec)):
                if any(old.get(key) != new.get(key) for key in _WAYS):
                    yield name


def _differ(base: Run, run: Run, *folders: str) -> bool:
    before, after = base.source.tree.ids, run.source.tree.ids
    below = tuple(each if each == SETTINGS else f'{each}/' for each in folders)
    return any(before.get(path) != after.get(path) for path in {*before, *after} if path.startswith(below))


def _grants(base: Run, run: Run) -> Iterator[Problem]:
    if _differ(base, run, ENVIRONMENTS):
        yield from wider_grants(base.registry.environments, run.registry.environments)


def _bootstraps(base: Run, run: Run) -> Iterator[Problem]:
    if base.source.names and _differ(base, run, ENVIRONMENTS, SETTINGS):
        yield from changed_bootstraps(base.registry, run.registry, (base.prefix, run.prefix))


def _capacity(base: Run, run: Run, touched: Sequence[Touched]) -> Iterator[Problem]:
    """Judge the environments whose accelerators are counted, and where a change moves some, by the published numbers:
    a change cannot make the room that it needs.

    All other releases there count, too, which a review of a few models does not read.
    """
    published = base.registry.environments if base.source.names else {}
    counted = {
        each.environment for each in touched
        if each.new and accelerators(_as_published(each.new.resolved, published).environment) and _may_need_more(each)
    }  # fmt: skip
    if not counted:
        return
    names = [name for name in run.source.release_names if name.partition('/')[0] in counted]
    models = tuple(sorted({name.partition('/')[2] for name in names}))
    whole = replace(run, source=replace(run.source, scope=models))
    now = [_as_published(each, published) for each in whole.releases if each.release.environment in counted]
    before = [_before(each, touched) for each in now]
    was = {(each.file, each.path) for each in capacity_problems(Scope(run.registry, list(filter(None, before))))}
    for problem in capacity_problems(Scope(run.registry, now)):
        if (problem.file, problem.path) not in was:
            yield replace(problem, rule='capacity')


def _as_published(release: ResolvedRelease, published: Mapping[str, Environment]) -> ResolvedRelease:
    environment = as_published(release.environment, published.get(release.environment.name))
    return release if environment is release.environment else replace(release, environment=environment)


def _may_need_more(touched: Touched) -> bool:
    """Whether a release may need more accelerators, in a rollout or after it; to know it for sure takes long."""
    numbers = impact(touched).accelerators.values()
    if not numbers:
        return False
    more = any(after > before for before, _, after in numbers)
    return more or len({_course(side.resolved) for side in (touched.old, touched.new) if side}) > 1 or not touched.old


def _course(release: ResolvedRelease) -> str:
    """What says how many extra pods a rollout needs."""
    size = size_of(release.merged)
    return f'{release.strategy} {release.release.engine(release.environment)} {size.surge} {size.unavailable}'


def _before(release: ResolvedRelease, touched: Sequence[Touched]) -> ResolvedRelease | None:
    """A release as it was: those that are not touched are the same."""
    mine = next((each for each in touched if each.name == release.release.name), None)
    return release if mine is None else mine.old.resolved if mine.old else None
