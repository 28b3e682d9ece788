"""A gate → problems of rollouts that leave out a stage, and warnings of those that are gone before their end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from generator.documents.read import read_yaml
from generator.domain.layout import CHART_YAML, chart_folder, rollout_file
from generator.domain.problems import Problem
from generator.domain.records import Registry, Rollout
from generator.domain.values import Values
from generator.pipeline.beside import has_heir
from generator.pipeline.earlier import Earlier
from generator.pipeline.gate import Gate
from generator.pipeline.history import file_changes
from generator.plan.jumps import has_stage, jumps, lost_rollouts
from generator.plan.taken import removed_rollout
from generator.strategies.written import of_chart


def rollout_problems(gate: Gate) -> list[Problem]:
    if not gate.base.revision:
        return []
    now, base, registry = gate.now, gate.at_base, gate.registry
    if not (gate.rollouts or registry.rollouts):
        return []
    pins = {name: release.chart for name, release in now.releases(registry.rollouts).items()}
    there = base.rollouts(registry.rollouts)
    same = [name for name, rollout in registry.rollouts.items() if name in there and there[name].spec == rollout.spec]
    same += _brought_back(now, registry)
    return list(jumps(registry, gate.rollouts, pins, same, partial(_strategy_of_chart, gate)))


def lost_by_removal(gate: Gate) -> Iterator[Problem]:
    """Yield what becomes of rollouts whose files a request removes."""
    gone = {name: rollout for name, rollout in gate.rollouts.items() if name not in gate.registry.rollouts}
    if gone:
        files = gate.at_base.files([rollout.file for rollout in gone.values()])
        # One that the base has not is of a branch that is only behind.
        gone = {name: each for name, each in gone.items() if each.file in files}
        yield from lost_rollouts(gate.registry, gone)
        for name, rollout in gone.items():
            is_there = name in gate.registry.release_names or has_heir(gate, name)
            if not is_there and has_stage(rollout) and not rollout.aborted:
                yield removed_rollout(rollout)


def _brought_back(now: Earlier, registry: Registry) -> Iterator[str]:
    """Yield aborted rollouts that the published branch had before it ended them: a revert of their end."""
    before = now.rollout_names() if any(rollout.aborted for rollout in registry.rollouts.values()) else ()
    for name, rollout in registry.rollouts.items():
        if rollout.aborted and name not in before:
            file = rollout_file(name)
            changes = file_changes(now.source.repository, now.revision, [file])
            if now.source.tree.ids.get(file) in {change.get(file) for _, change in changes}:
                yield name


def _strategy_of_chart(gate: Gate, rollout: Rollout) -> tuple[str, Values]:
    model, version = rollout.model, rollout.spec['to']['chart']
    folder = chart_folder(model, version)
    file = f'{folder}/{CHART_YAML}'
    about = gate.about(model, version)
    found = of_chart(read_yaml(about, file).get('annotations', {}), folder) if about else None
    return file, found.spec if found else {}
