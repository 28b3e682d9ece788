"""What is published and a registry → warnings: stops that a request loses beside the gates."""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.environments import Environment
from generator.domain.layout import APPLICATIONS, RELEASES, model_name, names_below
from generator.domain.problems import Problem
from generator.domain.tree import Ids
from generator.pipeline.gate import Gate
from generator.pipeline.origins import is_same, same_gates, same_hosts, same_place
from generator.plan.promotion import Origin
from generator.plan.stops import Ground
from generator.plan.taken import (
    lost_stops,
    removed_locked,
    shared_domain,
    unlocked_environment,
    unlocked_members,
)
from generator.plan.trust import owners_of_heir


def ground(gate: Gate, name: str) -> Ground:
    """What may stop a published release."""
    environment = gate.now.environments().get(name.partition('/')[0])
    applications = gate.now.applications_in_scope(gate.read)
    mine = tuple(each for each in applications if model_name(name) in each.members)
    return Ground(gate.standing(name).release, (environment,) if environment else (), mine)


def lost_locks(gate: Gate) -> Iterator[Problem]:
    """Yield locks and withdrawn versions that another name has not, and members that leave a locked application."""
    there = gate.at_base.environment_ids()
    for name, of in gate.origins.items():
        environment = gate.registry.environments[name]
        if is_same(gate.now, there, environment):
            continue  # a branch that is only behind
        for origin in (each for each in of if _is_left(gate, environment, each)):
            yield from unlocked_environment(environment, origin.environment, gate.clock)
            yield from owners_of_heir(origin.name, name, gate.registry.settings.spec.get('owners', {}))
            mine = [each for each in gate.registry.releases.values() if each.environment == name]
            published = gate.now.releases(f'{origin.name}/{each.model}' for each in mine)
            for release in mine:
                if before := published.get(f'{origin.name}/{release.model}'):
                    yield from lost_stops(release, before, gate.clock)
    yield from _removed(gate)
    yield from _members(gate)
    yield from _shared_domains(gate)


def _is_left(gate: Gate, environment: Environment, origin: Origin) -> bool:
    """Whether an environment comes to a place or to hosts that another one, by now or as published, has left."""
    after = gate.registry.environments.get(origin.name)
    if after is None or origin.name == environment.name:
        return after is None
    before = gate.now.environments().get(environment.name)
    return any(
        share(environment, origin.environment)
        and not (before and share(before, origin.environment))
        and not share(after, origin.environment)
        for share in (same_place, same_hosts)
    )


def has_heir(gate: Gate, name: str) -> bool:
    """Whether a release that is gone is with another environment, which takes the place of its own."""
    environment, model = name.split('/')
    releases = gate.registry.releases
    return any(
        f'{heir}/{model}' in releases and any(each.name == environment for each in of)
        for heir, of in gate.origins.items() if heir != environment
    )  # fmt: skip


def _removed(gate: Gate) -> Iterator[Problem]:
    """Yield locked releases that are gone; unless another environment has them in its place."""
    there, mine = gate.at_base.ids_below(RELEASES), gate.source.tree.ids
    gone = names_below(RELEASES, [path for path in there if path not in mine])
    for name in gone:
        if not has_heir(gate, name):
            yield from removed_locked(name, ground(gate, name), gate.clock)


def _shared_domains(gate: Gate) -> Iterator[Problem]:
    """Yield domains that an environment takes up beside a gated one: later releases get host names without a word."""
    now, before = gate.now.environment_ids(), gate.at_base.environment_ids()
    mine = gate.registry.environments
    changed = [
        each for each in mine.values()
        if each.spec.get('domain') and not any(is_same(gate.now, there, each) for there in (now, before))
    ]  # fmt: skip
    published = gate.now.environments() if changed else {}
    for environment in changed:
        if environment.name in published and same_hosts(published[environment.name], environment):
            continue
        for other in published.values():
            stays = other.name in mine and all(same_hosts(each, environment) for each in (other, mine[other.name]))
            if stays and other.promotes_from and not same_gates(environment, other):
                yield shared_domain(environment, other)


def _members(gate: Gate) -> Iterator[Problem]:
    now, mine = gate.now, gate.source.tree.ids
    there, before = now.ids_below(APPLICATIONS), gate.at_base.ids_below(APPLICATIONS)
    files = _changed(there, mine) & _changed(before, mine)
    if not files:
        return
    models = gate.registry.model_names
    for application in now.applications_in_scope(gate.read):
        if application.file in files:
            yield from unlocked_members(application, gate.registry.applications, models.__contains__, gate.clock)


def _changed(there: Ids, here: Ids) -> set[str]:
    return {path for path, blob in there.items() if here.get(path) != blob}
