"""What releases had, as published, and what they have now → warnings about host names and stops that go elsewhere.

Gates judge versions; where the requests go, and what must not move later, a request may change beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from generator.documents.read import read_yaml
from generator.domain.environments import Environment
from generator.domain.layout import release_file
from generator.domain.problems import Problem
from generator.domain.records import Application, Model, Release, Rollout
from generator.domain.times import Clock
from generator.domain.values import Values
from generator.domain.words import quoted, some
from generator.plan.stops import Ground, Lock, locks
from generator.plan.suspended import suspended_for

_ASK_LOCK = 'undo it, or let whoever set the lock agree'
_ASK = 'undo it, or let whoever answers for {} agree'
_ROUTE = re.compile(rb'^( +)(?:route|grpcRoute):\n(?:\1 .*\n)+', re.MULTILINE)
_HOST = re.compile(rb'^ +- "?([a-z0-9*][-a-z0-9.]*\.[-a-z0-9.]+)"?$', re.MULTILINE)


def named_hosts(delivery: bytes) -> set[str]:
    """All host names in a delivery object, and perhaps more; does not parse YAML."""
    return {each.decode() for each in _HOST.findall(delivery)}


def open_hosts(delivery: bytes) -> set[str]:
    """The host names of the open routes of a delivery object."""
    found: set[str] = set()
    for section in _ROUTE.finditer(delivery):
        (route,) = read_yaml(section[0], 'route').values()
        if isinstance(route, dict) and route.get('enabled') is True:
            found.update(map(str, route.get('hostnames') or ()))
    return found


@dataclass(frozen=True, slots=True)
class There:
    """What is published of a release; `strategy`: the kind that a request removes with it, '' for none."""

    ground: Ground
    rollout: Rollout | None
    strategy: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A host name, the release that has it now, and one that has it as published, or a wildcard with it, or a name in
    it (`theirs`); `kept`: it still has that."""

    host: str
    release: Release
    before: str
    kept: bool
    theirs: str

    def ungated(self) -> Problem:
        """That the gates of the environment that has the host name as published do not judge the release."""
        old = self.before.partition('/')[0]
        message = f"{self._told}: what gates environment '{old}' does not judge what serves it"
        return Problem(self.release.file, '', message, _ASK.format(f"'{old}'"))

    def stopped(self, there: There, model: Model | None, clock: Clock) -> Iterator[Problem]:
        """Yield what is said of the release that has the host name as published, and not of the one that has it now.

        `model` is the one that has the host name now.
        """
        if lock := next((each for each in locks(there.ground) if each.holds(clock)), None):
            yield Problem(self.release.file, '', f'{self._told}, and that is {lock}', _ASK_LOCK)
        for matter in () if self.kept else self._lost(there, model):
            message = f'{self._told}, and that {matter}'
            yield Problem(self.release.file, '', message, _ASK.format(quoted(self.before)))

    def _lost(self, there: There, model: Model | None) -> Iterator[str]:
        before, rollout = there.ground.release, there.rollout
        versions = {each.version for each in model.versions} if model else ()
        if before and (lost := [text for version, text in _withdrawn(self.release, before) if version in versions]):
            yield f'gave up {some(lost)}'
        if rollout and not rollout.aborted:
            yield f'has a rollout at {quoted(rollout.stage)}'
        elif there.strategy:
            yield f'moves by strategy {there.strategy}: this gets all requests at once'
        if before and before.is_suspended and not self.release.is_suspended:
            yield f'is {suspended_for(before)}'

    @property
    def _told(self) -> str:
        is_same, is_part = (
            self.host == self.theirs,
            self.theirs.startswith('*.') and self.host.endswith(self.theirs[1:]),
        )
        more = '' if is_same else f', {"one of" if is_part else "with"} {quoted(self.theirs)}'
        how = ('has, too' if is_same else 'has') if self.kept else 'has as published'
        return f'{quoted(self.release.name)} has host name {quoted(self.host)}{more}, which {quoted(self.before)} {how}'


