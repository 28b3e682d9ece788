"""A gate and the desired files → problems of promotions and moves, and warnings of what later requests need not do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.checks.memberships import taken_members
from generator.domain.layout import (
    APPLICATIONS,
    MODELS,
    delivery_file,
    names_below,
)
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.tree import Ids
from generator.pipeline.earlier import Earlier
from generator.pipeline.gate import Gate
from generator.pipeline.origins import Origins, weaker_gates
from generator.pipeline.prefixes import delivers
from generator.pipeline.published import Base
from generator.pipeline.weaker import other_addresses, weaker_strategies


def gate_problems(gate: Gate, desired: Ids) -> list[Problem]:
    """Judge what changes since the base by the commit that is published now; without a base nothing is judged."""
    if not gate.base.revision:
        return []
    rollbacks = _new_rollbacks(gate.registry, gate.at_base)
    found = gate.problems(list(_changed(gate.registry, gate.origins, gate.base, desired, rollbacks)))
    found += _taken(gate.now, gate.at_base, gate.registry)
    if found and not delivers(gate.source.repository, gate.published):
        found = []  # the first commit with releases
    return found


def gate_warnings(gate: Gate, desired: Ids) -> Iterator[Problem]:
    """Yield what later requests need not do any more, and releases that go on with less than before."""
    if not gate.base.revision:
        return
    yield from weaker_gates(gate.now, gate.at_base, gate.registry)
    yield from other_addresses(gate.now, gate.at_base, gate.registry.settings, desired)
    moved = dict(_moved(gate, desired))
    yield from weaker_strategies(gate.now, gate.registry, gate.origins if moved else {}, moved, gate.about)


def _moved(gate: Gate, desired: Ids) -> Iterator[tuple[str, str]]:
    """Yield the releases whose delivery object changes, with the chart they go to; a rollback passes nothing anyway."""
    for name, release in gate.registry.releases.items():
        file = delivery_file(name)
        if file in desired and desired[file] != gate.base.ids.get(file) and not release.is_rollback:
            rollout = gate.registry.rollouts.get(name)
            yield name, rollout.spec['to']['chart'] if rollout else gate.chart(name)


def _new_rollbacks(registry: Registry, base: Earlier) -> set[str]:
    """The releases whose pin is a rollback now: not every engine has it in its delivery object."""
    found = {name: release for name, release in registry.releases.items() if release.is_rollback}
    there = base.releases(found)
    same = {name for name, each in there.items() if each.is_rollback and each.chart == found[name].chart}
    return found.keys() - same


def _changed(registry: Registry, of: Origins, base: Base, desired: Ids, rollbacks: Collection[str]) -> Iterator[str]:
    """Yield the releases whose delivery object changes, or its place."""
    for name, release in registry.releases.items():
        file, origins_ = delivery_file(name), of[release.environment]
        moves = any(origin.name != release.environment for origin in origins_)
        if moves or name in rollbacks or desired.get(file) != base.ids.get(file):
            yield name


def _taken(now: Earlier, base: Earlier, registry: Registry) -> Iterator[Problem]:
    """Report models of others in applications; one whose file is that of the base is only behind."""
    mine, there = now.source.tree.ids, now.ids_below(APPLICATIONS)
    changed = [each for each in registry.applications.values() if mine.get(each.file) != there.get(each.file)]
    if changed:
        before = base.ids_below(APPLICATIONS)
        names = [each.name for each in changed if mine.get(each.file) != before.get(each.file)]
        members = {name: each.members for name, each in now.applications(names).items()}
        published = names_below(MODELS, now.ids_below(MODELS))
        yield from taken_members(registry, names, lambda name: members.get(name, ()), published)
