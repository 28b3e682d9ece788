"""Environments as their files say → environments with what they inherit, and who wrote each of their values.

Maps are merged, lists and single values are replaced, null removes. A strategy and the owner of a host name are
replaced as a whole, because their keys exclude each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from generator.documents.schema import RegistrySchemas
from generator.domain.environments import Environment, Written
from generator.domain.layout import environment_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.values import Values
from generator.domain.words import quoted, suggest

# A place of its own, its own way to new versions and what only its own file may stop, accept or move.
OWN = frozenset(
    'inherits cluster namespace applicationNamespace promotesFrom follow capacity lock waivers format '
    'chartSource'.split()
)
# Replaced as a whole; '*' is any key.
WHOLE: tuple[Path, ...] = (('strategy',), ('hostnames', '*'))
# Keys of an artifact store of which one side excludes the other.
_ADDRESSES, _PODS = frozenset(['cidr']), frozenset(['namespace', 'podLabels'])

_MOST = 10  # environments that one may inherit through: each lays the whole chain

Environments = Mapping[str, Environment]


def with_inherited(
    read: Environments, schemas: RegistrySchemas, unread: Collection[str] = ()
) -> tuple[dict[str, Environment], list[Problem]]:
    """Lay each environment on the one that it inherits; those that cannot be laid are left out.

    `unread` are files that exist but could not be read: what inherits from them is left out without a problem.
    """
    found: dict[str, Environment] = {}
    problems: list[Problem] = []
    for name, environment in sorted(read.items()):
        if not environment.inherits:
            found[name] = environment
            continue
        chain, fault = _chain(environment, read, unread)
        if fault:
            problems += [fault] if fault.file else []
            continue
        laid = _laid(chain)
        if faults := schemas.faults('Environment', _document(laid)):
            problems += [_missing(fault, laid) for fault in faults]
        else:
            found[name] = laid
    return found, problems


def _chain(
    environment: Environment, read: Environments, unread: Collection[str]
) -> tuple[list[Environment], Problem | None]:
    """Return an environment and those that it inherits; else a problem, without a file if another file has it."""
    chain, names = [environment], {environment.name}
    while name := chain[-1].inherits:
        last = chain[-1]
        if name in names:
            return chain, _cycle(chain, name, environment)
        if name not in read:
            told = Problem(last.file, '$.spec.inherits', f'environment {quoted(name)} not found', suggest(name, read))
            mine = last is environment and environment_file(name) not in unread
            return chain, told if mine else Problem('', '', '')
        chain.append(read[name])
        names.add(name)
    if len(chain) > _MOST + 1:  # told at the first that is too far
        message, hint = f'it inherits through {_MOST + 1} environments', f'let it inherit through at most {_MOST}'
        first = len(chain) == _MOST + 2
        return chain, Problem(environment.file, '$.spec.inherits', message, hint) if first else Problem('', '', '')
    return chain, None


def _cycle(chain: list[Environment], name: str, environment: Environment) -> Problem:
    """Report a cycle once, at the first of its names; those that only lead into it have no problem of their own."""
    names = [each.name for each in chain]
    circle = names[names.index(name) :]
    start = circle.index(min(circle))
    if circle[start] != environment.name:
        return Problem('', '', '')
    shown = ' → '.join((*circle[start:], *circle[:start], circle[start]))
    return Problem(environment.file, '$.spec.inherits', f'inherits itself: {shown}', 'remove one of these references')


def _laid(chain: list[Environment]) -> Environment:
    """Merge a chain, the nearest first."""
    *nearer, last = chain
    spec, removed = last.spec, {path for path in last.removed if path[1] == 'values'}
    for part in reversed(nearer):
        inherited = {key: value for key, value in spec.items() if key not in OWN}
        for path in part.removed:
            inherited = _without(inherited, path[1:])
        spec = _merged(inherited, part.spec, ())
        set_again = [path for path in removed if _holds(part.spec, path[1:])]
        removed = removed.difference(set_again) | {path for path in part.removed if path[1] == 'values'}
    parts = tuple(Written(each.name, each.file, each.spec, each.removed) for each in chain)
    return replace(chain[0], spec=spec, removed=tuple(sorted(removed)), chain=parts)


def _merged(under: Values, over: Values, path: Path) -> dict[str, Any]:
    if path[:1] == ('artifactStores',):
        under = _one_sided(under, over)
    result = {}
    for key in sorted({*under, *over}):  # the order of a file changes nothing
        mine, place = over.get(key), (*path, key)
        if key not in over:
            result[key] = under[key]
        elif isinstance(mine, Mapping) and isinstance(under.get(key), Mapping) and not is_whole(place):
            result[key] = _merged(under[key], mine, place)
        else:
            result[key] = mine
    return result


def _one_sided(under: Values, over: Values) -> Values:
    """Leave out the addresses of an inherited store where pods are written, and the reverse."""
    gone = _PODS if _ADDRESSES.intersection(over) else _ADDRESSES if _PODS.intersection(over) else frozenset[str]()
    return {key: value for key, value in under.items() if key not in gone}


def is_whole(path: Path) -> bool:
    """Whether the value at a path below `spec` is replaced as one piece."""
    return any(
        len(path) == len(whole) and all(want in ('*', key) for want, key in zip(whole, path, strict=True))
        for whole in WHOLE
    )


def _without(values: Values, path: Path) -> dict[str, Any]:
    """Take a value out; a map that holds nothing else goes with it, as when a file is read."""
    key, rest = str(path[0]), path[1:]
    if not rest or not isinstance(values.get(key), Mapping):
        return {name: value for name, value in values.items() if rest or name != key}
    inner = _without(values[key], rest)
    return {name: inner if name == key else value for name, value in values.items() if name != key or inner}


def _holds(values: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(values, Mapping) or step not in values:
            return False
        values = values[step]
    return True


def _document(environment: Environment) -> Values:
    about = {'apiVersion': 'chartloom/v1', 'kind': 'Environment', 'metadata': {'name': environment.name}}
    return {**about, 'spec': environment.spec}


def _missing(fault: Fault, environment: Environment) -> Problem:
    """Report what the files of a chain lack together: each file alone has been checked but for what is missing."""
    place = fault.others[0] if fault.others else fault.path
    for part in environment.chain:
        if null := next((path for path in part.removed if path == place[: len(path)]), None):
            return Problem(part.file, json_path(null), 'it cannot be removed: an environment needs it', 'write a value')
    message, others = fault.message, ', '.join(quoted(each.name) for each in environment.chain[1:])
    if fault.others:
        own = len(place) == 2 and place[1] in OWN
        message += ', and is never inherited' if own else f' here and in what it inherits: {others}'
    return Problem(writer(environment, json_path(fault.path)).file, json_path(fault.path), message, fault.hint)


def idle_nulls(environment: Environment) -> Iterator[Problem]:
    """Yield what the file of an environment removes and does not inherit; of values, charts decide."""
    if not environment.chain:
        return
    own, *above = environment.chain
    for path in own.removed:
        if path[1] != 'values' and not any(_holds(each.spec, path[1:]) for each in above):
            yield Problem(own.file, json_path(path), 'there is nothing to remove', 'remove it here')


def blamed(problems: Iterable[Problem], environments: Iterable[Environment]) -> list[Problem]:
    """Move each problem about an inherited value to the file that says so."""
    heirs = {each.file: each for each in environments if each.chain}
    every = list(problems)
    known = {(each.file, each.path, each.message) for each in every}
    moved = [_moved(each, heirs[each.file]) if each.file in heirs else each for each in every]
    # What is wrong in the other environment, too, is told once.
    return [
        new
        for old, new in zip(every, moved, strict=True)
        if new is old or (new.file, old.path, old.message) not in known
    ]


def _moved(problem: Problem, environment: Environment) -> Problem:
    file = writer(environment, problem.path).file
    if file == problem.file:
        return problem
    return replace(problem, file=file, message=f'{problem.message}; {quoted(environment.name)} inherits it')


def writer(environment: Environment, path: str) -> Written:
    """Return the nearest part of a chain that says what is at a JSON path, or at the nearest place above it."""
    parts = environment.parts
    if len(parts) == 1:
        return parts[0]
    places = [_shown(part) for part in parts]
    there = {*_nodes(environment.spec, ('spec',))}.union(*({json_path(each) for each in p.removed} for p in parts))
    while path not in there and path:
        path = path[: max(path.rfind('.'), path.rfind('['), 0)]
    return next((part for part, said in zip(parts, places, strict=True) if path in said), parts[0])


def _shown(part: Written) -> set[str]:
    return {*_nodes(part.spec, ('spec',)), *map(json_path, part.removed)}


def _nodes(value: Any, path: Path) -> Iterator[str]:
    yield json_path(path)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nodes(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nodes(inner, (*path, index))


def spoilt_heirs(spoilt: Collection[str], read: Iterable[Environment]) -> set[str]:
    """The files of environments that inherit, at once or through others, from one of these files."""
    parents = {each.file: environment_file(each.inherits) for each in read if each.inherits}
    found: set[str] = set()
    while more := {file for file, parent in parents.items() if parent in {*spoilt, *found}} - found:
        found |= more
    return found
