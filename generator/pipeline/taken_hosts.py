"""What is published and resolved releases → warnings: host names that go to what the gates of others do not judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from generator.checks.hosts import over
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import DELIVERY, delivery_file, release_of
from generator.domain.problems import Problem
from generator.domain.strategy import Rolling
from generator.domain.tree import Ids
from generator.pipeline.beside import ground
from generator.pipeline.gate import Gate
from generator.pipeline.origins import same_gates
from generator.pipeline.weaker import strategy_of
from generator.plan.taken import Taken, There, named_hosts, open_hosts


def taken_hosts(gate: Gate, desired: Ids, releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Yield host names that go to the release of another environment, or from a stopped release to another model."""
    base = gate.base.ids
    now = {each.release.name: _hosts(each) for each in releases}
    changed = [name for name in now if desired.get(delivery_file(name)) != base.get(delivery_file(name))]
    wanted = {host for name in changed for host in now[name]}
    if wanted:
        hosts = _Hosts(gate, now, dict(_published(gate, desired)), wanted)
        for name in changed:
            yield from hosts.warnings(name)


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


@dataclass(frozen=True)
class _Hosts:
    """The host names of releases: `now`, and as published, by the texts of those that change; and which are asked."""

    gate: Gate
    now: Mapping[str, Collection[str]]
    texts: Mapping[str, bytes]
    wanted: Collection[str]

    def warnings(self, name: str) -> Iterator[Problem]:
        found = [
            (host, theirs, other)
            for host in sorted(self.now[name]) for theirs in self._meeting(host) for other in self._had[theirs]
            if other != name
        ]  # fmt: skip
        if not found:
            return
        release = self.gate.registry.releases[name]
        places = {f'{origin.name}/{release.model}' for origin in self.gate.origins[release.environment]}
        mine = {host for place in {name, *places} for host in self._before(place)}
        told = set[tuple[str, str]]()
        for host, theirs, other in found:
            had = host in mine or (theirs != host and theirs in over(host) and not mine.isdisjoint(over(host)))
            if had or (host, other) in told or theirs not in self._before(other):
                continue
            kept = theirs in self.now.get(other, ())
            if not (kept and self._shares(name, host, other, theirs)):
                told.add((host, other))
                yield from self._told(Taken(host, release, other, kept, theirs))

    @cached_property
    def _had(self) -> Mapping[str, list[str]]:
        """By published host names that meet one that is asked for: who had them, and perhaps more."""
        wanted = {each for host in self.wanted for each in over(host)}
        wide = {host for host in self.wanted if host.startswith('*')}
        had = defaultdict[str, list[str]](list)
        base = self.gate.base.ids
        same = ((name, hosts) for name, hosts in self.now.items() if delivery_file(name) in base)
        for name, hosts in (
            *((name, hosts) for name, hosts in same if name not in self.texts),
            *((name, named_hosts(text)) for name, text in self.texts.items()),
        ):
            for host in hosts:
                if host in wanted or (wide and not wide.isdisjoint(over(host))):
                    had[host].append(name)
        return had

    def _meeting(self, host: str) -> Iterator[str]:
        """Yield the published host names that a host name is one of, the nearest first, or that are one of it."""
        yield from (each for each in dict.fromkeys(over(host)) if each in self._had)
        if host.startswith('*'):
            yield from sorted(each for each in self._had if each != host and host in over(each))

    def _before(self, name: str) -> Collection[str]:
        """The host names of a published release."""
        if name in self.texts:
            return open_hosts(self.texts[name])
        return self.now.get(name, ()) if delivery_file(name) in self.gate.base.ids else ()

    def _shares(self, name: str, host: str, other: str, theirs: str) -> bool:
        """Whether it is no news that a release has a host name beside another one, which keeps it."""
        if host != theirs and host in over(theirs):
            return True  # whoever has the longer name has the requests
        mine, old = name.partition('/')[0], other.partition('/')[0]
        published = self._environments
        domain, domain_there = (
            str(each.spec.get('domain', '')) if each else '' for each in (published.get(mine), published.get(old))
        )
        # Regions have one domain: that was told when the second one came. So was a domain in a wildcard of another.
        if domain and (domain == domain_there if host == theirs else theirs in over(f'any.{domain}')):
            return True
        return mine != old and same_gates(self.gate.registry.environments[mine], published.get(old))

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return self.gate.now.environments()

    def _told(self, taken: Taken) -> Iterator[Problem]:
        gate, release, before = self.gate, taken.release, taken.before
        environment, model = before.split('/')
        origins = gate.origins[release.environment]
        if environment != release.environment and all(origin.name != environment for origin in origins):
            # All members of an application have its host names: one is told of the same one.
            if model == release.model or taken.theirs not in self._before(f'{environment}/{release.model}'):
                yield taken.ungated()
        elif release.model != model:
            there = There(ground(gate, before), gate.rollouts.get(before), self._removed_strategy(before))
            yield from taken.stopped(there, gate.registry.models.get(release.model), gate.clock)

    def _removed_strategy(self, name: str) -> str:
        """The kind of the strategy of a published release that is gone; '' if its requests move at once."""
        standing, environment = self.gate.standing(name), self._environments.get(name.partition('/')[0])
        release, chart = standing.release, standing.delivered
        if name in self.gate.registry.release_names or not release:
            return ''
        strategy, _ = strategy_of((release, environment), self.gate.about(release.model, chart), chart, release)
        return '' if isinstance(strategy, Rolling) else strategy.kind
