"""Environments → the clusters that they are in."""

from __future__ import annotations

from generator.domain.environments import Environment
from generator.domain.records import Registry

_IN_CLUSTER = 'kubernetes.default.svc'

ClusterKey = tuple[str, ...]


def cluster_key(environment: Environment) -> ClusterKey:
    """Identify a cluster: by the address of its API server, or by name if that says nothing."""
    scheme, _, rest = environment.server.partition('://')
    host, _, path = rest.partition('/')
    host, _, port = host.lower().partition(':') if not host.startswith('[') else (host.lower(), '', '')
    port = port.lstrip('0')
    host += f':{port}' if port and port != {'http': '80'}.get(scheme, '443') else ''
    host = host.removesuffix({'http': ':80'}.get(scheme, ':443'))  # of an address in brackets
    if host in ('', _IN_CLUSTER):
        return 'name', environment.spec['cluster']['name']
    return 'server', scheme, host, '/'.join(part for part in path.split('/') if part not in ('', '.'))


def places(environment: Environment) -> frozenset[tuple[ClusterKey, str]]:
    """Return cluster and namespace in each form: two environments that share one of them are at one place."""
    return frozenset((key, environment.namespace) for key in _forms(environment))


def _forms(environment: Environment) -> set[ClusterKey]:
    return {cluster_key(environment), ('name', environment.spec['cluster']['name'])}


def cluster_keys(registry: Registry) -> dict[str, ClusterKey]:
    """Return the cluster of each environment: those that share a form, directly or by others, are in one cluster."""
    groups: list[set[ClusterKey]] = []
    for environment in registry.environments.values():
        mine = _forms(environment)
        joined = [group for group in groups if group & mine]
        groups = [*(group for group in groups if not group & mine), mine.union(*joined)]
    of = {key: min(group) for group in groups for key in group}
    return {name: of[cluster_key(environment)] for name, environment in registry.environments.items()}