def lost_stops(release: Release, before: Release, clock: Clock) -> Iterator[Problem]:
    """Yield what a release that takes the place of a published one by another name does not keep."""
    if lost := [text for _, text in _withdrawn(release, before)]:
        message = f"takes the place of '{before.name}', and lacks what was withdrawn there: {some(lost)}"
        hint = "copy spec.withdrawn to it; 'chartloom reinstate' takes an entry back, in a request of its own"
        yield Problem(release.file, '$.spec', message, hint)
    if before.is_suspended and not release.is_suspended:
        message = f"takes the place of '{before.name}', and is not suspended: that is {suspended_for(before)}"
        yield Problem(release.file, '$.spec', message, "copy spec.suspended to it; 'chartloom resume' takes it away")
    yield from _unlocked(release.file, f"takes the place of '{before.name}'", before, release.spec, clock)


def unlocked_environment(environment: Environment, before: Environment, clock: Clock) -> Iterator[Problem]:
    """The same of the lock of an environment."""
    yield from _unlocked(environment.file, f"takes the place of '{before.name}'", before, environment.spec, clock)


def _unlocked(file: str, how: str, before: Release | Environment, now: Values, clock: Clock) -> Iterator[Problem]:
    lock = Lock(before.file, '', before.spec['lock']) if 'lock' in before.spec else None
    if lock and lock.holds(clock) and now.get('lock') != before.spec['lock']:
        message = f'{how}, and lacks its lock: that is {lock}'
        yield Problem(file, '$.spec', message, "copy spec.lock to it; 'chartloom unlock' takes a lock away")


def _withdrawn(release: Release, before: Release) -> list[tuple[str, str]]:
    """What a published release gave up and another one did not: each version, and its words."""
    there, here = (
        {(str(entry['version']), _entry(entry)) for entry in each.spec.get('withdrawn', ())}
        for each in (before, release)
    )
    return sorted(there - here)


def _entry(entry: Values) -> str:
    return f'{entry["version"]} (chart {entry["chart"]})' if 'chart' in entry else str(entry['version'])


def shared_domain(environment: Environment, other: Environment) -> Problem:
    """That an environment takes up the domain of another one, which gates what serves it."""
    message = (
        f"'{environment.name}' has domain '{environment.spec['domain']}', which '{other.name}' has, too: "
        f"what gates environment '{other.name}' does not judge what serves it here"
    )
    return Problem(environment.file, '$.spec.domain', message, _ASK.format(quoted(other.name)))


def removed_rollout(rollout: Rollout) -> Problem:
    """That a request removes a release whose published rollout has not ended."""
    message = (
        f"release '{rollout.name}' is gone amid its rollout to {rollout.spec['to']['version']} at '{rollout.stage}'"
    )
    return Problem(release_file(rollout.name), '', message, _ASK.format(quoted(rollout.name)))


def removed_locked(name: str, ground: Ground, clock: Clock) -> Iterator[Problem]:
    """Yield a published release that a request removes although it is locked."""
    lock = next((each for each in locks(ground) if each.holds(clock)), None)
    if ground.release and lock:
        message = f"release '{name}' is gone, which is {lock}"
        yield Problem(ground.release.file, '', message, _ASK_LOCK)


def unlocked_members(
    before: Application, now: Mapping[str, Application], is_there: Callable[[str], bool], clock: Clock
) -> Iterator[Problem]:
    """Yield the models that a locked application does not hold any more, unless another one has its lock for them."""
    lock = Lock(before.file, '', before.spec['lock']) if 'lock' in before.spec else None
    if lock is None or not lock.holds(clock):
        return
    kept = {
        member
        for each in now.values()
        if each.name == before.name or each.spec.get('lock') == before.spec['lock']
        for member in each.members
    }
    if left := [quoted(member) for member in before.members if member not in kept and is_there(member)]:
        message = f"{some(left)} {'leaves' if len(left) == 1 else 'leave'} application '{before.name}', which is {lock}"
        hint = f"run 'chartloom unlock --application {before.name}' first, or let whoever set the lock agree"
        yield Problem(before.file, '$.spec.members' if before.name in now else '', message, hint)
