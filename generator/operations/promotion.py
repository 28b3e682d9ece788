"""What is promoted, and the releases that move: the records of a promotion, and what its commit and result say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.domain.layout import APPLICATIONS, MODELS
from generator.domain.problems import Problem, problem
from generator.domain.records import Registry, Release
from generator.domain.tree import Files
from generator.domain.words import some, suggest
from generator.operations.carried import Carried
from generator.operations.rollout_starting import first_note
from generator.operations.rollout_steps import Pin
from generator.plan.message import shortened
from generator.plan.stops import frozen_note


@dataclass(frozen=True, slots=True)
class What:
    """What is promoted: a model, the members of an application, or (both '') all models of the environments before."""

    model: str = ''
    application: str = ''

    @property
    def arguments(self) -> tuple[str, ...]:
        if self.model:
            return (self.model,)
        return ('--application', self.application) if self.application else ('--all',)

    def models(self, registry: Registry) -> Sequence[str]:
        """The names of the models, sorted; raises ProblemsFound for an unknown name."""
        if self.model and self.model not in registry.models:
            hint = suggest(self.model, registry.models)
            raise problem(MODELS, '', f"model '{self.model}' not found", hint)
        if self.application and self.application not in registry.applications:
            hint = suggest(self.application, registry.applications)
            raise problem(APPLICATIONS, '', f"application '{self.application}' not found", hint)
        if self.application:
            return sorted(registry.applications[self.application].members)
        return [self.model] if self.model else sorted(registry.models)

    def __str__(self) -> str:
        if self.model:
            return self.model
        return f'application {self.application}' if self.application else 'all models'


@dataclass(frozen=True, slots=True)
class How:
    """`skip_blocked`: what is stopped stays, and the others move. `allow_frozen`: why it moves in a frozen time.
    `values`: the values of the release before are carried along. `together`: several production environments may
    change in the commit. `healthy`: somebody says that the releases before are healthy; nobody is asked."""

    skip_blocked: bool = False
    allow_frozen: str = ''
    values: bool = False
    together: bool = False
    healthy: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        flags = {
            '--skip-blocked': self.skip_blocked, '--allow-frozen': self.allow_frozen, '--values': self.values,
            '--together': self.together, '--confirm-healthy': self.healthy,
        }  # fmt: skip
        return tuple(flag for flag, given in flags.items() if given)


ALL_OR_NONE = How()


@dataclass(frozen=True, slots=True)
class Promotion:
    """A release that moves, from where, and its pins before ('' for none) and after; `stage`: its rollout starts.
    `carried` are the values that come along, `way` says what the move does to pods and requests."""

    release: Release
    source: str
    before: Pin
    to: Pin
    carried: tuple[Carried, ...] = ()
    way: tuple[str, ...] = ()
    files: Files = field(default_factory=dict)
    stage: str = ''
    reason: str = ''

    @property
    def moves(self) -> bool:
        """Whether its pin moves, not only its values."""
        return self.before != self.to

    def __str__(self) -> str:
        if not self.moves:
            return f'{self.release.name}: values from {self.source}, it runs {self.to} already'
        before = str(self.before) if self.before.chart else 'no release'
        return f'{self.release.name}: {before} → {self.to}, from {self.source}'

    @property
    def notes(self) -> tuple[str, ...]:
        name = self.release.name
        values = (f'{name}: values.{each}' for each in self.carried)
        first, *steps = self.way or ('',)
        way = (f'{name}: {first}', *steps) if first else ()
        return (str(self), *way, *first_note(name, self.to, self.stage), *frozen_note(name, self.reason), *values)

    @property
    def row(self) -> dict[str, Any]:
        return {
            'release': self.release.name, 'from': self.source, 'before': self.before.version,
            'beforeChart': self.before.chart, **self.to.spec, 'stage': self.stage,
            'values': [each.row for each in self.carried],
        }  # fmt: skip


@dataclass(slots=True)
class Found:
    """What becomes of each model: it moves, stays and why, or something stops it."""

    moves: list[Promotion] = field(default_factory=list)
    stays: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, Sequence[Problem]] = field(default_factory=dict)

    @property
    def free(self) -> list[Promotion]:
        """Those that nothing stops."""
        return [each for each in self.moves if each.release.name not in self.blocked]

    @property
    def result(self) -> Mapping[str, Any]:
        return {
            'promoted': [each.row for each in self.free],
            'stays': [{'release': name, 'reason': reason} for name, reason in self.stays.items()],
            'blocked': [
                {'release': name, 'problems': [{'rule': each.rule, 'message': each.message, 'hint': each.hint}
                                               for each in problems]}
                for name, problems in self.blocked.items()
            ],
        }  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        stopped = (f'Not promoted: {name}: {found[0].message}' for name, found in self.blocked.items())
        return (*(note for each in self.free for note in each.notes), *stopped)


def subject(what: What, to: Sequence[str], moves: Sequence[Promotion]) -> str:
    if len(moves) != 1:
        return shortened(f'Promote {what} to {some(to)}: {len(moves)} releases')
    (only,) = moves
    if not only.moves:
        return shortened(f'Carry values to {only.release.name} from {only.source}')
    before = only.before.version or 'new'
    written = f'Promote {only.release.name}: {before} → {only.to}'
    return written if written == shortened(written) else shortened(f'Promote {only.release.name} to {only.to.version}')
