"""A registry whose Flux environments name other clusters than published → what collides where their Flux runs.

Argo CD deploys to the cluster that an environment names; Flux to the one it was installed in, whatever the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from generator.checks.clusters import cluster_key
from generator.checks.registry import shared_namespaces
from generator.checks.releases import shared_problems
from generator.documents.schema import RegistrySchemas
from generator.domain.choices import reaches_other_clusters
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.pipeline.earlier import Earlier
from generator.pipeline.source import Source

_HINT = 'its Flux runs in the cluster that is published: name another one in a request of its own'


def where_flux_runs(
    source: Source, published: str, schemas: Mapping[str, bytes], releases: Sequence[ResolvedRelease],
    registry: Registry, changed: Callable[[], frozenset[str]],
) -> list[Problem]:  # fmt: skip
    """Return the problems between releases and between environments, with the published clusters of Flux.

    `changed` gives the registry files that the request changes.
    """
    now = Earlier(source, published, RegistrySchemas(schemas))
    moved = dict(_moved(now, registry)) if published else {}
    if not moved:
        return []
    environments = {name: moved.get(name, each) for name, each in registry.environments.items()}
    there = replace(registry, environments=environments)
    mine = [replace(each, environment=environments[each.environment.name]) for each in releases]
    files = changed()
    known = {
        *shared_problems(releases, registry, whole=False, changed=files),
        *shared_namespaces(registry.environments.values()),
    }
    found = (*shared_problems(mine, there, whole=False, changed=files), *shared_namespaces(environments.values()))
    return [replace(each, hint=f'{each.hint}; {_HINT}') for each in found if each not in known]


def _moved(now: Earlier, registry: Registry) -> list[tuple[str, Environment]]:
    """The Flux environments whose cluster differs from the published one, in that."""
    mine = {name: each for name, each in registry.environments.items() if not reaches_other_clusters(each.agent)}
    ids = now.environment_ids() if mine else {}
    here = now.source.tree.ids
    changed = [
        name for name, each in mine.items() if any(ids.get(part.file) != here.get(part.file) for part in each.parts)
    ]
    published = now.environments() if changed else {}
    return [
        (name, replace(mine[name], spec={**mine[name].spec, 'cluster': published[name].spec['cluster']}))
        for name in changed
        if name in published and cluster_key(published[name]) != cluster_key(mine[name])
    ]
