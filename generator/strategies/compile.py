"""The strategy of a release → layers of values for its engine, or the problems that prevent them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.choices import Engine, by_commits
from generator.domain.environments import Environment
from generator.domain.generated import Chart, Layer
from generator.domain.layout import release_file
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Release
from generator.domain.strategy import BlueGreen, Canary, Rolling, Strategy, WrittenStrategy, check_key
from generator.domain.units import duration
from generator.domain.values import Values
from generator.strategies.argo_rollouts import compile_rollouts, shortest_hold
from generator.strategies.capabilities import Refusal, refusal
from generator.strategies.context import Context, router_of
from generator.strategies.features import features
from generator.strategies.flagger import compile_flagger, wants_gate
from generator.strategies.flagger_service import all_ports, service_port
from generator.strategies.gateways import unenforced
from generator.strategies.queries import untold
from generator.strategies.tracks import steady_tracks

_Moved = Canary | BlueGreen


def kind_layers(release: Release, environment: Environment, written: WrittenStrategy) -> Iterator[Layer]:
    """Yield kind and engine, and the settings of rolling; settings of engines follow from the merged values."""
    file, path, strategy = written.file, written.path, written.strategy
    match strategy:
        case Rolling():
            if strategy.settings:
                yield Layer(file, (*path, 'rolling'), ('strategy', 'rolling'), strategy.settings)
        case BlueGreen() | Canary():
            place = release if 'engine' in release.spec else environment
            yield Layer(place.file, ('spec', 'engine'), ('strategy', 'engine'), release.engine(environment))
            if by_commits(release.engine(environment)):
                yield Layer(file, path, ('tracks',), steady_tracks(strategy, release.slot))
        case _:
            assert_never(strategy)
    if written.spec:
        yield Layer(file, path, ('strategy', 'type'), strategy.kind)


def engine_layers(
    release: Release, chart: Chart, written: WrittenStrategy, environment: Environment, values: Values
) -> Iterator[Layer]:
    """Yield the engine's own settings; `values` are merged. Raises ProblemsFound if it does not support them."""
    file, path, strategy = written.file, written.path, written.strategy
    if isinstance(strategy, Rolling):
        return
    engine = release.engine(environment)
    context = Context(environment, chart, values, engine, release.is_rollback, release.leaves_flagger(environment))
    place = (*path, strategy.kind) if path[0] == 'spec' else path
    if found := list(_problems(strategy, context, written, json_path(place))):
        raise ProblemsFound(found)
    match engine:
        case 'native':  # kind_layers sets its tracks
            pass
        case 'argo-rollouts':
            yield Layer(file, path, ('strategy',), compile_rollouts(strategy, context))
        case 'flagger':
            yield Layer(file, path, ('strategy',), compile_flagger(strategy, context))
        case _:
            assert_never(engine)


def is_supported(strategy: Strategy, environment: Environment, engine: Engine, values: Values) -> bool:
    """Whether the engine carries out all that a strategy asks for, with the router that merged values give it."""
    router = router_of(environment, values)
    return not any(refusal(feature, engine, router) for feature in features(strategy, values))


def _problems(
    strategy: Canary | BlueGreen, context: Context, written: WrittenStrategy, place: str
) -> Iterator[Problem]:
    environment, engine = context.environment, context.engine
    refused: dict[Refusal, list[str]] = {}
    for feature in features(strategy, context.values):
        if found := refusal(feature, engine, context.router):
            refused.setdefault(found, []).append(feature.partition('.')[2])
    for found, keys in refused.items():
        where = f"in environment '{environment.name}' with engine '{engine}' and router '{environment.router}'"
        hint = found.without(keys)
        if environment.router != context.router:
            where += f", where '{context.name}' has no route"
            hint = (
                f"add a route to '{context.name}' and pin its newest version: only that gets charts with the route;"
                ' or use blueGreen'
            )
        yield Problem(written.file, place, f'{found.reason} ({where})', hint)
    if refused:
        return
    yield from _gateway_problems(strategy, context, written, place)
    if strategy.checks:
        yield from _check_problems(strategy, context, written, place)
    match engine:
        case 'native':
            pass
        case 'argo-rollouts':
            yield from _hold_problems(strategy, written, place)
        case 'flagger':
            yield from _flagger_problems(strategy, context, written, place)
        case _:
            assert_never(engine)


