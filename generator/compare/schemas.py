"""Two values schemas → what the newer one takes away from whoever wrote values for the older one, and what it adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from generator.compare.fields import Path, same, shown
from generator.domain.words import quoted

Schema = Mapping[str, Any]


class Step(NamedTuple):
    """A change of a schema: the rule of bumps that it is for, and words for it."""

    rule: str
    text: str


REMOVED, RETYPED, TIGHTENED, WIDENED, ADDED = (
    'removed-value', 'retyped-value', 'tightened-schema', 'widened-schema', 'new-value',
)  # fmt: skip
# Limits from below and from above, and rules that cannot be compared: another text may allow less.
_LEAST = ('minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties')
_MOST = ('maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties')
_OPAQUE = ('pattern', 'format', 'multipleOf', 'uniqueItems', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else',
           'dependencies', 'contains', 'propertyNames', 'patternProperties')  # fmt: skip


def schema_steps(old: Schema, new: Schema) -> Iterator[Step]:
    """Yield how a schema changed, each place once; titles, descriptions and defaults are no change."""
    yield from _Walk(old, new).node(old, new, ())


class _Walk:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.roots = old, new
        self.seen: set[tuple[str, str]] = set()

    def node(self, old: Any, new: Any, path: Path) -> Iterator[Step]:
        names = tuple(str(side.get('$ref', '')) if isinstance(side, Mapping) else '' for side in (old, new))
        if all(names):
            if names in self.seen:
                return
            self.seen.add((names[0], names[1]))
        old, new = (_target(root, side) for root, side in zip(self.roots, (old, new), strict=True))
        if same(old, new) and not any(names):
            return
        yield from _kinds(old, new, path)
        yield from _limits(old, new, path)
        yield from self._keys(old, new, path)
        if 'items' in old or 'items' in new:
            yield from self.node(old.get('items', {}), new.get('items', {}), (*path, '[]'))

    def _keys(self, old: Schema, new: Schema, path: Path) -> Iterator[Step]:
        mine, theirs = old.get('properties', {}), new.get('properties', {})
        rest, others = _others(old), _others(new)
        for key in mine:
            if key in theirs:
                yield from self.node(mine[key], theirs[key], (*path, key))
            elif others is False:
                yield Step(REMOVED, f'{_at((*path, key))} is removed')
            else:
                yield from self.node(mine[key], others, (*path, key))
        for key in theirs.keys() - mine.keys() if rest is False else ():
            yield Step(ADDED, f'{_at((*path, key))} is new')
        for key in sorted(_required(new) - _required(old)):
            yield Step(TIGHTENED, f'{_at((*path, key))} is required')
        for key in sorted((_required(old) - _required(new)) & theirs.keys()):
            yield Step(WIDENED, f'{_at((*path, key))} is not required any more')
        if rest is not False and others is False:
            yield Step(TIGHTENED, f'{_at(path)} takes no other keys')
        elif rest is False and others is not False:
            yield Step(WIDENED, f'{_at(path)} takes other keys')
        elif rest is not False and others is not False:
            yield from self.node(rest, others, (*path, '*'))


def _required(schema: Schema) -> set[str]:
    """The required keys; all of a closed map that has to have as many as it has names."""
    return {*schema['properties']} if _is_full(schema) else {*schema.get('required', ())}


def _is_full(schema: Schema) -> bool:
    named = schema.get('properties', {})
    return bool(named) and _others(schema) is False and schema.get('minProperties') == len(named)


def _others(schema: Schema) -> Any:
    """The schema of keys without one of their own; False if there may be none, {} if anything may be."""
    found = schema.get('additionalProperties', {})
    return {} if found is True else found


def _target(root: Schema, node: Any) -> Schema:
    if not isinstance(node, Mapping):
        return {}
    name = node.get('$ref', '')
    if not name:
        return node
    found: Any = root
    for step in name.removeprefix('#/').split('/'):
        found = found[step]
    return found  # type: ignore[no-any-return]


def _kinds(old: Schema, new: Schema, path: Path) -> Iterator[Step]:
    mine, theirs = _types(old), _types(new)
    if theirs and (not mine or mine - theirs):
        yield Step(RETYPED, f'{_at(path)} was {_some(mine)} and is {_some(theirs)}')
    elif mine and (not theirs or theirs - mine):
        yield Step(WIDENED, f'{_at(path)} may also be {_some(theirs - mine)}')
    ours, allowed = _values(old), _values(new)
    if allowed is not None and (ours is None or any(each not in allowed for each in ours)):
        gone = [quoted(str(each)) for each in ours or () if each not in allowed]
        yield Step(TIGHTENED, f'{_at(path)} may not be {", ".join(gone) or "any other value"}')
    elif ours is not None and (allowed is None or any(each not in ours for each in allowed)):
        more = [quoted(str(each)) for each in allowed or () if each not in ours]
        yield Step(WIDENED, f'{_at(path)} may be {", ".join(more) or "any value"}')


def _limits(old: Schema, new: Schema, path: Path) -> Iterator[Step]:
    for keys, sign in ((_LEAST, 1), (_MOST, -1)):
        for key in keys:
            was, now = (None if key == 'minProperties' and _is_full(side) else side.get(key) for side in (old, new))
            if was == now:
                continue
            tighter = was is None or (now is not None and (now - was) * sign > 0)
            shown_ = f'{_at(path)}: {key} {_limit(was)} → {_limit(now)}'
            yield Step(TIGHTENED if tighter else WIDENED, shown_)
    for key in _OPAQUE:
        if not same(was := old.get(key), now := new.get(key)):
            yield Step(WIDENED if now is None else TIGHTENED, f'{_at(path)}: {key} is {_word(was, now)}')


def _word(was: Any, now: Any) -> str:
    return 'removed' if now is None else 'new' if was is None else 'another'


def _types(schema: Schema) -> set[str]:
    found = schema.get('type', ())
    return {found} if isinstance(found, str) else {*found}


def _values(schema: Schema) -> list[Any] | None:
    return [schema['const']] if 'const' in schema else schema.get('enum')


def _some(types: set[str]) -> str:
    return ' or '.join(sorted(types)) or 'of any type'


def _limit(value: Any) -> str:
    return 'none' if value is None else f'{value:,}' if isinstance(value, int) else str(value)


def _at(path: Path) -> str:
    return shown(path) or 'the values'
