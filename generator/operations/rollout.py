"""A repository with its rollouts → what stands where, since when, how it fares, and the operations that move it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from generator.checks.registry import environment_problems
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Environment, Release, ResolvedRelease, Rollout
from generator.domain.units import seconds
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
from generator.operations.rollout_start import Start, check_release, choose_target, known_release, start
from generator.operations.rollout_steps import Files, Wait, abort, advance, waits_for
from generator.pipeline.published import ChartReader, published_ref
from generator.pipeline.restore import tree_files
from generator.pipeline.run import Run
from generator.pipeline.source import Source
from generator.releases.resolve import resolve_pinned
from generator.strategies.compile import Said, said_strategy
from generator.strategies.during import rollout_pair, rollout_stage, rollout_strategy
from generator.strategies.queries import queries
from generator.strategies.spec import Rolling, Strategy, parse_strategy
from generator.tools import prometheus
from generator.tools.git.repository import Repository

# Seconds between two looks where the strategy has no checks: pods are scraped twice a minute.
_NEXT_LOOK = 30


def start_of(run: Run, name: str, version: str, chart: str) -> Start:
    """How a rollout of a release begins."""
    registry = run.registry
    release = check_release(registry, name)
    charts = run.charts[release.model]
    to = choose_target(release, registry.models[release.model], charts, version, chart)
    old, before = _resolved(run, release)
    new, said = _resolved(run, replace(release, spec={**release.spec, **to.spec}))

    def same_templates() -> bool:
        return _templates(run, old) == _templates(run, new)

    return start(old, new, before, said, run.source.read, same_templates)


def _resolved(run: Run, release: Release) -> tuple[ResolvedRelease, Said | None]:
    reader = ChartReader(run.repository, run.base, run.charts, run.settings.branch)
    reader.prefetch(replace(run.registry, releases={release.name: release}, rollouts={}))
    found = resolve_pinned(release, run.registry, run.charts, reader.read)
    return found, said_strategy(release, found.environment, found.chart, run.registry)


def _templates(run: Run, release: ResolvedRelease) -> dict[str, str]:
    """Blob ids of a chart's templates, whether it is published or made in this run."""
    made = run.charts[release.chart.model].charts.get(release.chart.version)
    if made:
        return {p: run.repository.blob_id(data) for p, data in made.files.items() if p.startswith('templates/')}
    entry = next(e for e in run.charts[release.chart.model].ledger if e.version == release.chart.version)
    ids = tree_files(run.repository, entry) or {}
    return {path: blob for path, blob in ids.items() if path.startswith('templates/')}


def check_room(run: Run, name: str, began: Start) -> None:
    """ProblemsFound where the environment has no accelerators for one rollout more: wants all of its releases.

    What is wrong elsewhere stops nobody here.
    """
    environment = run.registry.environments[run.registry.releases[name].environment]
    if not began.stage or 'capacity' not in environment.spec:
        return
    source = Source(run.repository)
    source.lay(began.files)
    try:
        found = environment_problems(Run(run.repository, source=source).releases)
    except ProblemsFound as error:
        found = list(error.problems)
    if short := [each for each in found if each.file == environment.file and '.capacity.' in each.path]:
        raise ProblemsFound(short)


def find_rollout(run: Run, name: str) -> tuple[Release, Rollout]:
    release = known_release(run.registry, name)
    if name not in run.registry.rollouts:
        environment = run.registry.environments[release.environment]
        engine = release.engine(environment)
        hint = f"run 'chartloom rollout start {name}'"
        if engine == 'argo-rollouts':
            hint = f"ask Argo Rollouts: 'kubectl argo rollouts promote {release.model}', or abort"
        elif engine == 'flagger':
            hint = 'Flagger moves it: open or close its gate, or revert the commit that moved the pin'
        raise problem(release.file, '', 'no rollout of this release is under way in git', hint)
    return release, run.registry.rollouts[name]


def since(run: Run, rollout: Rollout) -> int | None:
    """When the published branch got this stage, in seconds; None where it has not got it yet."""
    repository, refs = run.repository, run.source.refs
    path = repository.prefix + rollout.file
    branch = refs.get(published_ref(run.settings.branch, refs), '')
    if (
        not branch
        or repository.ask('rev-parse', '--verify', '--quiet', f'{branch}:{path}') != run.source.tree.ids[rollout.file]
    ):
        return None
    # Merged by a request, a stage counts from the merge: the first parents are what the agent has seen.
    options = ('--no-show-signature', '--first-parent', '-1', '--format=%ct')
    time = repository.ask('log', *options, branch, '--', f':(top,literal){path}')
    return int(time) if time else None


def waiting(run: Run, name: str, now: int, *, approved: bool, skip_hold: bool) -> Wait:
    """What a rollout waits for before its next stage, its health aside."""
    _, rollout = find_rollout(run, name)
    return waits_for(
        rollout_stage(rollout), since(run, rollout), now, run.settings.branch, approved=approved, skip_hold=skip_hold
    )


def health(run: Run, name: str, address: str, now: int) -> Verdict:
    """What Prometheus says of the pods of a rollout, and of the answers that its new track gives."""
    _, rollout = find_rollout(run, name)
    (found,) = [item for item in run.releases if item.release.name == name]
    address = address or str(found.environment.spec.get('monitoring', {}).get('prometheus', ''))
    if not address:
        hint = 'add prometheus: http://<host>:<port> to monitoring, or name one with --prometheus'
        raise problem(found.environment.file, '$.spec', 'nobody says where Prometheus is', hint)
    began = since(run, rollout)
    if began is None:
        return Verdict('waiting')
    asked = Asked(address, began, now)
    return together([*_ready(found, rollout, asked), *_checks(found, rollout, asked)])


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a question goes to, and the time that it is about."""

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


Edit = Callable[[Run], Files]


def move(name: str, stage: str, change: Callable[[Rollout, Release, Run], Files]) -> Edit:
    """An operation on a rollout that stands at `stage` still; ProblemsFound where somebody has moved it meanwhile."""

    def edit(run: Run) -> Files:
        release, rollout = find_rollout(run, name)
        if stage_name(rollout) != stage:
            message = f"it has moved from '{stage}' to '{stage_name(rollout)}' meanwhile"
            raise problem(rollout.file, '$.spec.stage', message, 'run the command again')
        return change(rollout, release, run)

    return edit


def stage_name(rollout: Rollout) -> str:
    return f'{rollout.stage}, aborted' if rollout.aborted else rollout.stage


def advancing(rollout: Rollout, release: Release, run: Run) -> Files:
    return advance(rollout, release, run.source.read)


def aborting(rollout: Rollout, release: Release, run: Run) -> Files:
    return abort(rollout, run.source.read)


def next_look(rollout: Rollout) -> int:
    """Seconds until Prometheus may tell something new."""
    checks = rollout_strategy(rollout).checks
    return int(seconds(checks.interval)) if checks else _NEXT_LOOK


def strategy_of(run: Run, name: str) -> tuple[Strategy, Environment]:
    """The strategy that a release's next rollout would have."""
    found, said = _resolved(run, known_release(run.registry, name))
    return parse_strategy(said.spec) if said else Rolling({}), found.environment


def rollout_names(repository: Repository) -> list[str]:
    """`env/model` of all rollouts that are under way."""
    start = 'registry/rollouts/'
    names = (path for path in Source(repository).tree.ids if path.startswith(start) and path.endswith('.yaml'))
    return sorted(name.removeprefix(start).removesuffix('.yaml') for name in names)
