"""A resolved release → its HelmRelease of Flux, with the source of its chart if that is an OCI registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from generator.charts.archive import LAYER_TYPE
from generator.delivery.parts import labels, present
from generator.documents.write import Dumped
from generator.domain.choices import ChartSource
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import bootstrap_name, delivery_name
from generator.domain.settings import Settings
from generator.domain.values import Values
from generator.strategies.companions import client_side, drift_ignore


def flux_objects(
    release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped
) -> Iterator[dict[str, Any]]:
    """Yield the source of the chart, if it is one of its own, and the HelmRelease."""
    source = release.environment.chart_source(settings)
    match source:
        case 'git':
            pass
        case 'oci':
            yield _repository(release, settings)
        case _:
            assert_never(source)
    yield _helm_release(release, settings, prefix, values)


def _apply(release: ResolvedRelease, action: Values) -> tuple[Values, Values, Values]:
    """Install, upgrade and rollback, with client-side apply if the engine requires it."""
    if not client_side(release):
        return action, action, {}
    return (
        {**action, 'serverSideApply': False},
        {**action, 'serverSideApply': 'disabled'},
        {'serverSideApply': 'disabled'},
    )


def _helm_release(release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped) -> dict[str, Any]:
    environment, model = release.environment, release.release.model
    chart_source = environment.chart_source(settings)
    # A release that waits for health takes no fix until its timeout; a wait that is cancelled loses rollbacks.
    # Only a commit rolls back: the controller retries and never remediates.
    action = {'disableWait': True, 'strategy': {'name': 'RetryOnFailure', 'retryInterval': '2m'}}
    install, upgrade, rollback = _apply(release, action)
    return {
        'apiVersion': 'helm.toolkit.fluxcd.io/v2',
        'kind': 'HelmRelease',
        'metadata': {
            'name': delivery_name(environment.name, model),
            'namespace': environment.agent_namespace,
            'labels': labels(release, chart_source),
        },
        'spec': {
            # Flux does not uninstall a HelmRelease that is suspended when it is deleted.
            **present('suspend', release.release.is_suspended),
            # Flagger's Service and route go with its Canary: drift detection brings the chart's back.
            'interval': '30s' if release.release.leaves_flagger(environment) else '10m',
            'timeout': f'{int(release.merged["progressDeadlineSeconds"]) // 60 + 1}m',
            'releaseName': model,
            'targetNamespace': environment.namespace,
            'storageNamespace': environment.namespace,
            'serviceAccountName': bootstrap_name(environment.name),
            'maxHistory': 5,
            **_chart(release, prefix, chart_source),
            'install': install,
            'upgrade': upgrade,
            **present('rollback', rollback),
            'driftDetection': {'mode': 'enabled', **present('ignore', drift_ignore(release))},
            'values': values,
        },
    }


def _chart(release: ResolvedRelease, prefix: str, source: ChartSource) -> dict[str, Any]:
    environment = release.environment
    match source:
        case 'git':
            name, namespace = bootstrap_name(environment.name), environment.agent_namespace
            spec = {
                'chart': f'./{prefix}{release.chart.folder}',
                # Chart folders are immutable and contain their version; Revision would upgrade on every commit.
                'reconcileStrategy': 'ChartVersion',
                'sourceRef': {'kind': 'GitRepository', 'name': name, 'namespace': namespace},
                'interval': '10m',
            }
            return {'chart': {'spec': spec}}
        case 'oci':
            return {'chartRef': {'kind': 'OCIRepository', 'name': _repository_name(release)}}
        case _:
            assert_never(source)


def _repository_name(release: ResolvedRelease) -> str:
    """A name for each chart, so that chart and values of a release change in one step: with the name of its source."""
    return f'{delivery_name(release.environment.name, release.release.model)}-{release.manifest.partition(":")[2][:12]}'


def _repository(release: ResolvedRelease, settings: Settings) -> dict[str, Any]:
    """The source of a chart for Flux; the Kustomization removes it when no release names it any more."""
    charts = settings.spec['charts']
    return {
        'apiVersion': 'source.toolkit.fluxcd.io/v1',
        'kind': 'OCIRepository',
        'metadata': {
            'name': _repository_name(release),
            'namespace': release.environment.agent_namespace,
            'labels': labels(release, 'oci'),
        },
        'spec': {
            'interval': '10m',
            'timeout': '60s',
            'url': f'{settings.registry}/{release.release.model}',
            **present('insecure', charts.get('plainHttp', False)),
            'layerSelector': {'mediaType': LAYER_TYPE, 'operation': 'copy'},
            'ref': {'digest': release.manifest},
            **({'secretRef': {'name': charts['secret']}} if 'secret' in charts else {}),
        },
    }
