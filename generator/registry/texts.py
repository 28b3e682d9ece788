"""A registry document → problems: texts that Helm 3 fails to read, and characters that reviewers do not see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from generator.documents.characters import named, strange_in_value
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem

_NOT_FOR_HELM = re.compile('[\x7f-\x9f]')
_REMOVE = 'remove the character'


def text_problems(document: Any, file: str, path: Path = ()) -> Iterator[Problem]:
    """Find control characters; they can only come from escapes, because the reader refuses literal ones."""
    if isinstance(document, dict):
        for key, value in document.items():
            if found := strange_in_value(key):
                yield Problem(file, json_path(path), f'a key contains {named(found)}', _REMOVE)
            elif key == '<<' or _NOT_FOR_HELM.search(key):
                yield Problem(
                    file, json_path(path), f'Helm 3 does not support the key {json.dumps(key)}', 'choose another key'
                )
            yield from text_problems(value, file, (*path, key))
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from text_problems(item, file, (*path, index))
    elif isinstance(document, str):
        if found := strange_in_value(document):
            yield Problem(
                file, json_path(path), f'the value contains {named(found)}, which reviewers do not see', _REMOVE
            )
        elif unread := _NOT_FOR_HELM.search(document):
            yield Problem(file, json_path(path), f'Helm 3 does not support the character {named(unread[0])}', _REMOVE)
