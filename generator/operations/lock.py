"""A release, an environment or an application → its file with a lock, or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.documents.edit_values import REMOVED, set_value
from generator.domain.environments import Environment
from generator.domain.layout import APPLICATIONS, ENVIRONMENTS, RELEASES, model_name
from generator.domain.problems import problem
from generator.domain.records import Application, Registry, Release
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange, why
from generator.operations.suspend import committer
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.stops import Lock
from generator.tools.clock import utc_text

_PATH = ('spec', 'lock')


@dataclass(frozen=True, slots=True)
class LockScope:
    """What is locked: exactly one of a release (`env/model`), an environment and an application."""

    release: str = ''
    environment: str = ''
    application: str = ''

    @property
    def arguments(self) -> tuple[str, ...]:
        """The scope as it is written on the command line."""
        if self.release:
            return (self.release,)
        return ('--env', self.environment) if self.environment else ('--application', self.application)

    @property
    def models(self) -> tuple[str, ...]:
        return (model_name(self.release),) if self.release else ()

    def __str__(self) -> str:
        kind = 'environment ' if self.environment else 'application ' if self.application else ''
        return f'{kind}{self.release or self.environment or self.application}'

    def find(self, registry: Registry) -> Release | Environment | Application:
        """Return the record; raises ProblemsFound for an unknown name."""
        places: tuple[tuple[str, str, str, Mapping[str, Release | Environment | Application]], ...] = (
            ('release', RELEASES, self.release, registry.releases),
            ('environment', ENVIRONMENTS, self.environment, registry.environments),
            ('application', APPLICATIONS, self.application, registry.applications),
        )
        what, folder, name, known = next(place for place in places if place[2])
        if name not in known:
            raise problem(folder, '', f"{what} '{name}' not found", suggest(name, known))
        return known[name]


def locking(scope: LockScope, reason: str, until: int | None = None) -> Operation:
    """Lock: nothing in the scope moves to another version, until a moment or until it is unlocked."""

    def change(run: Run) -> RegistryChange:
        found, by = scope.find(run.registry), committer(run.repository)
        ends = {'until': utc_text(until)} if until is not None else {}
        lock = {'reason': reason, **({'by': by} if by else {}), **ends}
        result = {'result': 'locked', 'scope': str(scope), 'lock': lock}
        before = found.spec.get('lock')
        if before and {**before, 'by': ''} == {**lock, 'by': ''}:
            return RegistryChange(result={**result, 'lock': before})
        files = {found.file: set_value(run.source.read(found.file), found.file, _PATH, lock, 'chart')}
        subject = shortened(f'{"Change the lock of" if before else "Lock"} {scope}: {reason}')
        return RegistryChange(files, subject, result, _notes(scope, found.file, lock, before))

    ends = ('--until', utc_text(until)) if until is not None else ()
    return Operation('lock', (*scope.arguments, *why(reason), *ends), scope.models, change)


def unlocking(scope: LockScope) -> Operation:
    """Remove a lock."""

    def change(run: Run) -> RegistryChange:
        found = scope.find(run.registry)
        before = found.spec.get('lock')
        result = {'result': 'unlocked', 'scope': str(scope), 'lock': before or {}}
        if not before:
            return RegistryChange(result=result)
        files = {found.file: set_value(run.source.read(found.file), found.file, _PATH, REMOVED)}
        told = Lock(found.file, '', before)
        return RegistryChange(files, shortened(f'Unlock {scope}'), result, (f'{scope} was {told}',))

    return Operation('unlock', scope.arguments, scope.models, change)


def _notes(scope: LockScope, file: str, lock: Mapping[str, Any], before: Mapping[str, Any] | None) -> tuple[str, ...]:
    was = (f'Before, it was {Lock(file, "", before)}',) if before else ()
    what = 'It moves to no other version' if scope.release else 'Nothing in it moves to another version'
    return f'{scope} is {Lock(file, "", lock)}', *was, f'{what}; a rollback and an abort stay possible.'
