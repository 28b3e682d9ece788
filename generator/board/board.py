"""The facts of a repository → its board: a row for each model, a column for each environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from generator.board.lag import before, lag, newest, pin, since
from generator.board.parity import parity
from generator.board.records import Board, Cell, Column, Drift, Facts, Going, Row, Stop
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.records import Registry, Release, Rollout
from generator.plan.stops import ground_of, is_frozen, locks
from generator.plan.suspended import suspended_for
from generator.strategies.course import course
from generator.strategies.during import rollout_strategy


def make_board(facts: Facts, head: str, others: Sequence[Drift], problems: Sequence[str], *, cut: bool) -> Board:
    """Make the board of these releases; models without any have an empty row."""
    resolved = {each.release.name: each for each in facts.releases}
    columns = [_column(facts.registry.environments[name]) for name in in_order(facts.registry.environments)]
    rows = [_row(facts, resolved, columns, model) for model in sorted(facts.registry.models)]
    return Board(facts.clock.utc, head, columns, rows, others, problems, cut)


def in_order(environments: Mapping[str, Environment]) -> list[str]:
    """The environments in the order in which versions reach them: as far as they are from the first one, by name."""
    depths: dict[str, int] = {}
    known = {name: [each for each in e.promotes_from if each in environments] for name, e in environments.items()}
    try:
        for name in TopologicalSorter(known).static_order():
            depths[name] = max((depths[each] + 1 for each in known[name]), default=0)
    except CycleError:
        return sorted(environments)
    return sorted(environments, key=lambda name: (not environments[name].follows_newest, depths[name], name))


def _column(environment: Environment) -> Column:
    return Column(
        environment.name, environment.promotes_from, environment.follows_newest, environment.is_production,
        str(environment.spec['cluster']['name']), environment.namespace,
    )  # fmt: skip


def _row(facts: Facts, resolved: Mapping[str, ResolvedRelease], columns: Sequence[Column], model: str) -> Row:
    found = facts.registry.models[model]
    names = (f'{column.name}/{model}' for column in columns)
    cells = {
        resolved[name].release.environment: _cell(facts, resolved, resolved[name]) for name in names if name in resolved
    }
    artifact = str(found.newest.spec.get('artifact', {}).get('uri', ''))
    return Row(
        model, str(found.spec['team']), str(found.spec['description']), found.newest.version, artifact,
        found.newest.image, cells,
    )  # fmt: skip


def _cell(facts: Facts, resolved: Mapping[str, ResolvedRelease], release: ResolvedRelease) -> Cell:
    own, (version, chart) = release.release, pin(release)
    source = before(facts, release.environment, own.model)
    there = resolved.get(source)
    theirs = pin(there) if there else newest(facts, own.model)
    rollout = facts.registry.rollouts.get(own.name)
    return Cell(
        own.environment, own.model, version, chart, source if there else '', since(facts, own.name, chart),
        lag(facts, own.model, (version, chart), source if there else '', theirs), _going(rollout) if rollout else None,
        [*_stops(facts, own)], facts.drift.get(own.name, ()), [*parity(there, release)] if there else [],
        [*_hosts(release)], release.written.kind,
    )  # fmt: skip


def _going(rollout: Rollout) -> Going:
    stages = [(stage.name, stage.requests) for stage in course(rollout_strategy(rollout), chart_first=True)]
    to, at = rollout.spec['to'], [name for name, _ in stages].index(rollout.stage)
    return Going(to['version'], to['chart'], stages, at, rollout.aborted)


def _stops(facts: Facts, release: Release) -> Iterator[Stop]:
    ground = ground_of(facts.registry, release)
    if release.is_suspended:
        yield Stop('suspended', suspended_for(release))
    yield from (Stop('locked', f'{lock} ({lock.file})') for lock in locks(ground) if lock.holds(facts.clock))
    yield from _frozen(facts, facts.registry, release)
    if release.is_rollback:
        yield Stop('rolled back', f'to {release.version} (chart {release.chart})')
    for each in release.spec.get('withdrawn', ()):
        chart = f' (chart {each["chart"]})' if 'chart' in each else ''
        yield Stop('withdrawn', f'{each["version"]}{chart} on {each["date"]}: {each["reason"]}')


def _frozen(facts: Facts, registry: Registry, release: Release) -> Iterator[Stop]:
    for window in registry.environments[release.environment].promotion.get('frozen', ()):
        if is_frozen(window, facts.clock):
            yield Stop('frozen', f'until {window["to"]} ({window.get("timeZone", "UTC")}): {window["reason"]}')


def _hosts(release: ResolvedRelease) -> Iterator[str]:
    """The host names of its routes."""
    for key in ('route', 'grpcRoute'):
        route = release.merged[key]
        if route['enabled']:
            yield from map(str, route['hostnames'])
