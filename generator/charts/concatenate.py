"""The starter's templates, one object kind a file → the three template files that a chart holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.domain.layout import TEMPLATES

# Comments, and blank lines between helpers, stay in the starter: a chart version must be small enough to be shown in a
# review. Blank lines within a helper may be part of what it makes.
_DOC = re.compile(r'^ *(?:\{\{-? ?/\*.*?\*/ ?-?\}\}|# [^\n]*)\n', re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r'\n+(?=\n\{\{- define )')
# What ends together stands on one line: the line break between is trimmed away in any case.
_ENDS = re.compile(r'(?<=\{\{- end \}\})\n(?=\{\{- end \}\})')
# Where an object begins, with the separator above it, if there is one. The target of an autoscaler has no metadata.
_OBJECT = re.compile(
    r'^(---\n)?(?P<head>apiVersion: .*\nkind: .*\n(?:metadata:|\{\{- include "[^"]*\.metadata"))',
    re.MULTILINE,
)
_HELPERS = re.compile(rf'{TEMPLATES}(?:.*/)?_[^/]*\.tpl')
_NOTES = f'{TEMPLATES}NOTES.txt'


def concatenate(templates: Mapping[str, str], name: str) -> dict[str, str]:
    """The templates of a starter of this name, by path below its folder, as `_<name>.tpl`, objects.yaml and NOTES.txt.

    Every object gets a line that names its source file. It stands behind the separator and inside the object's
    condition, so that a condition that is false leaves neither a separator nor a comment: no document is empty.
    """
    helpers = sorted(path for path in templates if _HELPERS.fullmatch(path))
    objects = sorted(templates.keys() - {*helpers, _NOTES})
    joined = {
        f'{TEMPLATES}_{name}.tpl': ''.join(_named(templates[path], path, '') for path in helpers),
        f'{TEMPLATES}objects.yaml': ''.join(_named(templates[path], path, '---\n') for path in objects),
    }
    return {**joined, _NOTES: templates[_NOTES]}


def _named(text: str, path: str, separator: str) -> str:
    """A file's text without comments and with its name above each object. What includes a helper separates it."""
    bare = _ENDS.sub('', _BLANK.sub('', _DOC.sub('', text))).strip('\n') + '\n'
    return _OBJECT.sub(rf'{separator}# source: {path}\n\g<head>', bare)
