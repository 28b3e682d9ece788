"""Bytes of a registry or generated YAML file → plain data; raises problems with place and reason.

It accepts what YAML 1.1 and 1.2 read alike and refuses the rest (`yes`, `1_000`, `0o17`, anchors, tags), because helm,
kubectl and Python read these differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import Any, TypeVar

from ruamel.yaml import events as ev
from ruamel.yaml.error import YAMLError

from generator.documents.characters import strange_in_file
from generator.documents.parser import with_parser
from generator.documents.refusals import (
    Refusal,
    alias_refusal,
    begins_with_template,
    doubt_refusal,
    duplicate_refusal,
    key_refusal,
    missing_refusal,
    node_refusal,
    word_refusal,
)
from generator.documents.scalars import DOUBTFUL_NUMBER, NOTHING, NUMBER, NUMERIC, SPECIAL, WORDS
from generator.domain.layout import MAX_BYTES
from generator.domain.places import Path, json_path
from generator.domain.problems import MAX_PROBLEMS, MORE_PROBLEMS, Problem, ProblemsFound, problem, size_problem

MAX_DEPTH = 40
MAX_ENTRIES = 5000  # of one map or list: checks may compare each with each


T = TypeVar('T', dict[str, Any], list[Any])


@dataclass(frozen=True, slots=True)
class Mark:
    """The line of a value (from 1) and, for a scalar, its text."""

    line: int
    text: str = ''


def read_yaml(data: bytes, file: str) -> Any:
    """Read one YAML document; raises ProblemsFound with all faults that one pass finds."""
    return read_yaml_text(decode_yaml(data, file), file)


def read_yaml_text(text: str, file: str, nulls: list[Path] | None = None) -> Any:
    """Do the same for a text from `decode_yaml`.

    With `nulls`, a key whose value is null is no fault: the value is None, and its path is added to them.
    """
    return _Reader(text, file, nulls).read()


def yaml_marks(data: bytes, file: str) -> dict[Path, Mark]:
    """Return the line and text of each value of a document; slow, for explanations only."""
    reader = _Reader(decode_yaml(data, file), file, [], with_marks=True)
    reader.read()
    return reader.marks


def decode_yaml(data: bytes, file: str) -> str:
    """Decode a file; raises ProblemsFound if it is too large, not UTF-8 or has invisible characters."""
    if len(data) > MAX_BYTES:
        raise ProblemsFound([size_problem(file, len(data), MAX_BYTES)])
    try:
        text = data.decode('utf-8-sig' if data.startswith(b'\xef\xbb\xbf') else 'utf-8')
    except UnicodeDecodeError as error:
        if data.startswith((b'\xff\xfe', b'\xfe\xff')):
            raise problem(file, '', 'the file is UTF-16', 'save the file as UTF-8') from None
        line = data.count(b'\n', 0, error.start) + 1
        raise problem(file, '', f'line {line} is not UTF-8', 'save the file as UTF-8') from None
    if found := strange_in_file(text, file):
        from generator.documents.syntax import character_problem

        raise character_problem(text, found.start(), file)
    return text


class _Reader:
    def __init__(self, text: str, file: str, nulls: list[Path] | None = None, *, with_marks: bool = False) -> None:
        self.file = file
        self.text = text
        self.nulls = nulls  # None if null is refused
        self.with_marks = with_marks
        self.marks: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self.anchors: set[str] = set()
        self.quoted: Any = None
        self.lost = False  # whether later syntax errors only follow from a reported one

    def read(self) -> Any:
        try:
            value = with_parser(self.text, self._document)
        except YAMLError as error:
            if not self.lost:
                from generator.documents.syntax import syntax_problem  # most files do not need it

                self.problems += syntax_problem(error, self.text, self.file, self.quoted).problems
        if self.problems:
            raise ProblemsFound(self.problems)
        return value

    def _document(self, parser: Any) -> Any:
        self.marks, self.problems, self.anchors, self.quoted, self.lost = {}, [], set(), None, False
        self._next = parser.get_event
        self._next()
        start = self._next()
        if isinstance(start, ev.StreamEndEvent):
            raise problem(self.file, '', 'the file contains no YAML document', 'write one, or remove the file')
        value = self._value(self._next(), (), 0)
        self._next()
        if not isinstance(self._next(), ev.StreamEndEvent):
            self._refuse(('', 'more than one YAML document', 'keep one document per file'))
        return value

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        if self.with_marks:
            self.marks[path] = Mark(event.start_mark.line + 1, getattr(event, 'value', ''))
        kind = type(event)
        if kind is ev.ScalarEvent:
            return self._scalar(event, path)
        if depth > MAX_DEPTH:
            raise self._too_deep()
        if kind is ev.AliasEvent:
            if event.anchor not in self.anchors:  # else reported: a YAML bomb would give thousands of problems
                self._refuse(alias_refusal(event, path))
            return ''
        if event.anchor or event.ctag:
            self._refuse_node(event, path)
        return self._mapping(path, depth) if kind is ev.MappingStartEvent else self._sequence(path, depth)

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while True:
            event = self._next()
            kind = type(event)
            if kind is ev.MappingEndEvent:
                return result if len(result) <= MAX_ENTRIES else self._too_many(result, path)
            if kind is not ev.ScalarEvent:
                self.lost |= begins_with_template(event, self.text)
                self._refuse(key_refusal(event, path, self.text))
                self._skip(event)
                self._skip(self._next())
                continue
            key = intern(event.value)
            here = (*path, key)
            if key in result:
                self._refuse(duplicate_refusal(event, here))
            elif event.anchor or event.ctag:
                self._refuse_node(event, here)
            elif not event.style and (key in SPECIAL or (key[0] in NUMERIC and DOUBTFUL_NUMBER.fullmatch(key))):
                self._refuse(word_refusal(key, path, event))
            result[key] = self._value(self._next(), here, depth + 1)

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        result: list[Any] = []
        while True:
            event = self._next()
            if type(event) is ev.SequenceEndEvent:
                return result if len(result) <= MAX_ENTRIES else self._too_many(result, path)
            result.append(self._value(event, (*path, len(result)), depth + 1))

    def _too_deep(self) -> ProblemsFound:
        return problem(self.file, '', f'nested deeper than {MAX_DEPTH} levels', 'flatten the document')

    def _too_many(self, found: T, path: Path) -> T:
        message = f'the value has {len(found)} entries, the limit is {MAX_ENTRIES}'
        self._refuse((json_path(path), message, 'write fewer entries'))
        return found

    def _scalar(self, event: Any, path: Path) -> Any:
        text: str = intern(event.value)  # files of a registry have most texts in common
        if event.anchor or event.ctag:
            self._refuse_node(event, path)
        if event.style:
            self.quoted = event
            return text
        if text in SPECIAL:
            return self._word(text, path)
        if text[0] in NUMERIC:
            if NUMBER.fullmatch(text) and text != '-0':
                return _number(text)
            if DOUBTFUL_NUMBER.fullmatch(text):
                self._refuse(doubt_refusal(text, path))
        return text

    def _word(self, text: str, path: Path) -> Any:
        if text in WORDS:
            return WORDS[text]
        if text not in NOTHING:
            self._refuse(doubt_refusal(text, path))
        elif self.nulls is not None and path and not any(isinstance(step, int) for step in path):
            self.nulls.append(path)
            return None
        else:
            self._refuse(missing_refusal(path))
        return ''

    def _skip(self, event: Any) -> None:
        """Skip a value that cannot be checked."""
        depth = 0
        while True:
            if type(event) in (ev.MappingStartEvent, ev.SequenceStartEvent):
                depth += 1
            elif type(event) in (ev.MappingEndEvent, ev.SequenceEndEvent):
                depth -= 1
            if depth == 0:
                return
            if depth > MAX_DEPTH:
                raise self._too_deep()
            event = self._next()

    def _refuse_node(self, event: Any, path: Path) -> None:
        self.anchors |= {event.anchor} if event.anchor else set()
        self._refuse(node_refusal(event, path))

    def _refuse(self, refusal: Refusal) -> None:
        self.problems.append(Problem(self.file, *refusal))
        if len(self.problems) == MAX_PROBLEMS:
            raise ProblemsFound([*self.problems, Problem(self.file, '', MORE_PROBLEMS, 'fix these first')])


def _number(text: str) -> int | float:
    """Convert a number; 64.0 becomes 64, because JSON Schema accepts it as an integer and helm prints it as 64."""
    if '.' not in text:
        return int(text)
    number = float(text)
    return int(number) if number.is_integer() else number
