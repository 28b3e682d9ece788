"""Environments and settings on both sides of a change → what differs in the objects that a platform applies by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.compare.difference import Difference, between
from generator.compare.fields import Field
from generator.compare.objects import Identity, Object, identity
from generator.compare.told import changed
from generator.delivery.bootstrap import bootstrap_objects
from generator.domain.environments import Environment
from generator.domain.layout import bootstrap_file
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.words import some

RULE = 'bootstrap'
# Kinds of objects that tools of the environment need, with its rights; more of them are told as a wider grant.
_KINDS = (('spec', 'namespaceResourceWhitelist'), ('rules',))
_COSMETIC = (('spec', 'description'),)
_MOST = 6


def changed_bootstraps(before: Registry, after: Registry, prefixes: tuple[str, str]) -> Iterator[Problem]:
    """Yield a problem for each environment of both sides whose objects would be others."""
    for name in sorted(before.environments.keys() & after.environments.keys()):
        old, new = before.environments[name], after.environments[name]
        sides = (_objects(old, before, prefixes[0]), _objects(new, after, prefixes[1]))
        found = [line for each in between(*sides) for line in _told(each)]
        if found:
            place = '$.spec' if old.spec != new.spec else ''
            message = f'{bootstrap_file(name)} changes: {some(found, _MOST)}'
            yield Problem(new.file, place, message, rule=RULE)


def _objects(environment: Environment, registry: Registry, prefix: str) -> dict[Identity, Object]:
    found: Sequence[Object] = bootstrap_objects(environment, registry.settings, prefix)
    return {identity(item): item for item in found}


def _told(difference: Difference) -> Iterator[str]:
    if difference.kind != 'change':
        yield f'{difference.id} {"comes" if difference.kind == "add" else "goes"}'
    for field in difference.fields:
        if not _is_harmless(field):
            yield f'{difference.id} {changed(field)}'


def _is_harmless(field: Field) -> bool:
    return any(field.path[: len(place)] == place for place in (*_KINDS, *_COSMETIC))
