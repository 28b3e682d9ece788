"""What a rule looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Problem
from generator.domain.records import Registry

# The registry as written, one resolved release, those in scope of a command, or those of the whole repository.
Subject = Literal['registry', 'release', 'releases', 'repository']


@dataclass(frozen=True, slots=True)
class Scope:
    """The registry and the resolved releases that a rule may look at; none if its subject is the registry.

    `changed` are the registry files that differ from the base, as far as known: they only decide who is told.
    """

    registry: Registry
    releases: Sequence[ResolvedRelease] = ()
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold: `check` yields a problem for each place where it does not; `why` tells the reason to people."""

    id: str
    subject: Subject
    why: str
    check: Callable[[Scope], Iterable[Problem]]
