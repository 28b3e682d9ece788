"""Registry → problems: literals that look like credentials.

Neither readers of the repository nor readers of chartloom's output may see them.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.credentials import VARIABLES, credential, names_a_secret
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.secrets import token


def credential_problems(registry: Registry) -> Iterator[Problem]:
    """Report each text of the registry that looks like a credential, without showing it."""
    groups = (registry.models, registry.environments, registry.releases, registry.applications)
    places = [(registry.settings.file, registry.settings.spec)]
    places += [(item.file, item.spec) for group in groups for item in group.values()]
    for file, spec in places:
        # Test all texts together first: most files contain nothing suspicious.
        texts: list[str] = []
        names: list[str] = []
        _collect(spec, texts, names)
        if not _is_suspicious(texts, names):
            continue
        for path, value in _strings(spec, ('spec',)):
            if what := credential(path, value):
                yield Problem(file, json_path(path), f'this looks like {what}', _hint(path))


def _collect(value: object, texts: list[str], names: list[str]) -> None:
    """Collect all texts, and all names of variables and parameters."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in VARIABLES and isinstance(item, dict):
                names.extend(item)
            _collect(item, texts, names)
    elif isinstance(value, list):
        for item in value:
            _collect(item, texts, names)


def _is_suspicious(texts: list[str], names: list[str]) -> bool:
    text = '\n'.join(texts)
    if 'passw' in text.lower() or token(text):
        return True
    return any(map(names_a_secret, names))


def _hint(path: Path) -> str:
    if 'env' in path:
        return 'put it into a Secret and write {secret: <name>, key: <key>} instead of the value'
    if 'files' in path:
        return 'put it into a Secret and mount it as a volume of type secret'
    if path[:2] == ('spec', 'repository'):
        return "remove it: git has its own credentials, and 'secret' names the Secret for Flux"
    if 'artifact' in path:
        return 'write artifact.credentials: {secret: <name>}, and the URI without it'
    if not {'args', 'command', 'parameters'}.isdisjoint(path):
        return 'put it into a Secret, add a variable with this Secret to env, and write $(VARIABLE) here'
    return 'remove it and replace the credential: everyone who can read this repository knows it'


def _strings(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
