"""The desired files of a run beside what is published → what stops a plan of them, and what people are warned of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from generator.checks.warnings import registry_warnings, release_warnings
from generator.domain.generated import Plan, ResolvedRelease, Templates
from generator.domain.layout import release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry
from generator.domain.times import Clock
from generator.domain.tree import Ids, Tree
from generator.pipeline.beside import lost_locks
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.elsewhere import is_left
from generator.pipeline.gate import Gate
from generator.pipeline.gates import gate_problems, gate_warnings
from generator.pipeline.logins import other_logins
from generator.pipeline.moves import bootstrap_warnings, delivery_moves
from generator.pipeline.published import Base
from generator.pipeline.rollouts import lost_by_removal, rollout_problems
from generator.pipeline.source import Source
from generator.pipeline.taken_hosts import taken_hosts
from generator.plan.forms import Move
from generator.plan.refused import refused_ways
from generator.plan.transitions import lost_requests, migration_warnings
from generator.registry.inherit import blamed


@dataclass(frozen=True)
class Judged:
    """`published` is the commit that is published now, `desired` are the ids of the desired files, and `made` those of
    them that differ from the base, at least."""

    source: Source
    base: Base
    published: str
    charts: ChartFiles
    desired: Ids
    made: Tree
    registry: Registry
    templates: Templates
    clock: Clock

    @cached_property
    def moves(self) -> list[Move]:
        return delivery_moves(self.source.repository, self.base.ids, self.desired, self.made)

    def gate(self, registry: Registry, made: Tree) -> Gate:
        """What judges a registry by what is published; `made` are its desired files."""
        schemas = self.templates.schemas
        return Gate(
            self.source, self.base, self.published, self.charts, made, registry, self.registry, schemas, self.clock
        )

    @cached_property
    def own(self) -> Gate:
        return self.gate(self.registry, self.made)

    def problems(self, left_out: frozenset[str]) -> list[Problem]:
        """Report ways that no controller can go, and moves that a gate stops, unless their file is left out."""
        gates = (found for found in self._gated if not is_left(found.file, left_out))
        return [*refused_ways(self.moves), *gates]

    @cached_property
    def _gated(self) -> list[Problem]:
        return [*gate_problems(self.own, self.desired), *rollout_problems(self.own)]

    def warnings(self, releases: Sequence[ResolvedRelease], *, whole: bool) -> list[Problem]:
        """Return the warnings about these releases and the registry, sorted; `whole`: they are all there are."""
        return sorted({*blamed(self._warnings(releases, whole), self.registry.environments.values())})

    def _warnings(self, releases: Sequence[ResolvedRelease], whole: bool) -> Iterator[Problem]:
        rollbacks = [release.name for release in self.registry.releases.values() if release.is_rollback]
        yield from registry_warnings(self.registry, self.templates)
        yield from migration_warnings(self.moves, rollbacks)
        yield from bootstrap_warnings(self.source.repository, self.base.ids, self.desired, self.made)
        yield from release_warnings(releases, whole=whole)
        yield from gate_warnings(self.own, self.desired)
        if self.base.revision:
            yield from taken_hosts(self.own, self.desired, releases)
            yield from other_logins(self.own, self.desired, releases)
            yield from lost_locks(self.own) if whole else ()

    def lost(self) -> Iterator[Problem]:
        """Yield what becomes of rollouts and their requests; whoever generates it has said --allow-removal."""
        yield from lost_requests(self.moves)
        yield from lost_by_removal(self.own)

    def check_requests(self, plan: Plan, removable: Collection[str]) -> None:
        """Raise ProblemsFound if a plan removes pods that have requests, unless their release is `removable`."""
        changed = {release_of(change.path) for change in plan.changes}.difference(removable)
        if changed and (found := list(lost_requests(move for move in self.moves if move.release in changed))):
            raise ProblemsFound(found)
