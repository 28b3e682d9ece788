"""Two runs and a risk between them → a file and a line of it, for tools that show risks beside files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.documents.read import Mark, yaml_marks
from generator.domain.layout import (
    REGISTRY,
    SETTINGS,
    environment_file,
    model_file,
    model_name,
    release_file,
    rollout_file,
)
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound
from generator.pipeline.run import Run
from generator.review.lines import changed_lines, likely_line, nearest_line
from generator.review.records import Risk
from generator.review.sarif import Place


@dataclass(frozen=True)
class RiskPlaces:
    """Each file is read once."""

    base: Run
    run: Run

    def of(self, risk: Risk, release: str) -> Place:
        """The place of a risk in a release, '' for none; its file is named from the top of the git repository."""
        file, field = risk.evidence.object, risk.evidence.field
        if release and not file.startswith(f'{REGISTRY}/'):
            file = self._file(release)
            line = likely_line(field, self._marks(file), self._changed(file)) if self._changed(file) else 1
        elif file in self.run.source.tree.ids:
            line = nearest_line(field, self._marks(file))
        else:
            file, line = SETTINGS, 1
        return Place(f'{self.run.repository.prefix}{file}', line)

    def _file(self, release: str) -> str:
        """Of the files that make a release, the first that the change touches: forges show what is in the lines of a
        change. Else the one of the release, or what is left where it is removed."""
        before, after = self.base.source.tree.ids, self.run.source.tree.ids
        there = [file for file in (*_files(release), *self._applications(release), SETTINGS) if file in after]
        return next((file for file in there if before.get(file) != after[file]), there[0])

    def _applications(self, release: str) -> list[str]:
        """They open routes to their members."""
        try:
            return [each.file for each in self.run.registry.applications_of.get(model_name(release), ())]
        except ProblemsFound:
            return []  # the report says it

    @cached_property
    def _known(self) -> dict[str, tuple[list[int], Mapping[Path, Mark]]]:
        return {}

    def _changed(self, file: str) -> list[int]:
        return self._read(file)[0]

    def _marks(self, file: str) -> Mapping[Path, Mark]:
        return self._read(file)[1]

    def _read(self, file: str) -> tuple[list[int], Mapping[Path, Mark]]:
        """The changed lines of a file, none if it is new or the same, and the lines of its values."""
        if file not in self._known:
            new, before = self.run.source.read(file), self.base.source.tree.ids.get(file)
            is_changed = before is not None and before != self.run.source.tree.ids[file]
            try:
                marks = yaml_marks(new, file)
            except ProblemsFound:
                marks = {}
            self._known[file] = changed_lines(self.base.source.read(file), new) if is_changed else [], marks
        return self._known[file]


def _files(name: str) -> Iterator[str]:
    environment, _, model = name.partition('/')
    yield from (release_file(name), rollout_file(name), model_file(model), environment_file(environment))
