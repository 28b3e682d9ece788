"""Environments, as in the registry and as published → the published ones by whose `promotesFrom` releases are judged.

A request does not choose its own gate: what it renames, moves or swaps is judged by the cluster and namespace, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.checks.clusters import places
from generator.domain.problems import Problem
from generator.domain.records import Environment, Ids, Registry, Values
from generator.domain.units import seconds
from generator.domain.words import quoted, some
from generator.pipeline.earlier import Earlier
from generator.plan.promotion import Origin

_AGREE = 'undo it, or let whoever answers for what runs there agree'
Origins = Mapping[str, tuple[Origin, ...]]


def origins(now: Earlier, registry: Registry) -> Origins:
    """Return the origins of each environment; one whose files are as published has one, itself."""
    there = now.environment_ids()
    same = {name: each for name, each in registry.environments.items() if _is_same(now, there, each)}
    if len(same) == len(registry.environments):
        return {name: (Origin(name, each.promotes_from, each),) for name, each in same.items()}
    published = {**now.environments(), **same}
    return {name: tuple(_origins(each, published, registry)) for name, each in registry.environments.items()}


def _is_same(now: Earlier, there: Ids, environment: Environment) -> bool:
    """Whether an environment, with all that it inherits, is as published."""
    return all(there.get(part.file) == now.source.tree.ids.get(part.file) for part in environment.parts)


def _origins(environment: Environment, published: Mapping[str, Environment], registry: Registry) -> Iterator[Origin]:
    named, mine = published.get(environment.name), places(environment)
    # Where Flux is, the cluster may have any name: who takes the hosts of an environment takes its place.
    takes = named is None or _hosts(named) != _hosts(environment)
    others = [
        other for name, other in sorted(published.items()) if other is not named
        if mine & places(other) or (takes and _hosts(other) == _hosts(environment) and _has_left(other, registry))
    ]  # fmt: skip
    if named or not others:
        from_ = (named.promotes_from if named else ()) or environment.promotes_from
        yield Origin(environment.name, from_, named or environment)
    for other in others:
        yield Origin(other.name, other.promotes_from or (() if named else environment.promotes_from), other)


def _hosts(environment: Environment) -> tuple[str, str]:
    """The domain and the namespace of the releases of an environment."""
    return environment.spec.get('domain', ''), environment.namespace


def _has_left(other: Environment, registry: Registry) -> bool:
    """Whether the registry has a published environment no longer, or at other hosts."""
    now = registry.environments.get(other.name)
    return now is None or _hosts(now) != _hosts(other)


def weaker_gates(now: Earlier, base: Earlier, registry: Registry) -> Iterator[Problem]:
    """Yield a warning for each environment that shall promote from fewer environments than published.

    One whose files are those of the base is only behind.
    """
    there = now.environment_ids()
    changed = [each for each in registry.environments.values() if not _is_same(now, there, each)]
    if not changed:
        return
    before, known = base.environment_ids(), origins(now, registry)
    renamed = {each.name: name for name, of in known.items() for each in of if each.name not in registry.environments}
    for environment in changed:
        for origin in () if _is_same(now, before, environment) else known[environment.name]:
            after = environment.promotes_from
            before_ = [renamed.get(name, name) for name in origin.promotes_from]
            lost = [name for name in before_ if name not in after]
            # The first that has a model counts: a new one may take the place of those behind it.
            more = [name for name in after if name not in before_] if before_ else []
            if lost or more:
                who = f"'{environment.name}'"
                if origin.name != environment.name:
                    who += f" takes the place of '{origin.name}' and"
                message = f'{who} no longer promotes from {some(map(quoted, lost))}: later versions need not run there'
                if not lost:
                    message = f'{who} also promotes from {some(map(quoted, more))}: later versions may run only there'
                yield Problem(environment.file, '$.spec.promotesFrom', message, _AGREE)
            for path, words in _less(origin.environment.promotion, environment.promotion):
                message = f"'{environment.name}' no longer requires what is published: {path}: {words}"
                yield Problem(environment.file, f'$.spec.{path.partition("[")[0]}', message, _AGREE)


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
