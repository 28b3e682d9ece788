"""Releases of a run, and those that they meet in applications → the problems between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.checks.releases import shared_problems
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import REGISTRY
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.pipeline.companions import Resolve, with_companions
from generator.pipeline.flux import where_flux_runs
from generator.pipeline.source import Source
from generator.registry.inherit import blamed


@dataclass(frozen=True, slots=True)
class Between:
    """The published commit, and the revision by which it is told who came last: `base`, '' for none."""

    source: Source
    published: str
    base: str
    schemas: Mapping[str, bytes]

    def problems(self, own: Sequence[ResolvedRelease], registry: Registry, resolve: Resolve) -> list[Problem]:
        """Return the problems between all releases, or between those of a scope and the other members of its
        applications, which `resolve` makes."""
        whole = not self.source.scope
        registry, companions = with_companions(self.source, registry, resolve)
        known = shared_problems(companions, registry, whole=False) if companions else []
        every = [*own, *companions]
        found = shared_problems(every, registry, whole=whole)
        if found:  # only now it matters who came last
            found = shared_problems(every, registry, whole=whole, changed=self._changed())
        found += self._in_flux(every, registry, self._changed)
        return blamed((each for each in found if each not in known), registry.environments.values())

    def exist(self, releases: Sequence[ResolvedRelease], registry: Registry) -> bool:
        """Whether there are problems between all releases, whoever came last."""
        return bool(shared_problems(releases, registry) or self._in_flux(releases, registry, frozenset))

    def _in_flux(
        self, releases: Sequence[ResolvedRelease], registry: Registry, changed: Callable[[], frozenset[str]]
    ) -> list[Problem]:
        return where_flux_runs(self.source, self.published, self.schemas, releases, registry, changed)

    def _changed(self) -> frozenset[str]:
        """The registry files that differ from the base; none if the base has no registry."""
        before, now = self.source.repository.ids(self.base, [REGISTRY]), self.source.tree.ids
        return frozenset(path for path in self.source.names if before and before.get(path) != now[path])