def _gateway_problems(strategy: _Moved, context: Context, written: WrittenStrategy, place: str) -> Iterator[Problem]:
    """Features that engine and router support, but the controller of the gateway does not enforce."""
    environment, router = context.environment, context.router
    match router:
        case 'service' | 'istio' | 'nginx':
            return
        case 'gateway-api':
            mirrors = isinstance(strategy, Canary) and any(step.mirror for step in strategy.steps)
            if mirrors and (refused := unenforced('mirror', environment.controller)):
                yield Problem(
                    written.file, place, f"{refused.reason} (environment '{environment.name}')", refused.instead
                )
        case _:
            assert_never(router)


def _check_problems(
    strategy: Canary | BlueGreen, context: Context, written: WrittenStrategy, place: str
) -> Iterator[Problem]:
    assert strategy.checks
    environment = context.environment
    for name in untold(strategy.checks, context.chart):
        message = f"the runtime of '{context.name}' has no metrics for {check_key(name)}"
        release = release_file(f'{environment.name}/{context.name}')
        where = 'here' if written.file == release else f'in a spec.strategy of {release}'
        yield Problem(written.file, f'{place}.checks', message, f'replace it {where} by a query under checks.queries')
    where = '$.spec.monitoring' if 'monitoring' in environment.spec else '$.spec'
    if not context.prometheus:
        message = f"checks of '{context.name}' require Prometheus, but its address is not set"
        yield Problem(environment.file, where, message, 'add prometheus: http://<host>:<port> to monitoring')
    if not context.values['monitoring']['podMonitor']['enabled']:
        message = f"checks of '{context.name}' require metrics of a PodMonitor, but podMonitor is off"
        yield Problem(environment.file, where, message, 'add podMonitor: true to monitoring')


def _hold_problems(strategy: Canary | BlueGreen, written: WrittenStrategy, place: str) -> Iterator[Problem]:
    """Holds that would be over before the first look of the checks."""
    if isinstance(strategy, BlueGreen) or not strategy.checks:
        return
    least = shortest_hold(strategy.checks)
    for index, step in enumerate(strategy.steps):
        if step.hold and step.hold <= least:
            message = f"hold '{duration(step.hold)}' is not longer than the window of the checks, '{duration(least)}'"
            hint = f'write a hold longer than {duration(least)}, or a shorter window'
            yield Problem(written.file, f'{place}.steps[{index}].hold', message, hint)


def _flagger_problems(
    strategy: Canary | BlueGreen, context: Context, written: WrittenStrategy, place: str
) -> Iterator[Problem]:
    environment, first = context.environment, service_port(context)
    if wants_gate(strategy) and 'gate' not in environment.spec:
        hint = 'add gate: http://<host>/gate/check, or leave the approval out'
        yield Problem(
            environment.file, '$.spec', 'approvals with Flagger require a gate, but its address is not set', hint
        )
    if not first:
        message = f"'{context.name}' has no Service: none of its ports has a servicePort"
        hint = 'give the port that answers requests a servicePort, or use strategy rolling'
        yield Problem(written.file, place, message, hint)
    for name, port in all_ports(context).items():
        # Except for the first port, Flagger's Service has the port numbers of the containers.
        if name != first and port.get('servicePort', port['containerPort']) != port['containerPort']:
            message = f"port '{name}' of '{context.name}' would be {port['containerPort']} in Flagger's Service"
            yield Problem(written.file, place, message, 'give it a servicePort equal to its containerPort')
