"""A revision → its registry as far as a run must know it: single files, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from generator.documents.schema import RegistrySchemas
from generator.domain.environments import Environment
from generator.domain.layout import (
    APPLICATIONS,
    ENVIRONMENTS,
    RELEASES,
    ROLLOUTS,
    application_file,
    environment_file,
    model_file,
    model_name,
    names_below,
    release_file,
    rollout_file,
)
from generator.domain.problems import ProblemsFound
from generator.domain.records import Application, Model, Registry, Release, Rollout
from generator.domain.tree import LINK, Ids
from generator.pipeline.source import Source
from generator.registry.inherit import with_inherited
from generator.registry.load import read_record

R = TypeVar('R')


@dataclass(frozen=True, slots=True)
class Earlier:
    """A revision of the repository of a source."""

    source: Source
    revision: str
    schemas: RegistrySchemas

    def releases(self, names: Iterable[str], registry: Registry | None = None) -> dict[str, Release]:
        """The releases (`env/model`) among `names`; files that are missing or not valid have none.

        Those whose file is the same in `registry` are not read again.
        """
        files = {name: release_file(name) for name in names}
        same = self._same(files, registry.releases) if registry else {}
        found: dict[str, Release] = self._records({name: file for name, file in files.items() if name not in same})
        return {**same, **found}

    def applications_in_scope(self, registry: Registry) -> list[Application]:
        """All applications that have a model of the scope as a member.

        A file that is the same now is not read again: `registry` has it, unless it names no model of the scope.
        """
        there, here = self.ids_below(APPLICATIONS), self.source.tree.ids
        same = {file for file, blob in there.items() if here.get(file) == blob}
        found = self.applications(names_below(APPLICATIONS, there.keys() - same))
        return [*(each for each in registry.applications.values() if each.file in same), *found.values()]

    def _same(self, files: Mapping[str, str], records: Mapping[str, R]) -> dict[str, R]:
        """The records whose files are as in this revision."""
        there, here = self._ids(files.values()), self.source.tree.ids
        mine = {name: file for name, file in files.items() if name in records}
        return {name: records[name] for name, file in mine.items() if there.get(file) == here.get(file)}

    def rollouts(self, names: Iterable[str]) -> dict[str, Rollout]:
        """The same of their rollouts."""
        found: dict[str, Rollout] = self._records({name: rollout_file(name) for name in names})
        return found

    def models(self, names: Iterable[str]) -> dict[str, Model]:
        found: dict[str, Model] = self._records({name: model_file(name) for name in names})
        return found

    def applications(self, names: Iterable[str]) -> dict[str, Application]:
        found: dict[str, Application] = self._records({name: application_file(name) for name in names})
        return found

    def environments(self) -> dict[str, Environment]:
        """The environments with what they inherit in this revision; those that are not valid are missing."""
        names = names_below(ENVIRONMENTS, self.environment_ids())
        found: dict[str, Environment] = self._records({name: environment_file(name) for name in names})
        return with_inherited(found, self.schemas)[0]

    def environment_ids(self) -> Ids:
        """Blob ids of the files of all environments."""
        return self.ids_below(ENVIRONMENTS)

    def ids_below(self, folder: str) -> Ids:
        if self.revision != self.source.head or not self.source.lists(folder):
            return self.source.repository.ids(self.revision, [folder])
        return {path: blob for path, blob in self.source.tree.held.items() if path.startswith(f'{folder}/')}

    def _records(self, files: Mapping[str, str]) -> dict[str, Any]:
        contents = self.files(list(files.values()))
        found = {}
        for name, file in files.items():
            with suppress(KeyError, ProblemsFound):
                found[name] = read_record(file, contents[file], self.schemas)
        return found

    def files(self, paths: Collection[str]) -> dict[str, bytes]:
        ids = {path: blob for path, blob in self._ids(paths).items() if blob != LINK}
        same = {path: self.source.already_read(path) for path in ids}
        found = {path: data for path, data in same.items() if self.source.repository.blob_id(data) == ids[path]}
        contents = self.source.repository.read(blob for path, blob in ids.items() if path not in found)
        return {path: found[path] if path in found else contents[blob] for path, blob in ids.items()}

    def _ids(self, paths: Collection[str]) -> Ids:
        if self.revision != self.source.head or not all(map(self.source.lists_file, paths)):
            return self.source.repository.ids(self.revision, sorted(paths)) if paths else {}
        held = self.source.tree.held
        return {path: held[path] for path in paths if path in held}

    def rollout_names(self) -> list[str]:
        """The names of the releases with a rollout."""
        return names_below(ROLLOUTS, self.ids_below(ROLLOUTS))

    def pinned(self, model: str, version: str) -> str:
        """A release that pins a model version, or whose rollout leads to it; '' for none."""
        names = names_below(RELEASES, self.source.repository.ids(self.revision, [RELEASES]))
        mine = [name for name in names if model_name(name) == model]
        pins = {name: release.version for name, release in self.releases(mine).items()}
        targets = {name: rollout.spec['to']['version'] for name, rollout in self.rollouts(mine).items()}
        return next((name for name in mine if version in (pins.get(name), targets.get(name))), '')
