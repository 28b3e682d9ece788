"""Two versions of a bootstrap file → warnings: kinds that the agent may not create yet, or not remove any more.

The platform applies the file by hand, before or after the agent applies the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.documents.rendered import parse_documents
from generator.domain.problems import Problem
from generator.domain.words import some

_Rights = dict[str, set[str]]  # kind of the object that gives them → what it permits


def rights_warnings(file: str, environment_file: str, old: bytes, new: bytes) -> Iterator[Problem]:
    """Yield warnings about a file that the platform has to apply again; none if another agent takes over."""
    before, after = _rights(old, file), _rights(new, file)
    if before.keys() != after.keys():
        return
    for giver, permitted in after.items():
        if more := sorted(permitted - before[giver]):
            message = f'permits {some(more)} now: the agent cannot create them before'
            yield Problem(file, '', message, 'apply it before this commit is published')
        if gone := sorted(before[giver] - permitted):
            message = f'does not permit {some(gone)} any more: the agent cannot remove those that are left'
            hint = f'apply it when they are gone; until then the tool may stay in permits in {environment_file}'
            yield Problem(file, '', message, hint)


def _rights(data: bytes, file: str) -> _Rights:
    """What a project of Argo CD, or a Role of Flux, permits in the namespace of the releases."""
    found: _Rights = {}
    for item in parse_documents(data.decode(), file):
        for giver, names in _given(item):
            found.setdefault(giver, set()).update(names)
    return found


def _given(item: Any) -> Iterator[tuple[str, list[str]]]:
    match item:
        case {'kind': 'AppProject', 'spec': {'namespaceResourceWhitelist': list(permitted)}}:
            yield 'AppProject', [each['kind'] for each in permitted]
        case {'kind': 'Role', 'rules': list(rules)}:
            yield 'Role', [name for rule in rules for name in rule['resources']]
