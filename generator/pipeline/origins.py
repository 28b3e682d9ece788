"""Environments, as in the registry and as published → the published ones by whose `promotesFrom` releases are judged.

A request does not choose its own gate: what it renames, moves or swaps is judged by the cluster and namespace, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.checks.clusters import places
from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.tree import Ids
from generator.domain.units import seconds
from generator.domain.values import Values
from generator.domain.words import quoted, some
from generator.pipeline.earlier import Earlier
from generator.plan.promotion import Origin
from generator.plan.room import more_room
from generator.plan.trust import other_doors, other_services, without_gate

_AGREE = 'undo it, or let whoever answers for what runs there agree'
Origins = Mapping[str, tuple[Origin, ...]]


def origins(now: Earlier, registry: Registry) -> Origins:
    """Return the origins of each environment; one whose files are as published has one, itself."""
    there = now.environment_ids()
    same = {name: each for name, each in registry.environments.items() if is_same(now, there, each)}
    if len(same) == len(registry.environments):
        return {name: (Origin(name, each.promotes_from, each),) for name, each in same.items()}
    published = {**now.environments(), **same}
    return {name: tuple(_origins(each, published, registry)) for name, each in registry.environments.items()}


def is_same(now: Earlier, there: Ids, environment: Environment) -> bool:
    """Whether an environment, with all that it inherits, is as published."""
    return all(there.get(part.file) == now.source.tree.ids.get(part.file) for part in environment.parts)


def _origins(environment: Environment, published: Mapping[str, Environment], registry: Registry) -> Iterator[Origin]:
    named, mine = published.get(environment.name), places(environment)
    # Where Flux is, the cluster may have any name: who takes the hosts of an environment takes its place.
    takes = named is None or not same_hosts(named, environment)
    others = [
        other for name, other in sorted(published.items()) if other is not named
        if mine & places(other) or (takes and same_hosts(other, environment) and _has_left(other, registry))
    ]  # fmt: skip
    if named or not others:
        from_ = (named.promotes_from if named else ()) or environment.promotes_from
        yield Origin(environment.name, from_, named or environment)
    for other in others:
        yield Origin(other.name, other.promotes_from or (() if named else environment.promotes_from), other)


def same_place(one: Environment, other: Environment) -> bool:
    return bool(places(one) & places(other))


def same_hosts(one: Environment, other: Environment) -> bool:
    """Whether releases have the same host names in both: by the domain anywhere; without one, by the namespace."""
    first, second = (each.spec.get('domain', '') for each in (one, other))
    return bool(first == second and (first or one.namespace == other.namespace))


def same_gates(one: Environment, there: Environment | None) -> bool:
    """Whether what runs in an environment has passed the gates of a published one: by the same, or there."""
    if there is None or not one.promotes_from:
        return False
    if one.promotes_from == (there.name,):
        return True
    same = one.promotes_from == there.promotes_from and one.promotion == there.promotion
    return same and one.spec.get('lock') == there.spec.get('lock')


def _has_left(other: Environment, registry: Registry) -> bool:
    """Whether the registry has a published environment no longer, or at other hosts."""
    now = registry.environments.get(other.name)
    return now is None or not same_hosts(now, other)


def weaker_gates(now: Earlier, base: Earlier, registry: Registry) -> Iterator[Problem]:
    """Yield a warning for each environment that shall promote from fewer environments than published.

    One whose files are those of the base is only behind.
    """
    there = now.environment_ids()
    changed = [each for each in registry.environments.values() if not is_same(now, there, each)]
    if not changed:
        return
    before, known = base.environment_ids(), origins(now, registry)
    published = now.environments()
    renamed = dict(_renamed(known, registry, published))
    for environment in changed:
        for origin in () if is_same(now, before, environment) else known[environment.name]:
            after = environment.promotes_from
            before_ = [renamed.get(name, name) for name in origin.promotes_from]
            lost = [name for name in before_ if name not in after]
            # The first that has a model counts: a new one may take the place of those behind it, and so may one that
            # another order puts before them.
            more = [name for name in after if name not in before_] if before_ else []
            if lost or more or before_ != [*after][: len(before_)]:
                who = f"'{environment.name}'"
                if origin.name != environment.name:
                    who += f" takes the place of '{origin.name}' and"
                message = f'{who} no longer promotes from {some(map(quoted, lost))}: later versions need not run there'
                if not lost and not more:
                    message = f'{who} promotes from {_listed(after)}, in another order than {_listed(before_)}'
                    message += ': the first that has a model counts'
                elif not lost:
                    message = f'{who} also promotes from {some(map(quoted, more))}: later versions may run only there'
                yield Problem(environment.file, '$.spec.promotesFrom', message, _AGREE)
            if origin.name == environment.name or origin.name not in registry.environments:
                yield from other_services(origin.environment, environment)
                yield from other_doors(origin.environment, environment)
                yield from more_room(origin.environment, environment)
            if origin.name != environment.name and environment.name in published:
                yield from _moved_source(environment, origin.name, registry)
            if origin.environment is environment:
                yield from without_gate(environment, registry.environments)
            if origin.environment.spec.get('production') and not environment.spec.get('production'):
                message = (
                    f"'{environment.name}' is not for production any more: versions may move there with those of others"
                )
                yield Problem(environment.file, '$.spec', message, _AGREE)
            for path, words in _less(origin.environment.promotion, environment.promotion):
                message = f"'{environment.name}' no longer requires what is published: {path}: {words}"
                yield Problem(environment.file, f'$.spec.{path.partition("[")[0]}', message, _AGREE)


def _moved_source(environment: Environment, place: str, registry: Registry) -> Iterator[Problem]:
    """Yield who promotes from an environment that takes the place of another one: its history stays with its name."""
    who = [name for name, each in registry.environments.items() if environment.name in each.promotes_from]
    if who:
        message = f"takes the place of '{place}', and {_listed(who)} promotes from it by what its name ran elsewhere"
        yield Problem(environment.file, '$.spec.cluster', message, _AGREE)


def _listed(names: Iterable[str]) -> str:
    return ', '.join(map(quoted, names))


def _renamed(known: Origins, registry: Registry, published: Mapping[str, Environment]) -> Iterator[tuple[str, str]]:
    """Yield published environments that are gone, with the new ones in their cluster and namespace: another name only.

    Who takes but the domain, or was there before, has another history.
    """
    for name, of in known.items():
        for each in () if name in published else of:
            is_there = places(each.environment) & places(registry.environments[name])
            if each.name not in registry.environments and is_there:
                yield each.name, name


def _less(before: Values, after: Values) -> Iterator[tuple[str, str]]:
    """Yield what a promotion needs less than before, each with its old and its new value."""
    if 'soak' in before and seconds(after.get('soak', '0s')) < seconds(before['soak']):
        yield 'promotion.soak', f'{before["soak"]} → {after.get("soak", "nothing")}'
    now = after.get('metrics', {})
    for name, wanted in before.get('metrics', {}).items():
        if now.get(name) != wanted:
            yield f'promotion.metrics[{name}]', f'{wanted} → {now.get(name, "nothing")}'
    for window in before.get('frozen', ()):
        if window not in after.get('frozen', ()):
            yield 'promotion.frozen', f'{window["from"]} to {window["to"]} ({window["reason"]}) is gone'
