"""The starter's templates, one file per object kind → the three template files of a chart."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.domain.layout import TEMPLATES

# Comments, and blank lines between helpers, are left out: a chart version must be small enough for a review. Blank
# lines within a helper may be part of its output.
_DOC = re.compile(r'^ *(?:\{\{-? ?/\*.*?\*/ ?-?\}\}|# [^\n]*)\n', re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r'\n+(?=\n\{\{- define )')
# An end, an else, and what starts behind an end, get no line of their own behind another action: `{{-` trims the line
# break before it anyway.
_JOINED = re.compile(r'(?<=\}\})\n *(?=\{\{- (?:end|else)\b)|(?<=\{\{- end \}\})\n *(?=\{\{- (?:if|with|range)\b)')
# Start of an object, with the separator above it, if any. An autoscaler also has a target, which has no metadata.
_OBJECT = re.compile(
    r'^(---\n)?(?P<head>apiVersion: .*\nkind: .*\n(?:metadata:|\{\{- include "[^"]*\.metadata"))',
    re.MULTILINE,
)
_HELPERS = re.compile(rf'{TEMPLATES}(?:.*/)?_[^/]*\.tpl')
_NOTES = f'{TEMPLATES}NOTES.txt'
# The first line of each file: what the values of a release remove is taken out before anything reads them.
_FIRST = '{{{{- include "{}.removed" . }}}}\n'


def concatenate(templates: Mapping[str, str], name: str) -> dict[str, str]:
    """Join the templates of the starter `name`, by path below its folder, to `_<name>.tpl`, objects.yaml and NOTES.txt.

    Every object gets a line that names its source file. The line is after the separator and inside the object's
    condition, so that a false condition leaves neither a separator nor a comment: no document is empty.
    """
    helpers = sorted(path for path in templates if _HELPERS.fullmatch(path))
    objects = sorted(templates.keys() - {*helpers, _NOTES})
    first = _FIRST.format(name)
    texts = (_named(templates[path].removeprefix(first), path, '---\n') for path in objects)
    joined = {
        f'{TEMPLATES}_{name}.tpl': ''.join(_named(templates[path], path, '') for path in helpers),
        f'{TEMPLATES}objects.yaml': first + ''.join(texts),
    }
    return {**joined, _NOTES: templates[_NOTES]}


def _named(text: str, path: str, separator: str) -> str:
    """A file's text without comments, with its name above each object. Helpers get no separator of their own."""
    bare = _JOINED.sub('', _BLANK.sub('', _DOC.sub('', text))).strip('\n') + '\n'
    return _OBJECT.sub(rf'{separator}# source: {path}\n\g<head>', bare)
