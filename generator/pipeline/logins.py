"""Releases of a run and their published delivery objects → warnings of routes that ask for less than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import delivery_file
from generator.domain.problems import Problem
from generator.domain.tree import Ids
from generator.pipeline.gate import Gate
from generator.plan.adoption import values_in
from generator.plan.trust import Login, weaker_logins


def other_logins(gate: Gate, desired: Ids, releases: Sequence[ResolvedRelease]) -> Iterator[Problem]:
    """Yield the releases that change and whose route asks for another login, or none, than the published one in their
    place: whatever has changed it, an application, a model, or the chart of another pin."""
    changed = [each for each in releases if _is_open(each) and _is_changed(gate, desired, each.release.name)]
    files = {each.release.name: [*map(delivery_file, _places(gate, each))] for each in changed}
    published = gate.now.files(sorted({file for found in files.values() for file in found}))
    logins = [
        Login(each.release.name, _type(values_in(file, published[file])), each.merged['auth']['type'])
        for each in changed
        for file in files[each.release.name]
        if b'auth:' in published.get(file, b'')  # parsing takes time
    ]
    yield from weaker_logins(logins, gate.registry)


def _type(values: Mapping[str, Any]) -> str:
    return str(values.get('auth', {}).get('type', 'none'))


def _is_open(release: ResolvedRelease) -> bool:
    return bool(release.merged['route']['enabled'] or release.merged['grpcRoute']['enabled'])


def _is_changed(gate: Gate, desired: Ids, name: str) -> bool:
    file = delivery_file(name)
    return file in desired and desired[file] != gate.base.ids.get(file)


def _places(gate: Gate, release: ResolvedRelease) -> set[str]:
    """The names of a release, by now and as published."""
    origins = gate.origins.get(release.environment.name, ())
    return {release.release.name, *(f'{origin.name}/{release.release.model}' for origin in origins)}
