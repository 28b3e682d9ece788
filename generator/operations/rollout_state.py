"""A repository with its rollouts → the stage of each, what it waits for, and its health."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import ROLLOUTS, SETTINGS, names_below
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Release, Rollout
from generator.domain.units import seconds
from generator.operations.rollout_began import Began
from generator.operations.rollout_health import (
    Verdict,
    judge_check,
    judge_ready,
    looks,
    ready_query,
    selector,
    together,
    wanted_pods,
)
from generator.operations.rollout_start import known_release
from generator.operations.rollout_steps import Wait, after, waits_for
from generator.pipeline.published import chart_reader, pinned
from generator.pipeline.run import Run
from generator.pipeline.source import open_source
from generator.plan.stops import ground_of, locked
from generator.registry.load import NO_SETTINGS
from generator.releases.resolve import resolve_pinned
from generator.strategies.during import rollout_pair, rollout_stage, rollout_strategy
from generator.strategies.queries import queries
from generator.tools import prometheus
from generator.tools.git.repository import Repository

# Seconds between two looks if the strategy has no checks: pods are scraped twice a minute.
_NEXT_LOOK = 30


def find_rollout(run: Run, name: str, verb: str = '') -> tuple[Release, Rollout]:
    """Return a release and its rollout; `verb` is the command that requires one."""
    release = known_release(run.registry, name)
    if name not in run.registry.rollouts:
        environment = run.registry.environments[release.environment]
        hint = _instead(release, environment)
        if verb == 'abort':
            hint = f"to return to the version before, run 'chartloom rollback {release.model} --env {environment.name}'"
        raise problem(release.file, '', 'no rollout of this release is in progress in git', hint)
    return release, run.registry.rollouts[name]


def _instead(release: Release, environment: Environment) -> str:
    """The next action for a release without a rollout in git."""
    engine, back = release.engine(environment), f'chartloom rollback {release.model} --env {environment.name}'
    match engine:
        case 'native':
            return f"run 'chartloom rollout start {release.name}'"
        case 'argo-rollouts':
            return f"Argo Rollouts moves it: run 'kubectl argo rollouts promote {release.model}', or '{back}'"
        case 'flagger':
            gate = 'open or close its gate, or ' if 'gate' in environment.spec else ''
            return f"Flagger moves it: {gate}run '{back}'"
        case _:
            assert_never(engine)


def waiting(
    run: Run, rollout: Rollout, began: Began | None, now: int, *, approved: bool = False, skip_hold: bool = False
) -> Wait:
    """What a rollout waits for before its next stage, except its health; also the end of a lock, unless it is aborted
    or the old pods are replaced."""
    since, stage = began.time if began else None, rollout_stage(rollout)
    wait = waits_for(stage, since, now, run.settings.branch, approved=approved, skip_hold=skip_hold)
    if rollout.aborted or stage.replaced:
        return wait
    ground = ground_of(run.registry, run.registry.releases[rollout.name])
    locks = locked(rollout.name, f"go on to '{after(rollout)}'", ground, run.clock)
    return replace(wait, reasons=(*wait.reasons, *(lock.message for lock in locks)))


def health(run: Run, rollout: Rollout, began: Began | None, address: str, now: int) -> Verdict:
    """Ask Prometheus whether the pods of a rollout are ready, and whether the checks of its new track pass."""
    (found,) = [item for item in run.releases if item.release.name == rollout.name]
    address = address or str(found.environment.spec.get('monitoring', {}).get('prometheus', ''))
    if not address:
        hint = 'add prometheus: http://<host>:<port> to monitoring, or use --prometheus URL'
        raise problem(found.environment.file, '$.spec', 'the URL of Prometheus is not set', hint)
    if began is None:
        return Verdict('waiting')
    asked = Asked(address, began.time, now)
    return together([*_ready(found, rollout, asked), *_checks(found, rollout, asked)])


@dataclass(frozen=True, slots=True)
class Asked:
    """The URL of Prometheus, the start of the stage and the current time."""

    address: str
    began: int
    now: int


def _ready(found: ResolvedRelease, rollout: Rollout, asked: Asked) -> Iterator[Verdict]:
    pair, workloads = rollout_pair(found.release, rollout), rollout.spec['workloads']
    changed = workloads[pair.live] != workloads[pair.new]
    for ready in wanted_pods(rollout_stage(rollout), pair.live if changed else '', found.merged):
        labels = selector(found.environment, found.release.model, ready.track)
        query = ready_query(ready, labels, asked.now - asked.began)
        yield judge_ready(ready, prometheus.values_now(asked.address, query, asked.now))


def _checks(found: ResolvedRelease, rollout: Rollout, asked: Asked) -> Iterator[Verdict]:
    checks = rollout_strategy(rollout).checks
    if checks is None or not rollout_stage(rollout).serves:
        return
    labels = selector(found.environment, found.release.model, rollout_pair(found.release, rollout).new)
    start, step = looks(asked.began, asked.now, checks.interval)
    for query in queries(checks, found.chart, labels):
        seen = prometheus.values_at(asked.address, query.promql, start, asked.now, step)
        yield judge_check(query, seen, asked.now, checks.failures)


def stage_name(rollout: Rollout) -> str:
    return f'{rollout.stage}, aborted' if rollout.aborted else rollout.stage


def next_look(rollout: Rollout) -> int:
    """Seconds until Prometheus may have new data."""
    checks = rollout_strategy(rollout).checks
    return int(seconds(checks.interval)) if checks else _NEXT_LOOK


def resolve_named(run: Run, name: str) -> ResolvedRelease:
    return resolve_alone(run, known_release(run.registry, name))


def rollout_names(repository: Repository) -> list[str]:
    """`env/model` of all rollouts in progress; raises ProblemsFound if there is no registry."""
    ids = open_source(repository).tree.ids
    if SETTINGS not in ids:
        raise ProblemsFound([NO_SETTINGS])
    return names_below(ROLLOUTS, ids)


def resolve_alone(run: Run, release: Release) -> ResolvedRelease:
    """Resolve a release by its pin, ignoring its rollout."""
    ahead = pinned(run.registry, run.charts, [release])
    read = chart_reader(run.published_charts, run.charts, ahead)
    return resolve_pinned(release, run.registry, run.charts, read)
