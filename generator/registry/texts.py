"""A registry document → problems: texts that Helm 3 fails to read, with errors that do not name the place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from generator.domain.places import Path, json_path
from generator.domain.problems import Problem

_NOT_FOR_HELM = re.compile('[\x7f-\x9f]')


def text_problems(document: Any, file: str, path: Path = ()) -> Iterator[Problem]:
    """Find control characters; they can only come from escapes, because the reader refuses literal ones."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == '<<' or _NOT_FOR_HELM.search(key):
                yield Problem(
                    file, json_path(path), f'Helm 3 does not support the key {json.dumps(key)}', 'choose another key'
                )
            yield from text_problems(value, file, (*path, key))
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from text_problems(item, file, (*path, index))
    elif isinstance(document, str) and (found := _NOT_FOR_HELM.search(document)):
        message = f'Helm 3 does not support the character U+{ord(found[0]):04X}'
        yield Problem(file, json_path(path), message, 'remove the character')
