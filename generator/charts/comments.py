"""The starter's values.yaml → the comments of a chart's values.yaml: head, sections and comments of keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from generator.documents.write import Comment, Comments

_SECTION = re.compile(r'# --- .+ ---')
_KEY = re.compile(r'( *)([A-Za-z0-9]+):(?: |$)')
_EXAMPLE = '# Example: '


@dataclass(frozen=True, slots=True)
class Commented:
    """`head` is the comment at the top; `sections` are the heading lines, by the first top-level key below them."""

    head: str
    sections: Mapping[str, str]
    comments: Comments


@lru_cache(maxsize=2)
def commented(values_yaml: bytes) -> Commented:
    """Read the comments of a YAML file in block style with two spaces per level."""
    head, _, body = values_yaml.decode().partition('\n\n')
    sections: dict[str, str] = {}
    levels: list[dict[str, Comment]] = [{}]
    texts: list[str] = []
    section = ''
    for line in body.splitlines():
        stripped = line.strip()
        if _SECTION.fullmatch(line):
            section = line
        elif stripped.startswith('# '):
            texts.append(stripped)
        elif (found := _KEY.match(line)) and (level := len(found[1]) // 2) < len(levels):  # deeper: in lists only
            if section:
                sections[found[2]], section = section, ''
            inner: dict[str, Comment] = {}
            levels[level + 1 :] = []
            levels[level][found[2]] = _comment(texts, inner)
            levels.append(inner)
            texts = []
    return Commented(head, sections, levels[0])


def _comment(lines: list[str], inner: Comments) -> Comment:
    text = '\n'.join(line[2:] for line in lines if not line.startswith(_EXAMPLE))
    return Comment(text, inner, ''.join(line[2:] for line in lines if line.startswith(_EXAMPLE)))
