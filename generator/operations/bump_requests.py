"""A file of versions to release, or the options of a command → requests, checked by their schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.documents.read import read_yaml, yaml_marks
from generator.documents.schema import RegistrySchemas
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.values import Values
from generator.registry.texts import text_problems

# Keys of a version that must be the same if it is released again, in the order of the registry's files.
KEYS = ('image', 'artifact', 'signature', 'metrics', 'released', 'notes', 'bump')
# Where a value of the command line comes from.
_OPTIONS = {
    'model': 'MODEL', 'version': 'VERSION', 'after': '--after', 'image': '--image', 'signature': '--signature',
    'metrics': '--metrics', 'released': '--released', 'notes': '--notes', 'bump': '--bump',
}  # fmt: skip
_OF_ARTIFACT = {'sha256': '--sha256', 'size': '--size'}


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A version to release: `given` are keys of the model's file, `after` is the version that it follows, '' for the
    newest. `file` and `path` are its place, '' on a command line."""

    model: str
    version: str
    given: Values = field(default_factory=dict)
    after: str = ''
    file: str = ''
    path: Path = ()

    @property
    def name(self) -> str:
        return f'{self.model} {self.version}'

    def problem(self, path: Path, message: str, hint: str = '') -> Problem:
        """A problem of a key of this request; on a command line its place is an option."""
        if self.file:
            return Problem(self.file, json_path((*self.path, *path)), message, hint)
        return Problem(*_option(path), message, hint)


def _option(path: Path) -> tuple[str, str]:
    """The option that a key comes from, and the rest of the path, for one that reads a file."""
    if path[:1] == ('artifact',):
        return _OF_ARTIFACT.get(str(path[1]) if len(path) > 1 else '', '--artifact'), ''
    return _OPTIONS[str(path[0])] if path else 'bump', json_path(path[1:]) if len(path) > 1 else ''


def read_input(data: bytes, file: str) -> Any:
    """Read YAML, or JSON, whose numbers may have exponents; raises ProblemsFound."""
    if not file.endswith('.json'):
        return read_yaml(data, file)
    try:
        return json.loads(data, parse_constant=_refuse)
    except ValueError as error:
        raise problem(file, '', f'invalid JSON: {error}', 'correct the file') from None


def _refuse(word: str) -> Any:
    raise ValueError(f'{word} is not a number')


def read_requests(data: bytes, file: str, schemas: RegistrySchemas) -> list[Request]:
    """Read a file of versions to release; raises ProblemsFound with all problems of the file."""
    document = read_input(data, file)
    faults = schemas.faults('Bumps', document, lambda: {} if file.endswith('.json') else yaml_marks(data, file))
    problems = [Problem(file, json_path(fault.path), fault.message, fault.hint) for fault in faults]
    problems = problems or [*text_problems(document, file)]
    if problems:
        raise ProblemsFound(problems)
    requests = [_request(each, file, ('bumps', index)) for index, each in enumerate(document['bumps'])]
    if problems := _twice(requests):
        raise ProblemsFound(problems)
    return requests


def request_of(document: Mapping[str, Any], schemas: RegistrySchemas) -> Request:
    """Make a request from the options of a command line; raises ProblemsFound whose places are options."""
    request = _request(document, '', ())
    if faults := schemas.faults('Bumps', {'bumps': [document]}):
        raise ProblemsFound(request.problem(fault.path[2:], fault.message, fault.hint) for fault in faults)
    return request


def _request(document: Mapping[str, Any], file: str, path: Path) -> Request:
    given = {key: document[key] for key in KEYS if key in document}
    return Request(document['model'], document['version'], given, document.get('after', ''), file, path)


def _twice(requests: list[Request]) -> list[Problem]:
    seen: dict[str, Request] = {}
    problems = []
    for request in requests:
        if seen.setdefault(request.name, request) is not request:
            message = f"version '{request.version}' of model '{request.model}' is already in this file"
            problems.append(request.problem(('version',), message, 'keep one of them'))
    return problems
