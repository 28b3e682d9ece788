"""Rules of the way of a new version: engines, strategies, checks, routes and targets of rollouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.compare.effects import new_templates
from generator.domain.choices import by_commits
from generator.domain.strategy import Rolling, Strategy
from generator.plan.weaker import weaker
from generator.review.impacts import as_text
from generator.review.leaves import leaves
from generator.review.records import Evidence, Risk, Rule, Side, Touched
from generator.review.workloads import ROUTES
from generator.strategies.written import release_strategy


def _engine(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = (side.resolved.release.engine(side.resolved.environment) for side in (old, new))
        if before != after and 'rolling' not in (old.resolved.strategy.kind, new.resolved.strategy.kind):
            yield Evidence(f'release {touched.name}', 'engine', before, after)


def _elsewhere(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        before, after = old.resolved.place, new.resolved.place
        for what in before:
            if before[what] != after[what]:
                yield Evidence(f'release {touched.name}', what, before[what], after[what])


def _strategy(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        # A rollout keeps the strategy that it started with; the next one takes what is written.
        found = [*weaker(old.resolved.strategy, new.resolved.strategy), *weaker(_written(old), _written(new))]
        for lost in dict.fromkeys(found):
            yield Evidence(f'release {touched.name}', 'strategy loses', '', lost)


def _written(side: Side) -> Strategy:
    resolved = side.resolved
    return release_strategy(resolved.release, resolved.environment, resolved.chart).strategy


def _routes(touched: Touched) -> Iterator[Evidence]:
    """Routes that change under a rollout, or with what starts one, but for the weights, which are its steps,
    and the port of a Service, which has a rule of its own."""
    for old, new in touched.both:
        if (old.rollout and new.rollout) or _starts_one(touched, old, new):
            for leaf in leaves(touched, *ROUTES):
                if leaf.path[0] == 'spec' and leaf.key not in ('weight', 'port'):
                    yield leaf.evidence()


def _starts_one(touched: Touched, old: Side, new: Side) -> bool:
    """Whether a controller moves the traffic to other pods from this change on: both have the route as it is then."""
    engine = new.resolved.release.engine(new.resolved.environment)
    moves = not isinstance(new.resolved.strategy, Rolling) and not by_commits(engine)
    return moves and old.version != new.version and bool(new_templates(touched.found))


def _blind(touched: Touched) -> Iterator[Evidence]:
    """Checks of a strategy that ask a Prometheus which does not have the series of these pods any more."""
    for old, new in touched.both:
        if not _checks(new.resolved.strategy) or not _checks(old.resolved.strategy):
            continue
        before, after = (dict(_series(each)) for each in (old, new))
        for what, value in before.items():
            if value and value != after[what]:
                yield Evidence(f'release {touched.name}', what, as_text(value), as_text(after[what]))


def _checks(strategy: Strategy) -> bool:
    return not isinstance(strategy, Rolling) and bool(strategy.checks)


def _series(side: Side) -> Iterator[tuple[str, Any]]:
    """Where the series of the pods come from, and where they are asked for."""
    values: Mapping[str, Any] = side.merged
    yield 'monitoring.prometheus', side.resolved.environment.spec.get('monitoring', {}).get('prometheus', '')
    yield 'monitoring.podMonitor', 'there' if values['monitoring']['podMonitor']['enabled'] else ''


def _target(touched: Touched) -> Iterator[Evidence]:
    for old, new in touched.both:
        if old.rollout and new.rollout and not new.rollout.aborted:
            before, after = (f'{to["version"]} (chart {to["chart"]})' for to in _targets(old, new))
            if before != after:
                yield Evidence(f'release {touched.name}', f'target at {new.rollout.stage}', before, after)


def _targets(*sides: Side) -> Iterator[Mapping[str, Any]]:
    return (side.rollout.spec['to'] for side in sides if side.rollout)


RULES = (
    Rule('engine-changed', 'critical', 'somebody else moves the traffic',
         'change it between two rollouts, in a request of its own', _engine),
    Rule('place-changed', 'critical', 'a release moves to another cluster, namespace or agent',
         'its pods end there and start anew here: make sure that clients find them', _elsewhere),
    Rule('weaker-strategy', 'high', 'a new version gets requests with less care',
         'change the strategy alone', _strategy),
    Rule('blind-checks', 'high', 'checks of the strategy lose the series that they ask for',
         'keep the monitoring that the checks need, or no check passes', _blind),
    Rule('route-in-rollout', 'high', 'a route changes under a rollout, or with what starts one',
         'wait for its end, or change the route before', _routes),
    Rule('target-in-rollout', 'high', 'another version takes the place of the one that is being rolled out',
         'abort the rollout, and start one to the other version', _target),
)  # fmt: skip
SEVERAL = Rule(
    'several-production', 'critical', 'versions move in several production environments at once',
    'move them one after the other'
)  # fmt: skip


def several_productions(touched: Sequence[Touched]) -> Iterator[Risk]:
    """What is for production before or after a change is it: a change does not free itself of the rule."""
    moved = {
        each.environment: each.name for each in touched for old, new in each.both
        if old.resolved.chart.version != new.resolved.chart.version
        and any(side.resolved.environment.is_production for side in (old, new))
    }  # fmt: skip
    if len(moved) > 1:
        evidence = Evidence('environments', '', '', ', '.join(sorted(moved)))
        yield Risk(SEVERAL, evidence, tuple(sorted(moved.values())))
