"""Keys that a release keeps when values are carried to it → problems: keys that no value can have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.domain.generated import ResolvedRelease
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.words import quoted, suggest

_KEY = re.compile(r"([A-Za-z_][\w-]*)(\.[A-Za-z_][\w-]*|\['[^']+'\])*")


def local_problems(release: ResolvedRelease) -> Iterator[Problem]:
    """A key that is misspelt would keep nothing."""
    for number, key in enumerate(release.release.spec.get('local', ())):
        found = _KEY.fullmatch(key)
        if not found or found[1] not in release.merged:
            place = json_path(('spec', 'local', number))
            hint = suggest(re.split(r'[.\[]', key)[0], release.merged)
            yield Problem(release.release.file, place, f'{quoted(key)} is no key of values', hint)
