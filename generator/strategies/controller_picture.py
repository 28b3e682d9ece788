"""A release whose traffic a controller moves → lines that say what its compiled object makes the controller do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from generator.domain.choices import Engine, engine_title
from generator.domain.generated import ResolvedRelease
from generator.domain.strategy import Canary, Checks, Rolling, Strategy, check_key, check_value
from generator.domain.units import seconds, spoken
from generator.domain.values import Values
from generator.strategies.argo_rollouts import shortest_hold


def controller_lines(release: ResolvedRelease) -> Iterator[str]:
    """What Argo Rollouts or Flagger will do with a new version, with the earliest time of each step."""
    engine, name = release.release.engine(release.environment), release.release.model
    yield f'{engine_title(engine)} moves the traffic of {release.release.name}; git holds the target and the strategy:'
    if release.release.is_rollback:
        yield f'  rollback: {release.release.version} gets all requests without checks and approvals'
    else:
        yield from course_lines(release)
    yield f"  watch it: 'kubectl -n {release.environment.namespace} get {_kind(engine)} {name} --watch'"


def course_lines(release: ResolvedRelease) -> Iterator[str]:
    """The steps of a new version, with their earliest times; none if commits or nobody moves the traffic."""
    engine = release.release.engine(release.environment)
    compiled, strategy = release.merged['strategy'], release.strategy
    checks = None if isinstance(strategy, Rolling) else strategy.checks
    match engine:
        case 'native':
            return
        case 'argo-rollouts':
            yield from _of_rollouts(compiled['rollout'], strategy)
            if checks:
                yield f'  it checks {_limits(checks)}'
                yield f'  if the checks fail, {_failed(release)}'
        case 'flagger':
            analysis = compiled['canary']['analysis']
            yield from _of_flagger(analysis)
            if checks:
                yield f'  every {spoken(int(seconds(analysis["interval"])))} it checks {_limits(checks)}'
                times = analysis['threshold']
                yield f'  after {times} failed check{"" if times == 1 else "s"} {_failed(release)}'
        case _:
            assert_never(engine)


def _kind(engine: Engine) -> str:
    """The kubectl name of the object that shows a rollout."""
    match engine:
        case 'native':
            return 'deployment'
        case 'argo-rollouts':
            return 'rollout'
        case 'flagger':
            return 'canary'
        case _:
            assert_never(engine)


def _failed(release: ResolvedRelease) -> str:
    environment, model = release.release.environment, release.release.model
    return (
        'the old version gets all requests, and git still has the new version:'
        f" run 'chartloom rollback {model} --env {environment}'"
    )


def _of_rollouts(spec: Values, strategy: Strategy) -> Iterator[str]:
    """Lines of a Rollout's strategy."""
    if switch := spec.get('blueGreen'):
        wait = '' if switch['autoPromotionEnabled'] else _APPROVED
        yield f'  at once: the new pods start{wait}'
        yield f'  when they are ready: all requests{_kept(switch)}'
        return
    assert isinstance(strategy, Canary), 'a Rollout of another kind has no steps'
    after, waiting, holds = 0, list[str](), iter(strategy.steps)
    for step in spec['canary']['steps']:
        if what := _traffic(step):
            yield from waiting
            waiting, hold, approved = [f'  {_earliest(after)}: {what}'], next(holds).hold, _APPROVED
        elif 'analysis' in step and waiting and strategy.checks:
            waiting[0] += ', until the checks ' + (f'were good for {spoken(hold)}' if hold else 'are good')
            after, approved = after + (hold or shortest_hold(strategy.checks)), ' and somebody approves'
        elif 'pause' in step and waiting:
            hold = int(seconds(step['pause'].get('duration', '0s')))
            waiting[0] += f', for {spoken(hold)}' if hold else approved
            after += hold
    yield from waiting
    yield f'  {_earliest(after)}: all requests{_kept(spec["canary"])}'


_APPROVED = ', until somebody approves'


def _traffic(step: Mapping[str, Any]) -> str:
    """What a step of a Rollout sends to the new version; '' for other steps, and for the end of a step's copies."""
    if 'setWeight' in step:
        return f'{step["setWeight"]} % of the requests'
    if names := [match['headerName'] for match in step.get('setHeaderRoute', {}).get('match', ())]:
        return f'requests with {", ".join(names)}'
    share = step.get('setMirrorRoute', {}).get('percentage')
    return f'a copy of {share} %' if share else ''


def _kept(spec: Values) -> str:
    delay = spec.get('scaleDownDelaySeconds')
    return f', the old pods stay for {spoken(delay)}' if delay else ''


def _of_flagger(analysis: Values) -> Iterator[str]:
    """Lines of a Canary's analysis: Flagger looks, and takes the next step, once per interval."""
    interval = int(seconds(analysis['interval']))
    steps = [f'a copy of {analysis["mirrorWeight"]} %'] if analysis.get('mirror') else []
    steps += [f'{weight} % of the requests' for weight in analysis.get('stepWeights', ())]
    looks = max(len(steps), analysis.get('iterations', 0))
    if match := analysis.get('match'):
        steps = [f'requests with {", ".join(sorted(match[0]["headers"]))}']
    for index, what in enumerate(steps or ['the new pods start, without requests']):
        yield f'  {_earliest(index * interval)}: {what}'
    gates = [hook['url'] for hook in analysis.get('webhooks', ()) if hook['type'] == 'confirm-promotion']
    yield f'  {_earliest(looks * interval)}: all requests{f", if the gate {gates[0]} is open" if gates else ""}'


def _earliest(after: int) -> str:
    return f'after {spoken(after)}' if after else 'at once'


def _limits(checks: Checks) -> str:
    return ', '.join(
        f'{check_key(check.name)} {check.comparison} {check_value(check.name, check.limit)}' for check in checks.checks
    )
