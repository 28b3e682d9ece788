"""A resolved release → the one object by which its agent deploys it: chart path and values together.

The settings follow from tests with the real controllers: values are inline, so that chart and values change in one
step; one chart folder is named, so that a commit triggers only its release; retries use a fix; no hooks, no waves.
"""

from __future__ import annotations

from typing import Any, assert_never

from generator.documents.write import Dumped, dump_yaml, seal
from generator.domain.choices import Agent, agent_title
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import bootstrap_name, delivery_name, release_file
from generator.domain.records import DOMAIN, Environment, Settings, Values
from generator.strategies.companions import client_side, drift_ignore, ignore_differences

# With both agents, removing a delivery object removes what it deployed.
FINALIZER = 'resources-finalizer.argocd.argoproj.io'


def dump_readme(environment: Environment) -> bytes:
    """Write the README that keeps the agent's folder in git while it has no release."""
    agent = agent_title(environment.agent)
    command = 'generate --commit' if environment.follows_newest else 'pin'
    body = (
        f'\n# Releases of {environment.name}\n\n{agent} follows this folder: each file is one release,'
        ' and a release without a file is removed.\n'
        f'Add a release with `{release_file(f"{environment.name}/<model>")}` and `chartloom {command}`.\n'
    )
    return seal(environment.file, body, '<!-- {} -->')


def delivery_object(release: ResolvedRelease, settings: Settings, prefix: str) -> dict[str, Any]:
    """Return the Application or HelmRelease of a release; `prefix` is the folder of this repository in git."""
    return _object(release, settings, prefix, release.values)


def dump_release(release: ResolvedRelease, settings: Settings, prefix: str) -> tuple[bytes, bytes]:
    """Return the values file of a release and its delivery object, which contains the same values."""
    values = dump_yaml(release.values)
    held = Dumped(values) if release.values else release.values
    delivery = dump_yaml(_object(release, settings, prefix, held))
    return seal(release.release.file, values), seal(release.release.file, delivery)


def _object(release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped) -> dict[str, Any]:
    agent = release.environment.agent
    match agent:
        case 'argocd':
            return _application(release, settings, prefix, values)
        case 'flux':
            return _helm_release(release, prefix, values)
        case _:
            assert_never(agent)


def values_indent(agent: Agent) -> int:
    """Return how far the values of a release are indented in its delivery object."""
    match agent:
        case 'argocd':  # spec.source.helm.valuesObject
            return 8
        case 'flux':  # spec.values
            return 4
        case _:
            assert_never(agent)


def _labels(release: ResolvedRelease) -> dict[str, str]:
    return {
        'app.kubernetes.io/managed-by': 'chartloom',
        f'{DOMAIN}/environment': release.environment.name,
        f'{DOMAIN}/model': release.release.model,
    }


def _application(release: ResolvedRelease, settings: Settings, prefix: str, values: Values | Dumped) -> dict[str, Any]:
    environment, model = release.environment, release.release.model
    return {
        'apiVersion': 'argoproj.io/v1alpha1',
        'kind': 'Application',
        'metadata': {
            'name': delivery_name(environment.name, model),
            'namespace': environment.delivery_namespace,
            'labels': _labels(release),
            # Without it every commit renders every release again.
            'annotations': {'argocd.argoproj.io/manifest-generate-paths': f'/{prefix}{release.chart.folder}'},
            'finalizers': [FINALIZER],
        },
        'spec': {
            'project': bootstrap_name(environment.name),
            # Each entry of the history holds all values.
            'revisionHistoryLimit': 1,
            'source': {
                'repoURL': settings.url,
                'targetRevision': settings.branch,
                'path': f'{prefix}{release.chart.folder}',
                'helm': {'releaseName': model, 'valuesObject': values},
            },
            'destination': {'server': environment.server, 'namespace': environment.namespace},
            'syncPolicy': sync_policy(),
            **_present('ignoreDifferences', ignore_differences(release)),
        },
    }


def sync_policy(*, allow_empty: bool = False) -> dict[str, Any]:
    """Return an automatic policy; with `refresh`, the retry of a failed sync uses the commit that fixes it."""
    return {
        'automated': {'prune': True, 'selfHeal': True, **({'allowEmpty': True} if allow_empty else {})},
        'syncOptions': ['CreateNamespace=false', 'ApplyOutOfSyncOnly=true'],
        'retry': {'limit': 5, 'backoff': {'duration': '10s', 'factor': 2, 'maxDuration': '3m'}, 'refresh': True},
    }


def _present(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}


def _apply(release: ResolvedRelease, action: Values) -> tuple[Values, Values, Values]:
    """Install, upgrade and rollback, with client-side apply if the engine requires it."""
    if not client_side(release):
        return action, action, {}
    return (
        {**action, 'serverSideApply': False},
        {**action, 'serverSideApply': 'disabled'},
        {'serverSideApply': 'disabled'},
    )


def _helm_release(release: ResolvedRelease, prefix: str, values: Values | Dumped) -> dict[str, Any]:
    environment, model = release.environment, release.release.model
    source = bootstrap_name(environment.name)
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
            'labels': _labels(release),
        },
        'spec': {
            # Flagger's Service and route go with its Canary: drift detection brings the chart's back.
            'interval': '30s' if release.release.leaves_flagger(environment) else '10m',
            'timeout': f'{int(release.merged["progressDeadlineSeconds"]) // 60 + 1}m',
            'releaseName': model,
            'targetNamespace': environment.namespace,
            'storageNamespace': environment.namespace,
            'serviceAccountName': source,
            'maxHistory': 5,
            'chart': {
                'spec': {
                    'chart': f'./{prefix}{release.chart.folder}',
                    # Chart folders are immutable and contain their version; Revision would upgrade on every commit.
                    'reconcileStrategy': 'ChartVersion',
                    'sourceRef': {'kind': 'GitRepository', 'name': source, 'namespace': environment.agent_namespace},
                    'interval': '10m',
                }
            },
            'install': install,
            'upgrade': upgrade,
            **_present('rollback', rollback),
            'driftDetection': {'mode': 'enabled', **_present('ignore', drift_ignore(release))},
            'values': values,
        },
    }
