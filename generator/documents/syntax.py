"""An error of libyaml → a problem with the place and what to do."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from generator.documents.characters import is_space, named
from generator.domain.problems import ProblemsFound, problem

_CONFLICT = re.compile(r'^(?:<{7} .*|={7}|>{7} .*)\r?$', re.MULTILINE)
_UNPRINTABLE = re.compile('[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def character_problem(text: str, at: int, file: str, what: str = '') -> ProblemsFound:
    """Return the problem of the character at index `at`; `what` is the reason, if it can be seen."""
    found = text[at]
    what, hint = (what, 'remove it') if what else ('which reviewers do not see', 'remove it')
    if found == '\r':
        what, hint = 'which reviewers do not see as the end of a line', 'end each line with a line feed'
    elif is_space(found):
        what, hint = 'which is no space to YAML', f'write a space, or "\\u{ord(found):04X}" in double quotes'
    place = f'line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}'
    return problem(file, '', f'{place}: {named(found)}, {what}', hint)


# Messages of libyaml, and what to do about them.
_ALIKE = 'indent keys of a map and entries of a list equally'
_SYNTAX_HINTS = {
    'mapping values are not allowed in this context': f'quote text that contains a colon and a space; {_ALIKE}',
    'did not find expected key': f'{_ALIKE}; quote text that starts with a quote, [ or {{',
    "did not find expected '-' indicator": _ALIKE,
    'did not find expected alphabetic or numeric character': 'quote text that starts with * or &',
    "did not find expected ',' or ']'": 'put commas between the entries, and close the list with ]',
    "did not find expected ',' or '}'": 'put commas between the entries, and close the map with }',
    "could not find expected ':'": 'write a colon and a space after the key, and close lists with ]',
    "found unexpected ':'": 'quote text that contains a colon within { } or [ ], and close these',
    'found unexpected end of stream': 'close the quote',
    'found unknown escape character': 'write \\\\ for a backslash, or use single quotes',
}


def syntax_problem(error: YAMLError, text: str, file: str, quoted: Any) -> ProblemsFound:
    """Explain why a text is not YAML; `quoted` is the last quoted scalar before the error."""
    if conflict := _CONFLICT.search(text):
        line = text.count('\n', 0, conflict.start()) + 1
        hint = 'resolve the conflict, and remove the lines that start with <<<<<<<, ======= and >>>>>>>'
        return problem(file, '', f'line {line}: conflict markers of a merge', hint)
    if not isinstance(error, MarkedYAMLError):  # libyaml reports no line here
        found = _UNPRINTABLE.search(text)
        return character_problem(text, found.start() if found else 0, file, 'a character that YAML does not allow')
    what = str(error.problem or error.context)
    # An open quote or bracket is reported where it opens, not at the end of the file.
    opened = what.startswith("did not find expected ','") or what == 'found unexpected end of stream'
    mark = (opened and error.context_mark) or error.problem_mark or error.context_mark
    lines = text.splitlines()
    rest = lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ''
    hint = _SYNTAX_HINTS.get(what, 'fix the syntax; an editor with the YAML language server shows the place')
    if what == 'found character that cannot start any token':
        hint = 'indent with spaces, not with tabs' if rest[:1] == '\t' else f'quote text that starts with {rest[:1]}'
    if quoted and mark and quoted.end_mark.line == mark.line > quoted.start_mark.line:
        hint = f'close the quote that was opened in line {quoted.start_mark.line + 1}'
    where = f'line {mark.line + 1}, column {mark.column + 1}: ' if mark else ''
    return problem(file, '', f'invalid YAML: {where}{what}', hint)
