"""A resolved release → its Application of Argo CD."""

from __future__ import annotations

from typing import Any, assert_never

from generator.delivery.parts import labels, present
from generator.documents.write import Dumped
from generator.domain.choices import ChartSource
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import bootstrap_name, delivery_name
from generator.domain.settings import Settings
from generator.domain.values import Values
from generator.strategies.companions import ignore_differences

# With both agents, removing a delivery object removes what it deployed, unless the release is suspended.
FINALIZER = 'resources-finalizer.argocd.argoproj.io'


def application(release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped) -> dict[str, Any]:
    environment, model = release.environment, release.release.model
    chart_source = environment.chart_source(settings)
    suspended = release.release.is_suspended
    annotations, place = _source(release, settings, prefix, chart_source)
    return {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Application',
        'metadata': {
            'name': delivery_name(environment.name, model),
            'namespace': environment.delivery_namespace,
            'labels': labels(release, chart_source),
            **present('annotations', annotations),
            **present('finalizers', [] if suspended else [FINALIZER]),
        },
        'spec': {
            'project': bootstrap_name(environment.name),
            # Each entry of the history holds all values.
            'revisionHistoryLimit': 1,
            'source': {**place, 'helm': {'releaseName': model, 'valuesObject': values}},
            'destination': {'server': environment.server, 'namespace': environment.namespace},
            'syncPolicy': sync_policy(automated=not suspended),
            **present('ignoreDifferences', ignore_differences(release)),
        },
    }


def _source(
    release: ResolvedRelease, settings: Settings, prefix: str, source: ChartSource
) -> tuple[dict[str, str], dict[str, str]]:
    """The annotations and the source of an Application."""
    match source:
        case 'git':
            folder = f'{prefix}{release.chart.folder}'
            place = {'repoURL': settings.url, 'targetRevision': settings.branch, 'path': folder}
            # Without it every commit renders every release again.
            return {'argocd.argoproj.io/manifest-generate-paths': f'/{folder}'}, place
        case 'oci':  # a digest, since whoever may push can move a tag
            address = f'{settings.registry}/{release.release.model}'
            return {}, {'repoURL': address, 'targetRevision': release.manifest, 'path': '.'}
        case _:
            assert_never(source)


def sync_policy(*, automated: bool = True, allow_empty: bool = False) -> dict[str, Any]:
    """Return an automatic policy; with `refresh`, the retry of a failed sync uses the commit that fixes it."""
    policy = {'prune': True, 'selfHeal': True, **({'allowEmpty': True} if allow_empty else {})}
    return {
        **present('automated', policy if automated else {}),
        'syncOptions': ['CreateNamespace=false', 'ApplyOutOfSyncOnly=true'],
        'retry': {'limit': 5, 'backoff': {'duration': '10s', 'factor': 2, 'maxDuration': '3m'}, 'refresh': True},
    }
