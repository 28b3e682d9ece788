"""Rendered YAML → objects, read as helm and kubectl read it; files that people write are read by `read_yaml`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError

from generator.domain.problems import problem

# How helm and kubectl read plain scalars: YAML 1.1 without dates and base 60 (checked with helm 3.17 and 4.3).
_WORDS: dict[str, Any] = dict.fromkeys(('', '~', 'null', 'Null', 'NULL'))
_WORDS |= {form: True for word in ('y', 'yes', 'on', 'true') for form in (word, word.capitalize(), word.upper())}
_WORDS |= {form: False for word in ('n', 'no', 'off', 'false') for form in (word, word.capitalize(), word.upper())}
_INTEGER = re.compile(r'([-+]?)(?:0[bB]([01]+)|0[oO]?([0-7]+)|0[xX]([0-9a-fA-F]+)|(0|[1-9][0-9]*))')
_FLOAT = re.compile(r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?')


def parse_documents(text: str, file: str = '') -> list[dict[str, Any]]:
    """Read rendered YAML as helm and kubectl do: their own variant of YAML 1.1.

    Raises ProblemsFound if a document is not an object, or has a duplicate key, which readers treat differently.
    """
    try:
        try:
            documents = list(_Reader(CParser(text)).documents())
        except YAMLError:  # slow, but like helm it accepts the colon in `{a: http://b}`; clib's libyaml does not
            documents = list(_Reader(YAML(typ='safe', pure=True).get_constructor_parser(text)[1]).documents())
    except (YAMLError, ValueError) as error:
        raise problem(file, '', f'invalid YAML: {getattr(error, "problem", None) or error}') from error
    if any(not isinstance(document, dict) for document in documents):
        raise problem(file, '', 'a document is not an object', "start each document with 'apiVersion:' and 'kind:'")
    return documents


class _Reader:
    def __init__(self, parser: Any) -> None:
        self.next = parser.get_event
        self.anchors: dict[str, Any] = {}

    def documents(self) -> Iterator[Any]:
        while not isinstance(event := self.next(), ev.StreamEndEvent):
            if isinstance(event, ev.DocumentStartEvent) and (document := self.node(self.next())) is not None:
                yield document

    def node(self, event: Any) -> Any:
        if isinstance(event, ev.AliasEvent):
            if event.anchor not in self.anchors:
                raise ValueError(f"anchor '{event.anchor}' not found")
            return self.anchors[event.anchor]
        if isinstance(event, ev.ScalarEvent):
            quoted = not event.implicit[0] and (event.tag or '!') in ('!', 'tag:yaml.org,2002:str')
            found = event.value if quoted else _plain(event.value)
        elif isinstance(event, ev.SequenceStartEvent):
            found = list(self.nodes(ev.SequenceEndEvent))
        else:
            found = self.mapping()
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def nodes(self, end: type[Any]) -> Iterator[Any]:
        while not isinstance(event := self.next(), end):
            yield self.node(event)

    def mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        nodes = self.nodes(ev.MappingEndEvent)
        for key, value in zip(nodes, nodes, strict=True):
            name = key if isinstance(key, str) else json.dumps(key)  # Kubernetes reads a key `on` as the string "true"
            if name in found:
                raise ValueError(f"duplicate key '{name}'")
            found[name] = value
        if isinstance(found.get('<<'), dict):
            found = found.pop('<<') | found
        return found


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in '0123456789+-.':
        return text
    plain = text if text[0] == '.' else text.replace('_', '')
    if found := _INTEGER.fullmatch(plain):
        sign, *digits = found.groups()
        return next(int(sign + part, base) for part, base in zip(digits, (2, 8, 16, 10), strict=True) if part)
    number = float(plain) if _FLOAT.fullmatch(plain) else math.inf
    return number if math.isfinite(number) else text
