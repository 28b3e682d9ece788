"""The settings and names of files that move or are copied → the settings whose owners guard them as before."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.documents.nulls import read_with_nulls
from generator.documents.respell import respelled, with_copies
from generator.domain.layout import (
    BOOTSTRAP,
    CHARTS,
    DELIVERY,
    ENVIRONMENTS,
    MODELS,
    RELEASES,
    ROLLOUTS,
    SETTINGS,
    VALUES,
)
from generator.domain.settings import Settings
from generator.domain.tree import Files, Read

_BY_ENVIRONMENT = (RELEASES, ROLLOUTS, VALUES, DELIVERY)
_AS_FILE = (ENVIRONMENTS, BOOTSTRAP)


def owners_of_environment(settings: Settings, old: str, new: str) -> dict[str, str]:
    """Return the patterns of owners that name an environment → those of another environment."""
    folder = rf'({"|".join(_BY_ENVIRONMENT)})/{re.escape(old)}(?=/|$)'
    file = rf'({"|".join(_AS_FILE)})/{re.escape(old)}(?=\.yaml$)'
    return _patterns(settings, re.compile(f'{folder}|{file}'), old, new)


def owners_of_model(settings: Settings, old: str, new: str) -> dict[str, str]:
    """Return the patterns of owners that name a model → those of another model."""
    release = rf'({"|".join(_BY_ENVIRONMENT)})/[^/]+/{re.escape(old)}(?=\.yaml$)'
    own = rf'({MODELS})/{re.escape(old)}(?=\.yaml$)|({CHARTS})/{re.escape(old)}(?=/|$)'
    return _patterns(settings, re.compile(f'{release}|{own}'), old, new)


def _patterns(settings: Settings, form: re.Pattern[str], old: str, new: str) -> dict[str, str]:
    def renamed(found: re.Match[str]) -> str:
        return found[0][: -len(old)] + new

    keys: Iterable[str] = settings.spec.get('owners', {})
    return {key: changed for key in keys if (changed := form.sub(renamed, key)) != key}


def moved_owners(settings: Settings, names: dict[str, str], old: str, new: str, read: Read) -> Files:
    """Write other patterns of owners into the settings."""
    if not names:
        return {}
    data = read(SETTINGS)
    document = read_with_nulls(data, SETTINGS)[0]
    owners = {names.get(key, key): value for key, value in document['spec']['owners'].items()}
    wanted = {**document, 'spec': {**document['spec'], 'owners': owners}}
    return {SETTINGS: respelled(data, SETTINGS, wanted, old, new)}


def copied_owners(settings: Settings, names: dict[str, str], read: Read) -> Files:
    """Write the owners again under other patterns, each directly below the first: the last one that matches counts."""
    missing = {old: new for old, new in names.items() if new not in settings.spec['owners']}
    return {SETTINGS: with_copies(read(SETTINGS), SETTINGS, ('spec', 'owners'), missing)} if missing else {}
