"""Model, environment and chart → layers of monitoring: alerts and what an environment enables; also its problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.charts import alerts
from generator.charts.accelerators import accelerators
from generator.domain.environments import Environment
from generator.domain.generated import Chart, Layer, ResolvedRelease, Runtime
from generator.domain.places import Path
from generator.domain.problems import Fault, Problem
from generator.domain.records import Model, Release
from generator.domain.values import DOMAIN, Values
from generator.values.merge import enabled

DASHBOARD = f'{DOMAIN}/dashboard'  # annotation of charts that contain one
_ALERTS: Path = ('monitoring', 'rules', 'alerts')
_PARTS = {'podMonitor': 'podMonitor', 'rules': 'rules', 'dashboards': 'dashboard'}
_JOB = '$JOB'


def monitoring_values(model: Model, runtime: Runtime) -> Iterator[tuple[Path, Path, Any]]:
    """Yield source, target and values of the layers with a model's alerts."""
    queries = runtime.spec.get('queries', {})
    yield ('spec', 'runtime'), _ALERTS, alerts.state_alerts(model.name, queries, gpus=wants_gpus(model.spec))
    if found := alerts.slo_alerts(model.name, model.spec.get('slo', {}), queries):
        yield ('spec', 'slo'), _ALERTS, found


def wants_gpus(spec: Values) -> bool:
    """Whether pods get NVIDIA GPUs, or slices of them such as nvidia.com/mig-1g.5gb."""
    return any(name.startswith('nvidia.com/') for _, name in accelerators(spec))


def layers(release: Release, environment: Environment, chart: Chart) -> Iterator[Layer]:
    """Yield what an environment's monitoring enables in a chart."""
    file, spec, here = environment.file, environment.spec['monitoring'], ('spec', 'monitoring')
    exception = {'namespace': spec['namespace'], 'metrics': True}
    yield Layer(file, here, ('networkPolicy', 'ingress', 'monitoring'), exception)
    for key, part in _PARTS.items():
        if key not in spec:
            continue
        if part == 'dashboard' and DASHBOARD not in chart.annotations:
            continue
        yield Layer(file, (*here, key), ('monitoring', part, 'enabled'), spec[key])
        if spec[key] and part != 'dashboard' and spec.get('labels'):
            yield Layer(file, (*here, 'labels'), ('monitoring', part, 'labels'), spec['labels'])
    if 'prometheus' in spec and _scaled_by(chart.values, environment, release) == 'keda':
        yield Layer(file, (*here, 'prometheus'), ('autoscaling', 'keda', 'serverAddress'), spec['prometheus'])


def _scaled_by(chart: Values, *places: Environment | Release) -> str:
    """Type of the autoscaler: the last place that sets it wins."""
    found = 'hpa'
    for values in (chart, *(place.spec.get('values', {}) for place in places)):
        scaling = values.get('autoscaling')
        if isinstance(scaling, Mapping):
            found = scaling.get('type', found)
    return found


def monitoring_problems(release: ResolvedRelease) -> Iterator[Problem]:
    """Yield what an environment lacks for scaling by Prometheus."""
    scaling = release.merged['autoscaling']
    if not scaling['enabled'] or scaling['type'] != 'keda':
        return
    environment = release.environment
    place = '$.spec.monitoring' if 'monitoring' in environment.spec else '$.spec'
    otherwise = 'or let the model scale by metric: cpu'
    if not scaling['keda']['serverAddress']:
        message = f"'{release.release.name}' scales by a query, but the address of Prometheus is not set"
        hint = f'add prometheus: http://<host>:<port> to monitoring, {otherwise}'
        yield Problem(environment.file, place, message, hint)
    if _JOB in scaling['keda']['query'] and not release.merged['monitoring']['podMonitor']['enabled']:
        message = f"'{release.release.name}' scales by metrics of a PodMonitor, but podMonitor is off"
        yield Problem(environment.file, place, message, f'add podMonitor: true to monitoring, {otherwise}')


def faults(release: ResolvedRelease) -> Iterator[Fault]:
    """Yield parts that are enabled but have no data."""
    watched = release.merged['monitoring']
    on = ('monitoring', 'podMonitor', 'enabled')
    if not watched['podMonitor']['enabled']:
        blind = any(_JOB in alert['expr'] for alert in enabled(watched['rules']['alerts']).values())
        for part, looks in (('rules', blind), ('dashboard', True)):
            if watched[part]['enabled'] and looks:
                message = f'monitoring.{part} requires metrics of a PodMonitor, but podMonitor is off'
                yield Fault(('monitoring', part, 'enabled'), message, 'set podMonitor to true, too', (on,))
    if watched['dashboard']['enabled'] and DASHBOARD not in release.chart.annotations:
        message = 'this chart has no dashboard: the metrics of its runtime are unknown'
        yield Fault(('monitoring', 'dashboard', 'enabled'), message, 'remove it')
