"""The one YAML reader: bytes of a registry or generated file into plain data, or problems that say where and why.

It reads what YAML 1.1 and 1.2 understand alike and refuses the rest (`yes`, `1_000`, `0o17`, anchors, tags), because
helm, kubectl and Python would each read something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import events as ev
from ruamel.yaml.cyaml import CParser
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator.errors import Problem, ProblemsFound, problem
from generator.paths import Path, show

MAX_BYTES = 1 << 20
MAX_DEPTH = 40

_NUMBER = re.compile(r'-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]+)?')
# Plain scalars that some reader of ours (PyYAML, ruamel, helm, kubectl) does not take for a string: measured, not guessed.
_AMBIGUOUS = re.compile(
    r'(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE|Null|NULL'
    r'|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|=|<<'
    r'|[-+.]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|[-+]?0[bB][01_]+'
    r'|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9_]*)?'
    r'|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?)'
)
_WORDS: dict[str, Any] = {'true': True, 'false': False}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value stands (lines from 1) and, for a scalar, how it was written."""

    line: int
    text: str = ''


def read(data: bytes, file: str) -> Any:
    """Read one YAML document; ProblemsFound names every fault that can be found in one pass."""
    return _Reader(data, file).read()


def marks(data: bytes, file: str) -> dict[Path, Mark]:
    """Where each value of a document stands: slower than `read`, for explanations only."""
    reader = _Reader(data, file, with_marks=True)
    reader.read()
    return reader.marks


def decode(data: bytes, file: str) -> str:
    """Text of a file, or the problem that keeps it from being text."""
    if len(data) > MAX_BYTES:
        raise problem(file, '', f'{len(data)} bytes are too many', f'split the file: the limit is {MAX_BYTES} bytes')
    try:
        return data.decode('utf-8-sig' if data.startswith(b'\xef\xbb\xbf') else 'utf-8')
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        raise problem(file, '', f'line {line} is not UTF-8', 'save the file as UTF-8') from None


class _Reader:
    def __init__(self, data: bytes, file: str, *, with_marks: bool = False) -> None:
        self.file = file
        self.text = decode(data, file)
        self.with_marks = with_marks
        self.marks: dict[Path, Mark] = {}
        self.problems: list[Problem] = []

    def read(self) -> Any:
        try:
            value = self._document()
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f'line {mark.line + 1}, column {mark.column + 1}: ' if mark else ''
            raise problem(self.file, '', f'not YAML: {where}{error.problem or error.context}', _YAML_HINT) from None
        except YAMLError as error:  # characters that YAML does not allow
            raise problem(self.file, '', f'not YAML: {" ".join(str(error).split())}', _YAML_HINT) from None
        if self.problems:
            raise ProblemsFound(self.problems)
        return value

    def _document(self) -> Any:
        parser = CParser(self.text)
        try:
            self._next = parser.get_event
            self._next()
            start = self._next()
            if isinstance(start, ev.StreamEndEvent):
                raise problem(self.file, '', 'the file is empty', 'write a document, or remove the file')
            value = self._value(self._next(), (), 0)
            self._next()
            if not isinstance(self._next(), ev.StreamEndEvent):
                self._refuse('', 'more than one YAML document', 'keep one document a file')
            return value
        finally:
            parser.dispose()

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        if self.with_marks:
            self.marks[path] = Mark(event.start_mark.line + 1, getattr(event, 'value', ''))
        kind = type(event)
        if kind is ev.ScalarEvent:
            return self._scalar(event, path)
        if depth > MAX_DEPTH:
            raise problem(self.file, '', f'nested deeper than {MAX_DEPTH} levels', 'flatten the document')
        if kind is ev.AliasEvent:
            self._refuse(show(path), f"alias '*{event.anchor}'", 'write the value out: what a reviewer sees is what counts')
            return ''
        if event.anchor or event.tag:
            self._refuse_node(event, path)
        return self._mapping(path, depth) if kind is ev.MappingStartEvent else self._sequence(path, depth)

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while True:
            event = self._next()
            kind = type(event)
            if kind is ev.MappingEndEvent:
                return result
            if kind is not ev.ScalarEvent:
                self._refuse(show(path), f'line {event.start_mark.line + 1}: a key that is not text', 'write a plain word as the key')
                self._value(event, path, depth + 1)
                self._value(self._next(), path, depth + 1)
                continue
            key = event.value
            here = (*path, key)
            if key in result:
                self._refuse(show(here), f'line {event.start_mark.line + 1}: the key stands here twice', 'keep one of the two')
            elif not event.style and _AMBIGUOUS.fullmatch(key):
                self._refuse(show(here), f'{key} is not text to every YAML reader', f'quote it: "{key}":')
            result[key] = self._value(self._next(), here, depth + 1)

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        result: list[Any] = []
        while True:
            event = self._next()
            if type(event) is ev.SequenceEndEvent:
                return result
            result.append(self._value(event, (*path, len(result)), depth + 1))

    def _scalar(self, event: Any, path: Path) -> Any:
        text: str = event.value
        if event.anchor or event.tag:
            self._refuse_node(event, path)
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text in ('', '~', 'null'):
            self._refuse(show(path), 'there is no value', "remove the key, or write a value: '' or {} or [] if it is meant to be empty")
            return ''
        if _NUMBER.fullmatch(text) and text != '-0':
            return float(text) if '.' in text else int(text)
        if _AMBIGUOUS.fullmatch(text):
            self._refuse(show(path), f'{text} means different things to different YAML readers', _quote_hint(text))
        return text

    def _refuse_node(self, event: Any, path: Path) -> None:
        what = f"anchor '&{event.anchor}'" if event.anchor else f"tag '{event.tag}'"
        self._refuse(show(path), what, 'write the value out: what a reviewer sees is what counts')

    def _refuse(self, path: str, message: str, hint: str) -> None:
        self.problems.append(Problem(self.file, path, message, hint))


_YAML_HINT = 'mend the syntax; an editor with the YAML language server shows the place'


def _quote_hint(text: str) -> str:
    if text.lower() in ('yes', 'on', 'y', 'true'):
        return f'write true for a truth value, or quote the text: "{text}"'
    if text.lower() in ('no', 'off', 'n', 'false'):
        return f'write false for a truth value, or quote the text: "{text}"'
    return f'quote the text: "{text}", or write a plain decimal number'
