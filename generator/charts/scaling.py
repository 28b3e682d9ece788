"""A model's autoscaling and its runtime's queries → values of its chart, and problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.charts import alerts
from generator.domain.generated import Runtime
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.records import Model
from generator.domain.values import Values

_SCALING: Path = ('spec', 'autoscaling')


def scaling_values(spec: Values, runtime: Runtime) -> Iterator[tuple[Path, Path, Any]]:
    """Yield source, target and values of the layers."""
    if 'replicas' in spec:
        yield ('spec', 'replicas'), ('replicaCount',), spec['replicas']
    if 'autoscaling' not in spec:
        return
    scaling = spec['autoscaling']
    own = {key: value for key, value in scaling.items() if key not in ('metric', 'target')}
    yield _SCALING, ('autoscaling', 'enabled'), True
    if own:
        yield _SCALING, ('autoscaling',), own
    if scaling.get('metric') == 'load' and _has_load(runtime):
        yield from _by_load(scaling, runtime.spec['queries'])
    elif 'target' in scaling:
        yield (*_SCALING, 'target'), ('autoscaling', 'targetCPUUtilizationPercentage'), scaling['target']


def _by_load(scaling: Values, queries: Values) -> Iterator[tuple[Path, Path, Any]]:
    metric, keda = (*_SCALING, 'metric'), ('autoscaling', 'keda')
    yield metric, ('autoscaling', 'type'), 'keda'
    yield metric, (*keda, 'query'), alerts.load(queries)
    target = (*_SCALING, 'target') if 'target' in scaling else metric
    yield target, (*keda, 'threshold'), scaling.get('target', queries['load']['threshold'])
    if 'minReplicas' in scaling:
        yield (*_SCALING, 'minReplicas'), (*keda, 'fallbackReplicas'), scaling['minReplicas']


def _has_load(runtime: Runtime) -> bool:
    return 'load' in runtime.spec.get('queries', {})


def scaling_problems(model: Model, runtime: Runtime) -> Iterator[Problem]:
    if model.spec.get('autoscaling', {}).get('metric') == 'load' and not _has_load(runtime):
        message = f"the load metric of runtime '{runtime.name}' is unknown"
        hint = 'write metric: cpu; or set type: keda and keda with your query and threshold in spec.values.autoscaling'
        yield Problem(model.file, '$.spec.autoscaling.metric', message, hint)
