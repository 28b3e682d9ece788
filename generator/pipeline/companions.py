"""A run over some models → the releases of the other members of their applications, to check them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound
from generator.domain.records import Registry
from generator.pipeline.source import Source, open_source

Resolve = Callable[[Source], tuple[Registry, list[ResolvedRelease]]]


def with_companions(source: Source, registry: Registry, resolve: Resolve) -> tuple[Registry, list[ResolvedRelease]]:
    """Return the registry with the companions of a scope, and their releases; `resolve` makes these from a source.

    Companions with problems of their own are left out: a command is stopped only by what it touches.
    """
    members = {member for application in registry.applications.values() for member in application.members}
    beside = members.difference(source.scope) & registry.model_names
    if not (source.scope and beside):
        return registry, []
    other = open_source(source.repository, beside)
    try:
        found, releases = resolve(other.with_files(source.laid) if source.laid else other)
    except ProblemsFound:
        return registry, []
    whole = replace(
        registry,
        models={**found.models, **registry.models},
        releases={**found.releases, **registry.releases},
        applications={**found.applications, **registry.applications},
        applications_of={**found.applications_of, **registry.applications_of},
    )
    return whole, releases
