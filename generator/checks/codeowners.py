"""The text around our block in CODEOWNERS → problems and warnings: what lets forges read the block in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from generator.domain.problems import Problem
from generator.domain.words import quoted

FILE = 'CODEOWNERS'
_MOST = 3_000_000  # bytes: GitHub loads no larger file
# A section of GitLab; with ^ its owners are not asked.
_SECTION = re.compile(r'\s*(\^?)\[[^\]]*\]')
_BELOW = 'move it below the block of chartloom'


def owner_problems(size: int, before: str) -> Iterator[Problem]:
    """Report a CODEOWNERS without effect; `size` is the number of its bytes, `before` the text above our block."""
    if size > _MOST:
        message = f'the file has {size} bytes: GitHub does not read more than {_MOST}, and asks no owners'
        yield Problem(FILE, '', message, 'write fewer lines around the block')
    if (line := _last_section(before)) and line.lstrip().startswith('^'):
        yield Problem(FILE, '', f'GitLab does not ask the owners below the optional section {quoted(line)}', _BELOW)


def owner_warnings(before: str, after: str, owners: Mapping[str, object]) -> Iterator[Problem]:
    """Warn of a section that our block gets into, and of a line after it that counts more."""
    if (line := _last_section(before)) and not line.lstrip().startswith('^'):
        message = f'for GitLab, the block of chartloom is a part of the section {quoted(line)}'
        yield Problem(FILE, '', message, _BELOW)
    found = [pattern for pattern in _patterns(after) if any(_may_overlap(pattern, path) for path in owners)]
    if found:
        more = f' (and {len(found) - 1} more)' if len(found) > 1 else ''
        message = f'{quoted(found[0])}{more} may win over the owners of the settings: the last line that matches counts'
        yield Problem(FILE, '', message, 'move it above the block of chartloom')


def _last_section(text: str) -> str:
    """The last line that begins a section, '' for none."""
    return next((line.strip() for line in reversed(text.splitlines()) if _SECTION.match(line)), '')


def _patterns(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if (words := line.split()) and not words[0].startswith('#') and not _SECTION.match(line):
            yield words[0]


def _may_overlap(pattern: str, path: str) -> bool:
    """Whether both may match one file: by what comes before their first wildcards."""
    if '/' not in pattern.rstrip('/'):  # in any folder
        return True
    one, other = (re.split(r'[*?\[\\]', each.strip('/'))[0] for each in (pattern, path))
    return one.startswith(other) or other.startswith(one)
