"""Environments → the clusters that they are in."""

from __future__ import annotations

from generator.domain.records import Environment, Registry

_IN_CLUSTER = 'kubernetes.default.svc'

ClusterKey = tuple[str, ...]


def cluster_key(environment: Environment) -> ClusterKey:
    """Identify a cluster: by the address of its API server, or by name if that says nothing."""
    scheme, _, rest = environment.server.partition('://')
    host, _, path = rest.partition('/')
    host = host.lower().removesuffix({'http': ':80'}.get(scheme, ':443'))
    if host in ('', _IN_CLUSTER):
        return 'name', environment.spec['cluster']['name']
    return 'server', scheme, host, path.rstrip('/')


def places(environment: Environment) -> frozenset[tuple[ClusterKey, str]]:
    """Return cluster and namespace in each form: two environments that share one of them are at one place."""
    keys = {cluster_key(environment), ('name', environment.spec['cluster']['name'])}
    return frozenset((key, environment.namespace) for key in keys)


def cluster_keys(registry: Registry) -> dict[str, ClusterKey]:
    """Return the cluster of each environment."""
    return {name: cluster_key(environment) for name, environment in registry.environments.items()}
