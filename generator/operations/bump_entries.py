"""A request and its model → the new entry of `versions`, or what contradicts the entry that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.domain.values import Values
from generator.domain.words import cut, suggest
from generator.operations.bump_requests import KEYS, Request

# How to get the files of an artifact, and what they are: these stay with another uri. A checksum and a size do not.
_STAYS = ('kind',)
_STAYS_IN_STORE = ('endpoint', 'credentials', 'delivery', 'subPath')
_ARTIFACT = ('uri', 'sha256', 'files', 'endpoint', 'credentials', 'delivery', 'subPath', 'kind', 'size')
_TOLD = ('metrics', 'released', 'notes')  # for the readers of a chart; pods do not have it
_SHOWN = 200  # characters of a value: an image with its digest


def place_of(request: Request, model: Model) -> int:
    """The index of the new entry: behind `after`, else at the end. Raises ProblemsFound for an unknown version."""
    names = [version.version for version in model.versions]
    if not request.after:
        return len(names)
    if request.after not in names:
        message = f"version '{request.after}' of model '{model.name}' not found"
        raise ProblemsFound([request.problem(('after',), message, suggest(request.after, names))])
    return names.index(request.after) + 1


def entry_of(request: Request, before: Values) -> Values:
    """The new entry: what is given, and image, artifact and signature of the version before where they are not."""
    given = request.given
    if 'image' not in given and 'artifact' not in given:
        runs = f"version '{request.version}' would run what '{before['version']}' runs"
        hint = 'give the new image, or the new artifact with its sha256'
        raise ProblemsFound([request.problem((), f'neither image nor artifact is given: {runs}', hint)])
    entry: dict[str, Any] = {key: before[key] for key in ('image', 'artifact', 'signature') if key in before}
    entry |= {**given, 'version': request.version}
    if 'artifact' in given:
        entry['artifact'] = _artifact(request, before)
    return {key: entry[key] for key in ('version', *KEYS) if key in entry}


def _artifact(request: Request, before: Values) -> Values:
    """The given artifact, with what does not depend on its content from the version before."""
    new, old = request.given['artifact'], before.get('artifact', {})
    if not old and 'kind' not in new:
        hint = f"write artifact.kind in a file for --file: '{before['version']}' has no artifact to take it from"
        raise ProblemsFound([request.problem(('artifact',), "the artifact has no 'kind'", hint)])
    if 'size' in old and 'size' not in new:
        runs = f"that of version '{before['version']}' has one, by which pods reserve space"
        raise ProblemsFound(
            [
                request.problem(
                    ('artifact', 'size'), f'the artifact has no size; {runs}', f'add it, for example {old["size"]}'
                )
            ]
        )
    same_store = _scheme(old.get('uri', '')) == _scheme(new['uri'])
    stays = {key: old[key] for key in (*_STAYS, *(_STAYS_IN_STORE if same_store else ())) if key in old}
    whole = {**stays, **new}
    return {key: whole[key] for key in _ARTIFACT if key in whole}


def _scheme(uri: str) -> str:
    return uri.partition('://')[0]


def contradictions(request: Request, model: Model, known: ModelVersion) -> list[Problem]:
    """What a request says otherwise than the version that the model has: a version that is listed never changes."""
    found = []
    for path, old, new in _differences(request.given, known.spec):
        message = f"version '{known.version}' of model '{model.name}' has another {'.'.join(path)}: {old}, not {new}"
        hint = 'a version never changes: release the new one under another name'
        if path[0] in _TOLD:
            hint = f'change it in {model.file}: its chart gets a new version, pods do not restart'
        found.append(request.problem(path, message, hint))
    names = [version.version for version in model.versions]
    if request.after and place_of(request, model) > names.index(known.version):
        message = f"version '{known.version}' of model '{model.name}' is not listed after '{request.after}'"
        found.append(request.problem(('after',), message, 'it is there: remove this'))
    return found


def _differences(given: Values, known: Values) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield path, old and new text of what differs: of an artifact only what is given, of all else everything."""
    for key, value in given.items():
        old = known.get(key)
        if key == 'artifact' and isinstance(old, Mapping):
            old = {name: old[name] for name in value if name in old}
        yield from _parts((key,), old, value)


def _parts(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _parts((*path, key), old.get(key), new.get(key))
    elif old != new:
        yield path, _text(old), _text(new)


def _text(value: Any) -> str:
    if value is None:
        return 'none'
    return f"'{cut(str(value), _SHOWN)}'" if isinstance(value, str) else cut(str(value), _SHOWN)
