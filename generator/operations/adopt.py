"""A hand edit in a generated file of a release → the same values in the registry, from which it is generated again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.documents.edit_values import REMOVED, set_value
from generator.documents.write import is_sealed
from generator.domain.credentials import veiled
from generator.domain.layout import delivery_file, model_name, release_file, release_of, values_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.tree import LINK
from generator.domain.words import cut
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_start import known_release
from generator.pipeline.run import Run
from generator.plan.adoption import Edit, edits_of, value_at, values_in
from generator.plan.message import shortened

_SHOWN = 20


def adopting(names: Sequence[str]) -> Operation:
    """Take hand edits into the registry: of files of values/ and delivery/, or of releases (`env/model`)."""
    files = tuple(dict.fromkeys(file for name in names for file in _files_of(name)))
    releases = tuple(sorted({release_of(file) for file in files}))

    def change(run: Run) -> RegistryChange:
        for name in releases:
            known_release(run.registry, name)
        edited = [file for file in files if _is_edited(run, file)]
        every = _edits(run, edited)
        edits = _by_release(every)
        rows = [_row(name, edit) for name, found in edits.items() for edit in found]
        result = {'result': 'adopted', 'values': rows, 'files': edited}
        if not rows:
            return RegistryChange(result=result)
        changed = {release_file(name): _adopted(run, name, found) for name, found in edits.items()}
        laid = replace(run, source=run.source.with_files(changed))
        if problems := list(_not_generated(laid, every)):
            raise ProblemsFound(problems)
        subject = shortened(f'Adopt the hand edits of {", ".join(edits)}')
        return RegistryChange(changed, subject, result, _notes(rows), adopted=tuple(edited), laid=laid)

    return Operation('adopt', tuple(names), tuple(sorted(map(model_name, releases))), change)


def _files_of(name: str) -> tuple[str, ...]:
    return (name,) if release_of(name) else (values_file(name), delivery_file(name))


def _is_edited(run: Run, file: str) -> bool:
    blob = run.source.tree.ids.get(file, '')
    if blob == LINK:
        raise problem(file, '', 'expected a file, found a symbolic link', 'remove it, and run the command again')
    return bool(blob) and not is_sealed(run.source.read(file))


def _edits(run: Run, files: Sequence[str]) -> list[Edit]:
    """The edits of all files; raises ProblemsFound for those that are no values."""
    found = [edits_of(file, _before(run, file), run.source.read(file)) for file in files]
    if problems := [problem for _, refused in found for problem in refused]:
        raise ProblemsFound(problems)
    return [edit for edits, _ in found for edit in edits]


def _by_release(edits: Sequence[Edit]) -> dict[str, list[Edit]]:
    """The edits of each release, each value once: values/ and delivery/ have the same ones."""
    found: dict[str, dict[Path, Edit]] = {}
    problems: list[Problem] = []
    for edit in edits:
        first = found.setdefault(release_of(edit.file), {}).setdefault(edit.path, edit)
        if first.after != edit.after:
            message = f'{_shown(edit.path, edit.after)} here, {_shown(edit.path, first.after)} in {first.file}'
            hint = 'write the same into both, or undo one'
            problems.append(Problem(edit.file, json_path(edit.place), message, hint))
    if problems:
        raise ProblemsFound(problems)
    return {name: list(each.values()) for name, each in found.items()}


def _before(run: Run, file: str) -> bytes:
    """The file as chartloom wrote it: in HEAD, or if the edit is committed, as it would write it now."""
    blob = run.source.tree.held.get(file, LINK)
    held = b'' if blob == LINK else run.repository.read([blob])[blob]
    return held if is_sealed(held) else run.files[file]


def _adopted(run: Run, name: str, edits: Sequence[Edit]) -> bytes:
    """The release's file with the values; one that the edit removed is its own, or inherited and removed by null."""
    release = run.registry.releases[name]
    data = run.source.read(release.file)
    for edit in sorted(edits, key=lambda each: each.after is None):  # so that no map is empty meanwhile
        value = edit.after
        if value is None and value_at(release.spec.get('values'), edit.path) is not None:
            value = REMOVED
        data = set_value(data, release.file, ('spec', 'values', *edit.path), value, drop_empty=True)
    return data


def _not_generated(laid: Run, edits: Sequence[Edit]) -> Iterator[Problem]:
    """Report edits that chartloom would not write: other values follow from the registry there."""
    for edit in edits:
        written = value_at(values_in(edit.file, laid.files[edit.file]), edit.path)
        if edit.after != written:
            again = _shown(edit.path, written)
            message = f'{_shown(edit.path, edit.after)} cannot be adopted: chartloom writes {again} here'
            hint = 'undo it, and change what it follows from'
            yield Problem(edit.file, json_path(edit.place), message, hint)


def _row(name: str, edit: Edit) -> dict[str, Any]:
    before, after = _shown(edit.path, edit.before), _shown(edit.path, edit.after)
    return {'release': name, 'path': json_path(edit.path).removeprefix('$.'), 'from': before, 'to': after}


def _notes(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    lines = [f'{row["release"]}: {row["path"]}: {row["from"]} → {row["to"]}' for row in rows[:_SHOWN]]
    more = len(rows) - len(lines)
    return (*lines, *((f'and {more} more values',) if more else ()))


def _shown(path: Path, value: Any) -> str:
    if value is None:
        return 'nothing'
    found = veiled(path, value)
    return cut(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str), 60)
