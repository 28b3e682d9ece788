"""Rules of the paths and calls that routes open: those that are lost, that another model gets, and that are new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from generator.compare.fields import ABSENT, Field
from generator.domain.words import some
from generator.review.access import host_moves
from generator.review.openings import ANY, KEYS, Opening, getter, openings, shown
from generator.review.records import Evidence, Rule, Side, Touched
from generator.review.workloads import ROUTES


def _wider(touched: Touched) -> Iterator[Evidence]:
    """What pods are asked for by now and were not before, whatever the host: a new path that is rewritten to an old one
    reaches nothing new."""
    for old, new in touched.both:
        before, after = (list(openings(touched.name, side)) for side in (old, new))
        for key in KEYS:
            was, now = ([each for each in side if each.key == key] for side in (before, after))
            # The NetworkPolicy lets the gateway in with the first route, which has a rule of its own.
            if was or not _let_in(touched):
                yield from _new_ways(touched, key, was, now)


def _let_in(touched: Touched) -> bool:
    """Whether a NetworkPolicy lets somebody in who was not let in before."""
    policies = [each for each in touched.found if each.id.kind == 'NetworkPolicy']
    return any(each.kind == 'add' or any(map(_lets_in, each.fields)) for each in policies)


def _lets_in(field: Field) -> bool:
    return field.path[:2] == ('spec', 'ingress') and field.new is not ABSENT


def _new_ways(touched: Touched, key: str, was: Sequence[Opening], now: Sequence[Opening]) -> Iterator[Evidence]:
    known = some(dict.fromkeys(f'{each.asked}' for each in was), 3) if was else 'nothing'
    for each in now:
        covered = [one for one in was if one.port == each.port]
        if not all(any(one.asked.covers(point) for one in covered) for point in each.asked.points):
            yield Evidence(f'release {touched.name}', key, known, f'{each.asked}, port {each.port}')


WIDER = Rule(
    'route-wider', 'critical', 'clients reach paths or calls of the pods that they did not reach before',
    'open only what clients need: servers also have paths that load models or end them', _wider
)  # fmt: skip
LOST = Rule(
    'route-lost', 'critical', 'requests that had a model get none any more', 'make sure that no client sends them'
)
TAKEN = Rule(
    'route-taken', 'critical', 'another model answers requests than before', 'make sure that their clients know'
)
RULES = (WIDER,)


class Found(NamedTuple):
    """What a rule over several releases finds, at the release that it is told of."""

    rule: Rule
    touched: Touched
    evidence: Evidence


def elsewhere(touched: Sequence[Touched], others: Iterable[tuple[str, Side]] = ()) -> Iterator[Found]:
    """Yield requests that nobody gets any more, or another model. `others` are releases beside them that do not
    differ, with their names: what a path loses may fall to them."""
    there = defaultdict[str, list[Touched]](list)
    for each in touched:
        there[each.environment].append(each)
    beside = defaultdict[str, list[Opening]](list)
    for name, side in others:
        beside[name.partition('/')[0]] += openings(name, side)
    moved = {(host, name) for host, (lost, _) in host_moves(touched).items() for name in lost}
    for environment, members in there.items():
        yield from (lost.found for lost in _in_one(members, beside[environment]) if not _is_told(lost, moved))


class _Lost(NamedTuple):
    """Requests that `loser` got, and `winner` gets instead, if anybody."""

    found: Found
    loser: Opening
    winner: Opening | None


def _in_one(touched: Sequence[Touched], beside: Sequence[Opening]) -> Iterator[_Lost]:
    before = [*beside, *(one for each in touched for one in openings(each.name, each.old))]
    after = [*beside, *(one for each in touched for one in openings(each.name, each.new))]
    if {*before} == {*after}:
        return
    mine = {each.name: each for each in touched}
    sides = [_by_host(side) for side in (before, after)]
    for host in dict.fromkeys(each.host for each in (*before, *after)):
        was, now = ([*side[host], *(each for each in side[''] if each.is_of(host))] for side in sides)
        if {*was} != {*now}:
            yield from _of_host(host, was, now, mine)


def _by_host(found: Iterable[Opening]) -> dict[str, list[Opening]]:
    """Those of each host, and at '' all of wildcards, which also get requests of others."""
    there = defaultdict[str, list[Opening]](list)
    for each in found:
        there['' if each.host.startswith('*') else each.host].append(each)
    return there


def _of_host(host: str, was: list[Opening], now: list[Opening], mine: Mapping[str, Touched]) -> Iterator[_Lost]:
    told = set[tuple[str, str, str]]()
    for point in dict.fromkeys(point for each in (*was, *now) for point in each.way.points):
        old, new = (getter(side, point) for side in (was, now))
        if old is None or (new and new.release == old.release):
            continue
        who = new.model if new else 'nobody'
        if (point.removesuffix(ANY).rstrip('/') or '/', old.model, who) not in told:
            told.add((point, old.model, who))
            at = mine.get(old.release) or mine[new.release if new else old.release]
            evidence = Evidence(f'host {host}', shown(point), old.model, who)
            yield _Lost(Found(TAKEN if new else LOST, at, evidence), old, new)


def _is_told(lost: _Lost, moved: Container[tuple[str, str]]) -> bool:
    """Whether a rule of whole hosts or objects says it: host-moved, object-removed."""
    touched, key = lost.found.touched, lost.loser.key
    if (lost.loser.host, lost.loser.release) in moved:
        return True
    if lost.winner or touched.new is None:
        return not lost.winner
    closed = not touched.new.merged[key]['enabled']
    return closed and any(each.kind == 'remove' and each.id.kind in ROUTES for each in touched.found)
