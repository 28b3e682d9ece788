"""Whatever a person may write: what follows from it fits, or is refused where they wrote it, in their words."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from resolved import problems, resolved

from generator.domain.problems import ProblemsFound

units = st.sampled_from(['ms', 's', 'm', 'h'])
numbers = st.one_of(st.integers(0, 200), st.integers(0, 99999), st.just(99999))
limits = st.builds('{}{}'.format, numbers, units)
holds = st.builds('{}{}'.format, numbers, st.sampled_from('smh'))
replicas = st.one_of(st.integers(1, 20), st.integers(1, 2**31 - 1))
shares = st.one_of(st.floats(0, 100, allow_nan=False), st.sampled_from([0, 50, 99, 99.9, 99.999999, 100]))


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


checks = some(
    successRate=st.builds('>= {}%'.format, st.sampled_from(['0', '99', '99.9', '100'])),
    p99=st.builds('<= {}'.format, limits),
    interval=st.builds('{}{}'.format, st.integers(0, 999), st.sampled_from('sm')),
    window=st.builds('{}{}'.format, st.integers(0, 999), st.sampled_from('smh')),
    failures=st.integers(0, 100),
)
steps = st.lists(some(weight=st.integers(1, 100), hold=holds, approval=st.booleans()), min_size=1, max_size=3)
strategies = st.one_of(
    st.fixed_dictionaries({'canary': st.fixed_dictionaries({'steps': steps}, optional={
        'checks': checks, 'keepOld': holds, 'replicas': st.integers(1, 10000),
    })}),
    st.fixed_dictionaries({'blueGreen': some(checks=checks, keepOld=holds, previewReplicas=st.integers(1, 10000))}),
    st.fixed_dictionaries({'rolling': some(maxSurge=st.integers(0, 5), maxUnavailable=st.sampled_from([0, '100%']))}),
)  # fmt: skip
models = some(
    slo=some(availability=shares, p99=limits),
    traffic=some(requestsPerSecond=st.floats(0, 1e9), timeout=limits),
    replicas=st.integers(0, 2**31 - 1),
    autoscaling=some(
        enabled=st.booleans(), metric=st.sampled_from(['cpu', 'load']), minReplicas=replicas, maxReplicas=replicas,
        target=st.one_of(st.integers(1, 10**9), st.floats(0, 1e9, exclude_min=True)),
        targetCPUUtilizationPercentage=st.integers(1, 100), scaleDownStabilizationSeconds=st.integers(0, 3600),
    ),
    startupProbe=some(periodSeconds=replicas, failureThreshold=replicas, timeoutSeconds=replicas),
    strategy=strategies,
    resources=st.just({'requests': {'cpu': 2}}),
)  # fmt: skip
sizes = st.builds('{}{}i'.format, st.one_of(st.integers(0, 999), st.integers(0, 10**9)), st.sampled_from('KMGT'))
ROUTER = {'service': {}, **{name: {**r.GATEWAY, 'router': name} for name in ('istio', 'nginx')}, 'envoy': r.ENVOY}
environments = st.fixed_dictionaries({
    'router': st.sampled_from(sorted(ROUTER)),
    'engine': st.sampled_from(['native', 'argo-rollouts', 'flagger']),
    'agent': st.sampled_from(['argocd', 'flux']),
    'monitoring': st.sampled_from([None, {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://p:9090'}]),
})  # fmt: skip


def files(spec: dict[str, Any], size: str, environment: dict[str, Any]) -> r.Files:
    more = {key: value for key, value in environment.items() if value and key != 'router'}
    version = r.version(artifact={**r.ARTIFACT, 'size': size})
    return (
        r.settings()
        | r.model('web', 'tensorflow-serving', [version], **spec)
        | r.following(**ROUTER[environment['router']], **more)
        | r.release()
    )


def is_written(document: Any, path: str) -> bool:
    """Whether a person wrote what is at a path, or the map where something is missing."""
    for step in path.removeprefix('$').replace('[', '.').replace(']', '').split('.')[1:]:
        if isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            return False
    return True


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models, sizes, environments)
def test_what_follows_from_a_registry_fits_or_is_refused_where_it_was_written(
    spec: dict[str, Any], size: str, environment: dict[str, Any]
) -> None:
    given_files = files(spec, size, environment)
    try:
        resolved(given_files)
        event('accepted')
    except ProblemsFound as error:
        event('refused')
        for problem in error.problems:
            assert 'derived value' not in problem.message, problem
            assert 'of the chart:' not in problem.message, problem
            assert 'bug' not in problem.hint, problem
            document = yaml.safe_load(given_files[problem.file])
            assert is_written(document, problem.path), f'nobody wrote this: {problem}'
            if 'invalid format' in problem.message:
                assert str(value_at(document, problem.path)) in problem.message, problem


def value_at(document: Any, path: str) -> Any:
    for step in path.removeprefix('$').replace('[', '.').replace(']', '').split('.')[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@pytest.mark.parametrize(
    ('p99', 'timeout'),
    [('1ms', '1000ms'), ('24s', '96000ms'), ('30s', '120s'), ('25h', '6000m'), ('99999h', '99999h')],
)
def test_a_slow_model_limits_requests_and_not_each_try(p99: str, timeout: str) -> None:
    [release] = resolved(r.settings() | r.model(slo={'p99': p99}) | r.following() | r.release())
    assert release.merged['route']['timeout'] == timeout
    assert release.merged['route']['retries'] == {'attempts': 2, 'perTryTimeout': ''}


def test_values_of_a_model_may_limit_each_try() -> None:
    limited = {'route': {'retries': {'perTryTimeout': '500ms'}}}
    model = r.model(slo={'p99': '1s'}, values=limited)
    [release] = resolved(r.settings() | model | r.following() | r.release())
    assert release.merged['route']['retries'] == {'attempts': 2, 'perTryTimeout': '500ms'}


@pytest.mark.parametrize('p99', ['0s', '100000ms', '1.5s', '30'])
def test_a_latency_that_is_none_is_refused_as_it_was_written(p99: str) -> None:
    [told] = problems(r.settings() | r.model(slo={'p99': p99}) | r.following() | r.release())
    assert told.startswith(f"registry/models/web.yaml::$.spec.slo.p99: invalid format: '{p99}'")
