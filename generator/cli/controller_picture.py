"""A release whose traffic a controller moves → lines that say what its compiled object makes the controller do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

from generator.domain.choices import Engine, engine_title
from generator.domain.generated import ResolvedRelease
from generator.domain.records import Values
from generator.domain.strategy import BlueGreen, Canary, Checks
from generator.domain.units import number, seconds
from generator.operations.rollout_steps import show_time

_FAILED = 'the old version gets all requests, and git still has the new version: revert the commit'
_BOUNDS = (('min', '>='), ('max', '<='))


def controller_lines(release: ResolvedRelease) -> Iterator[str]:
    """What Argo Rollouts or Flagger will do with a new version, with the earliest time of each step."""
    engine, name = release.release.engine(release.environment), release.release.model
    yield f'{engine_title(engine)} moves the traffic of {release.release.name}; git holds the target and the strategy:'
    yield from _course(release, engine)
    yield f"  watch it: 'kubectl -n {release.environment.namespace} get {_kind(engine)} {name} --watch'"


def _course(release: ResolvedRelease, engine: Engine) -> Iterator[str]:
    compiled, strategy = release.merged['strategy'], release.strategy
    match engine:
        case 'native':
            return
        case 'argo-rollouts':
            yield from _of_rollouts(compiled['rollout'])
            if isinstance(strategy, BlueGreen | Canary) and strategy.checks:
                yield f'  it checks {_limits(strategy.checks)}'
                yield f'  if the checks fail, {_FAILED}'
        case 'flagger':
            yield from _of_flagger(compiled['canary']['analysis'])
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


def _of_rollouts(spec: Values) -> Iterator[str]:
    """Lines of a Rollout's strategy."""
    if switch := spec.get('blueGreen'):
        wait = '' if switch['autoPromotionEnabled'] else _APPROVED
        yield f'  at once: the new pods start{wait}'
        yield f'  when they are ready: all requests{_kept(switch)}'
        return
    after, waiting = 0, list[str]()
    for step in spec['canary']['steps']:
        if what := _traffic(step):
            yield from waiting
            waiting = [f'  {_earliest(after)}: {what}']
        elif 'pause' in step and waiting:
            hold = int(seconds(step['pause'].get('duration', '0s')))
            waiting[0] += f', for {show_time(hold)}' if hold else _APPROVED
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
    return f', the old pods stay for {show_time(delay)}' if delay else ''


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
    if metrics := analysis.get('metrics'):
        yield f'  every {show_time(interval)} it checks {", ".join(_bounds(metrics))}'
        times = analysis['threshold']
        yield f'  after {times} failed check{"" if times == 1 else "s"} {_FAILED}'


def _bounds(metrics: Iterable[Values]) -> Iterator[str]:
    for metric in metrics:
        limits = metric['thresholdRange']
        yield ' '.join([metric['name'], *(f'{sign} {number(limits[key])}' for key, sign in _BOUNDS if key in limits)])


def _earliest(after: int) -> str:
    return f'after {show_time(after)}' if after else 'at once'


def _limits(checks: Checks) -> str:
    return ', '.join(f'{check.name} {check.comparison} {number(check.limit)}' for check in checks.checks)
