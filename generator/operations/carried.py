"""The values of a release and of the one before it → the values that it takes over, but for keys of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from generator.documents.edit_values import REMOVED, set_value
from generator.documents.entries import flow_text
from generator.documents.read import decode_yaml, read_yaml_text
from generator.domain.credentials import veiled
from generator.domain.places import Path, json_path
from generator.plan.adoption import differences

_WIDEST = 60  # characters of a value in a commit
_VALUES = ('spec', 'values')


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that changes; REMOVED stands for none, None for null, which removes an inherited value."""

    path: Path
    before: Any
    after: Any

    @property
    def key(self) -> str:
        return shown_key(self.path)

    def __str__(self) -> str:
        return f'{self.key}: {self._shown(self.before)} → {self._shown(self.after)}'

    def _shown(self, value: Any) -> str:
        if value is REMOVED:
            return 'nothing'
        text = flow_text(veiled(self.path, value))
        return text if len(text) <= _WIDEST else f'{text[: _WIDEST - 1]}…'

    @property
    def row(self) -> dict[str, str]:
        return {'key': self.key, 'before': self._shown(self.before), 'after': self._shown(self.after)}


def shown_key(path: Path) -> str:
    """A key of values as `chartloom explain` shows it."""
    return json_path(path).removeprefix('$.')


def carried(there: bytes, here: bytes, file: str) -> tuple[Carried, ...]:
    """Return the values of the release file `file` (its content is `here`, b'' for none) that differ from those of
    the file `there`; what its `spec.local` names stays."""
    source, target = _spec(there, file), _spec(here, file)
    local = target.get('local') or ()
    before = target.get('values') or {}
    after = _taken(source.get('values') or {}, before, _is_local(local), ())
    return tuple(Carried(*each) for each in differences(before, after, (), REMOVED))


def with_values(data: bytes, file: str, changes: Collection[Carried]) -> bytes:
    """The file of a release with these values; comments stay."""
    for each in changes:
        data = set_value(data, file, (*_VALUES, *each.path), each.after, drop_empty=True)
    return data


def _spec(data: bytes, file: str) -> dict[str, Any]:
    document = read_yaml_text(decode_yaml(data, file), file, []) if data else {}
    return document.get('spec') or {}


def _is_local(keys: Collection[str]) -> Callable[[Path], bool]:
    return lambda path: any(shown_key(path[:depth]) in keys for depth in range(1, len(path) + 1))


def _taken(there: Any, here: Any, is_local: Callable[[Path], bool], above: Path) -> dict[str, Any]:
    """The values of `there`, with those of `here` at local keys."""
    found: dict[str, Any] = {}
    for key in dict.fromkeys([*here, *there]):
        path, theirs, mine = (*above, key), there.get(key, REMOVED), here.get(key, REMOVED)
        if is_local(path):
            value = mine
        elif isinstance(theirs, dict) or isinstance(mine, dict):
            inner = _taken(_map(theirs), _map(mine), is_local, path)
            emptied = isinstance(theirs, dict) and theirs and not inner
            value = REMOVED if emptied else inner or theirs
        else:
            value = theirs
        if value is not REMOVED:
            found[key] = value
    return found


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
