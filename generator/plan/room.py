"""An environment as published and as desired → accelerators that it says to have, beyond what is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.checks.capacity import accelerators
from generator.domain.environments import Environment
from generator.domain.problems import Problem

_HINT = 'undo it, or let whoever answers for the clusters agree; more pods come in a request after it'


def more_room(before: Environment, now: Environment) -> Iterator[Problem]:
    """Yield accelerators whose number is raised or not said any more: the request itself may need them."""
    there = accelerators(now)
    for name, count in accelerators(before).items():
        if name not in there or int(there[name]) > int(count):
            is_ = there.get(name, 'not counted')
            message = f"'{now.name}' says that there are more accelerators: {name}: {count} → {is_}"
            place = '$.spec.capacity.accelerators' if 'capacity' in now.spec else '$.spec'
            yield Problem(now.file, place, message, _HINT)


def as_published(now: Environment, before: Environment | None) -> Environment:
    """The environment with no more accelerators than are published."""
    if before is None or not any(more_room(before, now)):
        return now
    published, there = accelerators(before), accelerators(now)
    found = {**there, **{name: min(count, there.get(name, count)) for name, count in published.items()}}
    return replace(now, spec={**now.spec, 'capacity': {**now.spec.get('capacity', {}), 'accelerators': found}})
