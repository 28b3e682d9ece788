"""Two values of any kind → the fields that differ, each with its old and new value; items of lists are matched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

# A step is a key of a map, or `[…]` for an item of a list: what it is matched by, or its index.
Path = tuple[str, ...]


class Absent:
    """The value of a field that one side does not have."""

    def __repr__(self) -> str:
        return 'absent'


ABSENT = Absent()


class Field(NamedTuple):
    """A field that differs; `old` or `new` is ABSENT if only one side has it."""

    path: Path
    old: Any
    new: Any

    @property
    def place(self) -> str:
        return shown(self.path)


def shown(path: Path) -> str:
    """Show a path as people write it: spec.containers[server].image."""
    text = ''
    for step in path:
        text += step if step.startswith('[') or not text else f'.{step}'
    return text


def differing(old: Any, new: Any, path: Path = ()) -> Iterator[Field]:
    """Yield the fields that differ, in the order of `old`, then what only `new` has.

    Maps and lists are followed as long as both sides are of one kind; what only one side has is one field.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_maps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif type(old) is not type(new) or old != new:
        yield Field(path, old, new)


def _of_maps(old: Mapping[str, Any], new: Mapping[str, Any], path: Path) -> Iterator[Field]:
    for key, value in old.items():
        if key not in new:
            yield Field((*path, key), value, ABSENT)
        elif value is not new[key]:
            yield from differing(value, new[key], (*path, key))
    for key, value in new.items():
        if key not in old:
            yield Field((*path, key), ABSENT, value)


def _of_lists(old: Sequence[Any], new: Sequence[Any], path: Path) -> Iterator[Field]:
    if same(old, new):
        return
    if name := _matched_by(path, old, new):
        yield from _of_maps(_named(old, name), _named(new, name), path)
    elif path[-1:] in _SETS:
        yield from _of_maps(_named(old, str), _named(new, str), path)
    elif path[-1:] in _ORDERED or not all(isinstance(item, Mapping) for item in (*old, *new)):
        yield Field(path, old, new)
    else:
        yield from _by_content(old, new, path)


def _named(items: Sequence[Any], name: Callable[[Any], str]) -> dict[str, Any]:
    return {f'[{name(item)}]': item for item in items}


# Lists whose items have no order.
_SETS = {('hostnames',), ('hosts',), ('accessModes',), ('audiences',), ('policyTypes',), ('finalizers',)}
# Lists that are one value: the words of a command, the steps of a rollout.
_ORDERED = {('command',), ('args',)}
# What identifies an item among others, by the kind of the list; the first that all items have, each with its own.
_NAMES = ('name', 'mountPath', 'alert', 'secretKey', 'topologyKey', 'containerPort', 'port', 'ip', 'key', 'type')


def _matched_by(path: Path, old: Sequence[Any], new: Sequence[Any]) -> Callable[[Any], str] | None:
    """Return what names the items of two lists of maps; None if nothing does."""
    if path[-1:] == ('steps',) or not all(isinstance(item, Mapping) for item in (*old, *new)):
        return None
    for name in _NAMES:
        for side in (old, new):
            found = [item.get(name) for item in side]
            if None in found or len({_text(each) for each in found}) < len(found):
                break
        else:
            return lambda item: str(item[name])
    return None


def _by_content(old: Sequence[Any], new: Sequence[Any], path: Path) -> Iterator[Field]:
    """Items that both sides have are equal wherever they stand; the others are compared in their order."""
    places: dict[str, list[int]] = {}
    for index in reversed(range(len(new))):
        places.setdefault(_text(new[index]), []).append(index)
    mine, taken = [], set[int]()
    for index, item in enumerate(old):
        if there := places.get(_text(item)):
            taken.add(there.pop())
        else:
            mine.append((index, item))
    theirs = [(index, item) for index, item in enumerate(new) if index not in taken]
    for (index, item), (_, other) in zip(mine, theirs, strict=False):
        yield from differing(item, other, (*path, f'[{index}]'))
    for index, item in mine[len(theirs) :]:
        yield Field((*path, f'[{index}]'), item, ABSENT)
    for index, item in theirs[len(mine) :]:
        yield Field((*path, f'[{index}]'), ABSENT, item)
    if not (mine or theirs):
        yield Field(path, old, new)  # another order


def same(one: Any, other: Any) -> bool:
    """Whether values and their types are equal: for Python 1, 1.0 and true are equal."""
    return bool(one == other) and _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=dict)
