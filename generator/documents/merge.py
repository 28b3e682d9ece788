"""Three texts of a registry file → one text with the changes and the comments of both sides.

The values decide (three_way.py); this module only chooses whose lines they are written with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generator.documents.parts import Part, Parts, parts_of
from generator.documents.read import decode_yaml, read_yaml_text
from generator.documents.three_way import ABSENT, Conflict, identity_of, merge_values, same
from generator.domain.problems import ProblemsFound

_BOM = b'\xef\xbb\xbf'
# Comments and blank lines, and the mark of a document.
_HEAD = re.compile(r'(?:[ \t]*(?:#.*|---[ \t]*)?\r?\n)*')
_COMMENT = re.compile(r'(?:^|\s)#', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MergedFile:
    """The merged file; None if its text cannot be merged although its values can, or if there are conflicts."""

    data: bytes | None
    conflicts: Sequence[Conflict] = ()


def merge_files(base: bytes | None, ours: bytes, theirs: bytes, file: str) -> MergedFile:
    """Merge two states of a file that come from `base` (None: both added it); raises ProblemsFound for invalid YAML."""
    if ours == theirs or base == ours:
        return MergedFile(theirs)
    if base == theirs:
        return MergedFile(ours)
    texts = [decode_yaml(data, file) if data is not None else None for data in (base, ours, theirs)]
    values = [ABSENT if text is None else read_yaml_text(text, file, []) for text in texts]
    merged = merge_values(*values)
    if merged.conflicts:
        return MergedFile(None, merged.conflicts)
    heads = [_HEAD.match(text or '') for text in texts]
    bodies = [(text or '')[head.end() :] if head else '' for text, head in zip(texts, heads, strict=True)]
    body = _written(_Three(*bodies), _Three(*values), merged.value)
    # A comment at the top is about the file, not about its first key.
    text = None if body is None else _lines(*(head[0] if head else '' for head in heads)) + body
    if text is None or not _reads_as(text, merged.value):
        return MergedFile(None)
    return MergedFile((_BOM if theirs.startswith(_BOM) else b'') + text.encode())


def _reads_as(text: str, value: Any) -> bool:
    try:
        return same(read_yaml_text(text, '', []), value)
    except ProblemsFound:
        return False


@dataclass(frozen=True, slots=True)
class _Three:
    """Something of the base and of both sides."""

    base: Any
    ours: Any
    theirs: Any

    def picked(self) -> Any:
        """What one side changed, or both changed alike; None if they differ."""
        if self.ours in (self.base, self.theirs):
            return self.theirs
        return self.ours if self.base == self.theirs else None


def _written(texts: _Three, values: _Three, merged: Any) -> str | None:
    """Write a collection from the lines of three; None if that cannot be done."""
    picked: str | None = texts.picked()
    if picked is not None and _reads_as(picked, merged):
        return picked
    found = _Three(*map(parts_of, (texts.base, texts.ours, texts.theirs)))
    ours, theirs = found.ours, found.theirs
    if ours is None or theirs is None or ours.kind != theirs.kind:
        return _plain(texts, merged)
    before = found.base if found.base and found.base.kind == theirs.kind else Parts(theirs.kind, {}, '')
    identity = '' if theirs.kind == 'map' else identity_of(values.ours, values.theirs)
    if theirs.kind == 'list' and not identity:
        return None
    wanted = {item[identity]: item for item in merged} if identity else merged
    mine = _Three(*(_by_key(side, identity) for side in (values.base, values.ours, values.theirs)))
    lines = []
    for key, value in wanted.items():
        parts = _Three(*(each.parts.get(key) for each in (before, ours, theirs)))
        three = _Three(*(side.get(key, ABSENT) for side in (mine.base, mine.ours, mine.theirs)))
        if (text := _part(parts, three, value)) is None:
            return None
        lines.append(text if text.endswith('\n') else f'{text}\n')
    return ''.join([*lines, _lines(before.tail, ours.tail, theirs.tail)])


def _by_key(value: Any, identity: str) -> dict[str, Any]:
    if identity:
        return {item[identity]: item for item in value} if isinstance(value, list) else {}
    return value if isinstance(value, dict) else {}


def _part(parts: _Three, values: _Three, merged: Any) -> str | None:
    """Write one entry."""
    base, ours, theirs = parts.base or Part(), parts.ours, parts.theirs
    if ours is None or theirs is None:
        return str((ours or theirs).whole)
    picked = _Three(base.whole, ours.whole, theirs.whole).picked()
    if picked is not None and same(merged, values.ours if picked == ours.whole else values.theirs):
        return str(picked)
    lead = _lines(base.lead, ours.lead, theirs.lead)
    if ours.inner and theirs.inner and isinstance(merged, dict | list):
        head = _Three(base.head, ours.head, theirs.head).picked() or theirs.head
        inner = _written(_Three(base.body, ours.body, theirs.body), values, merged)
        return None if inner is None else theirs.joined(lead, head, inner)
    if same(merged, values.theirs) and not (same(merged, values.ours) and base.text == theirs.text):
        winner, loser = theirs, ours
    elif same(merged, values.ours):
        winner, loser = ours, theirs
    else:
        return None if _COMMENT.search(ours.text + theirs.text) else f'{lead}{theirs.start}{json.dumps(merged)}'
    if loser.note and loser.note not in (base.note, winner.note):
        lead += f'{theirs.indent}{loser.note}\n'
    return lead + str(winner.text)


def _plain(texts: _Three, merged: Any) -> str | None:
    """Write a collection in braces anew; None if that loses a comment."""
    if any(_COMMENT.search(text) for text in (texts.ours, texts.theirs)):
        return None
    return json.dumps(merged, ensure_ascii=False, indent=1) + '\n'


def _lines(base: str, ours: str, theirs: str) -> str:
    """Merge lines of comments: those of theirs, without what ours removed, and with what ours added."""
    picked: str | None = _Three(base, ours, theirs).picked()
    if picked is not None:
        return picked
    before, mine, others = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    kept = [line for line in others if line in mine or line not in before or not line.strip()]
    return ''.join([*kept, *(line for line in mine if line not in before and line not in others and line.strip())])
