"""A resolved release → problems: more rules, pods or characters than the API server accepts, now or in a rollout.

The schema of values and the schemas of the registry hold most limits: 16 host names, 64 gRPC methods, 1,024 characters
of a path, 8 headers of a step, and names: with 42 characters of a model and 20 of an environment, no name or label that
is made from them has more than 63 characters (tests/checks/test_limits.py). Here are those that no schema can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.choices import Engine, is_of_gateway
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.strategy import BlueGreen, Canary, Rolling
from generator.domain.values import Values
from generator.strategies.ahead import merged_at, stages_ahead
from generator.strategies.course import full_size
from generator.values.blame import to_problems, written_at
from generator.values.merge import enabled

RULES = 16  # of an HTTPRoute (Gateway API 1.5)
AUDIENCES, ADDRESS = 8, 253  # of a JWT provider, and characters of an address, in a SecurityPolicy (Envoy Gateway 1.9)
NAME = 253  # characters of the name of an object that is no label
SECRET_KEY = 253  # characters of a key of a Secret


def limit_problems(release: ResolvedRelease, now: str = '') -> list[Problem]:
    """Return the problems of a release, and of the stages of its rollout from `now` on; '' if none is in progress."""
    layers = (*release.chart.layers, *release.layers)
    faults = [*_rules(release), *_policy(release), *_secrets(release)]
    problems = to_problems(faults, layers, release.release.file) if faults else []
    return [*problems, *_rules_ahead(release, now), *_pods(release, now)]


def _has_http_route(values: Values) -> bool:
    return bool(values['route']['enabled']) and is_of_gateway(values['route']['type'])


def _rules(release: ResolvedRelease) -> Iterator[Fault]:
    if not _has_http_route(release.merged):
        return
    count = len(enabled(release.merged['route']['rules']))
    if count > RULES:
        message = f'an HTTPRoute with {count} rules, the Gateway API allows {RULES}'
        yield Fault(('route', 'rules'), message, f'write at most {RULES}: one path may serve all paths below it')


def _rules_ahead(release: ResolvedRelease, now: str) -> Iterator[Problem]:
    """Report headers: while requests with them go to the new version, each rule has a second one."""
    strategy, written = release.strategy, release.written
    if not isinstance(strategy, Canary) or not _has_http_route(release.merged):
        return
    rules = len(enabled(release.merged['route']['rules']))
    index = next((index for index, step in enumerate(strategy.steps) if step.headers), None)
    if index is None or rules > RULES:
        return
    count = _rules_with_headers(release, now)
    if count > RULES:
        message = (
            f'requests with headers need a second rule for each of the {rules} rules of the HTTPRoute:'
            f' {count} rules, the Gateway API allows {RULES}'
        )
        where = _file(release, ('route', 'rules'))
        hint = f'use weights instead, or write at most {rules * RULES // count} rules in {where}'
        yield Problem(written.file, json_path(_in_strategy(release, 'steps', index, 'headers')), message, hint)


def _rules_with_headers(release: ResolvedRelease, now: str) -> int:
    """The most rules of the HTTPRoute in any stage."""
    engine: Engine = release.merged['strategy']['engine']
    match engine:
        case 'native':
            stages = stages_ahead(release, now)
            return max((len(merged_at(release, stage)['routing']['route']) for stage in stages), default=0)
        case 'argo-rollouts':
            # Its plugin copies each rule, since its issue #207; before, it copied the first one only.
            return 2 * len(enabled(release.merged['route']['rules']))
        case 'flagger':
            return 2  # one rule, which its Canary copies for headers
        case _:
            assert_never(engine)


def _pods(release: ResolvedRelease, now: str) -> Iterator[Problem]:
    """Report more pods of the new version than the release ever has: its autoscaler would have a minimum above that."""
    strategy, key = release.strategy, 'replicas'
    match strategy:
        case Rolling():
            return
        case Canary():
            wanted = strategy.replicas
        case BlueGreen():
            wanted, key = strategy.preview_replicas, 'previewReplicas'
        case _:
            assert_never(strategy)
    most = full_size(release.merged)
    if wanted > most and (not now or any(stage.pods for stage in stages_ahead(release, now))):
        scaled = release.merged['autoscaling']['enabled']
        path: Path = ('autoscaling', 'maxReplicas') if scaled else ('replicaCount',)
        message = f"'{wanted}' pods of the new version, the whole release has at most {most}"
        hint = f'write at most {most}, or raise {path[-1]} in {_file(release, path)}'
        yield Problem(release.written.file, json_path(_in_strategy(release, key)), message, hint)


def _in_strategy(release: ResolvedRelease, *keys: str | int) -> Path:
    """The place of a setting of the strategy; the annotation of a published chart has no places inside."""
    path = release.written.path
    return (*path, release.strategy.kind, *keys) if path[0] == 'spec' else path


def _file(release: ResolvedRelease, path: Path) -> str:
    """The registry file that sets a value; the release's own if only its chart does."""
    found = written_at(path, (*release.chart.layers, *release.layers))
    return found[0] if found else release.release.file


def _policy(release: ResolvedRelease) -> Iterator[Fault]:
    """Report what Envoy Gateway's SecurityPolicy does not accept."""
    values = release.merged
    auth = values['auth']
    opened = any(values[key]['enabled'] and is_of_gateway(values[key]['type']) for key in ('route', 'grpcRoute'))
    if auth['type'] != 'jwt' or not opened:
        return
    if len(auth['audiences']) > AUDIENCES:
        message = f'{len(auth["audiences"])} audiences, Envoy Gateway allows {AUDIENCES}'
        yield Fault(('auth', 'audiences'), message, f'write at most {AUDIENCES}, or none to accept any')
    for key in ('issuer', 'jwksUri'):
        if len(auth[key]) > ADDRESS:
            message = f'{len(auth[key])} characters, Envoy Gateway allows {ADDRESS}'
            yield Fault(('auth', key), message, 'use a shorter address')


def _secrets(release: ResolvedRelease) -> Iterator[Fault]:
    """Report names of ExternalSecrets, which contain the release's, and keys of their Secrets that are too long."""
    secrets = release.merged['externalSecrets']['secrets']
    if not secrets:
        return
    room = NAME - len(f'{release.merged["fullnameOverride"]}-')
    for name, secret in enabled(secrets).items():
        place: Path = ('externalSecrets', 'secrets', name)
        if len(name) > room:
            message = f"a name of {len(name)} characters: {NAME} is the limit, after the model's name"
            yield Fault(place, message, f'use at most {room} characters')
        for index, key in enumerate(secret['keys']):
            if len(key) > SECRET_KEY:
                message = f'a key of {len(key)} characters, Kubernetes allows {SECRET_KEY}'
                yield Fault((*place, 'keys', index), message, 'use a shorter key')
