"""What is published and a registry → warnings: host names and stops that a request moves beside the gates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import APPLICATIONS, DELIVERY, RELEASES, delivery_file, model_name, names_below, release_of
from generator.domain.problems import Problem
from generator.domain.records import Environment, Ids
from generator.pipeline.gates import Gate
from generator.pipeline.origins import is_same, same_hosts, same_place
from generator.plan.promotion import Origin
from generator.plan.stops import Ground
from generator.plan.taken import (
    Taken,
    lost_stops,
    named_hosts,
    open_hosts,
    removed_locked,
    unlocked_environment,
    unlocked_members,
)
from generator.plan.trust import owners_of_heir, weaker_auth


def taken_hosts(gate: Gate, desired: Ids, releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Yield host names that go to the release of another environment, or from a locked release to another model."""
    base = gate.base.ids
    now = {each.release.name: _hosts(each) for each in releases}
    changed = [name for name in now if desired.get(delivery_file(name)) != base.get(delivery_file(name))]
    wanted = {host for name in changed for host in now[name]}
    if not wanted:
        return
    texts = dict(_published(gate, desired))
    had = defaultdict[str, list[str]](list)
    for name in (name for name in now if delivery_file(name) in base and name not in texts):
        for host in wanted & now[name]:
            had[host].append(name)
    for name, text in texts.items():
        for host in wanted & named_hosts(text):
            had[host].append(name)
    for name in changed:
        for host in sorted(now[name]):
            others = [other for other in had[host] if other != name]
            if not others or host in open_hosts(texts.get(name, b'')):
                continue
            for other in others:
                kept = host in now.get(other, ())
                if kept and _share_domain(gate, name, other):
                    continue
                if other not in texts or host in open_hosts(texts[other]):
                    yield from _told(gate, Taken(host, gate.registry.releases[name], other, kept))


def _told(gate: Gate, taken: Taken) -> Iterator[Problem]:
    release, before = taken.release, taken.before
    if not _is_judged(gate, release.environment, before.partition('/')[0]):
        yield taken.ungated()
    elif release.model != model_name(before):
        model = gate.registry.models.get(release.model)
        yield from taken.stopped(_ground(gate, before), gate.rollouts.get(before), model, gate.clock)


def _share_domain(gate: Gate, one: str, other: str) -> bool:
    """Whether two environments had one domain before, as regions have: that was told when the second one came."""
    published = (gate.now.environments().get(name.partition('/')[0]) for name in (one, other))
    domains = [each.spec.get('domain', '') if each else '' for each in published]
    return bool(domains[0]) and domains[0] == domains[1]


def _hosts(release: ResolvedRelease) -> frozenset[str]:
    routes = (release.merged[key] for key in ('route', 'grpcRoute'))
    return frozenset(str(host) for route in routes if route['enabled'] for host in route['hostnames'])


def _published(gate: Gate, desired: Ids) -> Iterator[tuple[str, bytes]]:
    """Yield the published delivery objects that change or are removed."""
    base = gate.base.ids
    names = {
        release_of(path): path for path in base if path.startswith(f'{DELIVERY}/') and desired.get(path) != base[path]
    }
    contents = gate.source.repository.read([base[path] for name, path in names.items() if name])
    yield from ((name, contents[base[path]]) for name, path in names.items() if name)


def _is_judged(gate: Gate, environment: str, by: str) -> bool:
    return environment == by or any(origin.name == by for origin in gate.origins[environment])


def _ground(gate: Gate, name: str) -> Ground:
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
            yield from removed_locked(name, _ground(gate, name), gate.clock)


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
            yield from weaker_auth(application, gate.registry.applications)


def _changed(there: Ids, here: Ids) -> set[str]:
    return {path for path, blob in there.items() if here.get(path) != blob}
