"""An environment on both sides of a change → what it permits to models and releases now, and did not before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.units import seconds
from generator.domain.words import quoted, some
from generator.plan.room import more_room
from generator.plan.trust import other_services

RULE = 'wider-grant'
# Parts of an environment that are lists of what is permitted.
_LISTS = (
    ('ingress', 'namespaces'), ('ingress', 'cidrs'), ('egress', 'namespaces'), ('egress', 'cidrs'),
    ('scheduling', 'priorityClasses'), ('scheduling', 'runtimeClasses'), ('scheduling', 'taints'),
    ('scheduling', 'devices'), ('permits',),
)  # fmt: skip


def wider_grants(before: Mapping[str, Environment], after: Mapping[str, Environment]) -> Iterator[Problem]:
    """Yield a problem for each grant that is wider in an environment that both sides have."""
    for name in sorted(before.keys() & after.keys()):
        old, new = before[name], after[name]
        if old.spec != new.spec:
            for path, message in _wider(old, new):
                yield Problem(new.file, f'$.spec.{path}', f'{quoted(name)} {message}', rule=RULE)
            for each in (*other_services(old, new), *more_room(old, new)):
                yield Problem(each.file, each.path, each.message, each.hint, RULE)


def _wider(old: Environment, new: Environment) -> Iterator[tuple[str, str]]:
    for path in _LISTS:
        was, now = (_at(each.spec, path) or () for each in (old, new))
        if more := [each for each in now if each not in was]:
            yield '.'.join(path), f'permits {some(map(quoted, more))} now'
    hosts = old.spec.get('hostnames', {})
    for host, owner in new.spec.get('hostnames', {}).items():
        if hosts.get(host) != owner:
            now = ' '.join(next(iter(owner.items())))
            was = f'takes {quoted(host)} from {" ".join(next(iter(hosts[host].items())))} and' if host in hosts else ''
            yield f'hostnames.{host}', f'{was} gives {"it" if was else quoted(host)} to {now}'.strip()
    if lost := [each for each in old.promotes_from if each not in new.promotes_from]:
        yield 'promotesFrom', f'does not promote from {some(map(quoted, lost))} any more'
    elif old.promotes_from and (more := [each for each in new.promotes_from if each not in old.promotes_from]):
        yield 'promotesFrom', f'promotes from {some(map(quoted, more))}, too'
    if old.is_production and not new.is_production:
        yield 'production', 'is not for production any more'
    yield from _less_asked(old.promotion, new.promotion)


def _less_asked(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    was, now = (seconds(each.get('soak', '0s')) for each in (old, new))
    if now < was:
        yield 'promotion.soak', f'wants a shorter soak: {old["soak"]} → {new.get("soak", "none")}'
    for name, wanted in old.get('metrics', {}).items():
        asked = new.get('metrics', {}).get(name)
        if asked is None or _is_looser(wanted, asked):
            yield f'promotion.metrics.{name}', f'wants less of a metric: {wanted} → {asked or "nothing"}'
    if gone := [each for each in old.get('frozen', ()) if each not in new.get('frozen', ())]:
        yield 'promotion.frozen', f'has {len(gone)} frozen time{"" if len(gone) == 1 else "s"} less, or others'


def _is_looser(was: str, now: str) -> bool:
    """Whether a requirement such as `>= 0.9` lets more pass."""
    (sign, before), (other, after) = (_limit(each) for each in (was, now))
    if sign != other:
        return True
    return after < before if sign.startswith('>') else after > before


def _limit(wanted: str) -> tuple[str, Decimal]:
    sign, _, number = wanted.partition(' ')
    return sign, Decimal(number.rstrip('%'))


def _at(spec: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = spec
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
