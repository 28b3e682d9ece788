"""Objects → problems, by strict schemas of Kubernetes and CRDs from folders or URLs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema_rs import Draft7Validator, ReferencingError, ValidationError

from generator.domain.places import json_path
from generator.domain.problems import Problem, problem
from generator.tools.process import mask

# Default and layout of kubeconform, so that its users' locations work here (github.com/yannh/kubeconform).
_DEFAULT = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master'
_LAYOUT = '{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json'
_FIELDS = ('NormalizedKubernetesVersion', 'StrictSuffix', 'ResourceKind', 'ResourceAPIVersion', 'Group', 'KindSuffix')
_FIELD = re.compile(r'{{-?\s*\.?(.*?)\s*-?}}')
_URL = ('http://', 'https://')
_LONGEST = 160
_KIND = re.compile(r'(?:[a-z0-9][a-z0-9.-]*/)?[a-z][a-z0-9]* [A-Za-z][A-Za-z0-9]*')


class ObjectSchemas:
    """Schemas by kind, searched in each location in order; each is fetched and compiled once.

    A location is a folder or URL in kubeconform's layout, a template ending in `json`, or `default`. Schemas from a URL
    are kept in the cache folder, if there is one, without expiry.
    """

    def __init__(self, locations: Sequence[str], cache: Path | None = None) -> None:
        self.templates = tuple(map(_template, locations))
        self.cache = cache
        self.unknown: set[str] = set()  # kinds without a schema: reported once per run
        self._found: dict[str, Draft7Validator | None] = {}

    def places(self, api_version: str, kind: str, kubernetes_version: str) -> list[str]:
        """Return the paths or URLs of the strict schema of a kind, in the order of the locations."""
        group, _, version = api_version.rpartition('/')
        release = re.match(r'v?(\d+\.\d+)(\.\d+)?', kubernetes_version)
        values = {
            'NormalizedKubernetesVersion': f'v{release[1]}{release[2] or ".0"}' if release else kubernetes_version,
            'StrictSuffix': '-strict',
            'ResourceKind': kind.lower(),
            'ResourceAPIVersion': version,
            'Group': group or version,
            'KindSuffix': f'-{group.split(".")[0]}-{version}' if group else f'-{version}',
        }
        return [_FIELD.sub(lambda field: values[field[1]], template) for template in self.templates]

    def find(self, api_version: str, kind: str, kubernetes_version: str) -> Draft7Validator | None:
        """Return the schema of a kind, or None; raises CommandFailed if a server does not respond."""
        for place in self.places(api_version, kind, kubernetes_version):
            if place not in self._found:
                self._found[place] = self._compiled(place)
            if validator := self._found[place]:
                return validator
        return None

    def _compiled(self, place: str) -> Draft7Validator | None:
        uri = place if place.startswith(_URL) else Path(place).absolute().as_uri()
        try:
            if (schema := self._read(place)) is None:
                return None
            # Formats are not checked: Kubernetes defines 'duration' differently than JSON Schema.
            return Draft7Validator(schema, validate_formats=False, base_uri=uri, retriever=self._referred)
        except (ValueError, ReferencingError) as error:
            if kept := self._kept(place):
                with suppress(OSError):
                    kept.unlink()
            said = mask(_short(str(error).partition('\n')[0]))
            raise problem(
                mask(place), '', f'invalid JSON schema: {said}', 'correct it, or use another --schema-location'
            ) from error

    def _referred(self, uri: str) -> Any:
        schema = self._read(uri if uri.startswith(_URL) else unquote(urlsplit(uri).path))
        if schema is None:
            raise LookupError(f"'{mask(uri)}' not found")
        return schema

    def _read(self, place: str) -> Any | None:
        """Return a schema, or None if not found; raises ValueError for other content, which is not cached."""
        if not place.startswith(_URL):
            return _schema(Path(place).read_bytes()) if Path(place).is_file() else None
        kept = self._kept(place)
        if kept:
            with suppress(OSError, ValueError):
                return _schema(kept.read_bytes())
        from generator.tools.http import fetch  # its import takes longer than reading schemas from a folder

        if (text := fetch(place)) is None:
            return None
        schema = _schema(text)
        if kept:
            _keep(kept, text)
        return schema

    def _kept(self, place: str) -> Path | None:
        """The cache file of a URL."""
        if self.cache is None or not place.startswith(_URL):
            return None
        return self.cache / f'{sha256(place.encode()).hexdigest()}.json'


def _keep(file: Path, text: bytes) -> None:
    with suppress(OSError):  # without a cache file it is fetched again
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f'.{os.getpid()}')
        half.write_bytes(text)
        half.replace(file)


def check_objects(
    objects: Iterable[tuple[str, Mapping[str, Any]]], schemas: ObjectSchemas, kubernetes_version: str
) -> list[Problem]:
    """Check objects, each with the file that its problems name; a kind without a schema is reported once."""
    found: list[Problem] = []
    for file, obj in objects:
        asked = str(obj.get('apiVersion') or ''), str(obj.get('kind') or ''), kubernetes_version
        what = ' '.join(asked[:2])
        if not _KIND.fullmatch(what):
            hint = 'add a valid apiVersion and kind'
            found.append(Problem(file, '', f"invalid apiVersion and kind '{_short(what)}'", hint))
        elif validator := schemas.find(*asked):
            if not validator.is_valid(obj):
                found += [_problem(file, obj, error) for error in validator.iter_errors(obj)]
        elif what not in schemas.unknown:
            schemas.unknown.add(what)
            hint = f'searched {", ".join(map(mask, schemas.places(*asked)))}; add a --schema-location that has it'
            found.append(Problem(file, '', f"schema for '{what}' not found", hint))
    return sorted(set(found))


def _problem(file: str, obj: Mapping[str, Any], error: ValidationError) -> Problem:
    kind, name = obj['kind'], (obj.get('metadata') or {}).get('name', '')
    unexpected = getattr(error.kind, 'unexpected', None)
    text = f'unknown field {", ".join(map(repr, unexpected))}' if unexpected else _short(error.message)
    fields = [step for step in error.instance_path if isinstance(step, str)]
    hint = f"see 'kubectl explain {'.'.join([kind.lower(), *fields])}'"
    return Problem(file, json_path(tuple(error.instance_path)), f"{kind} '{name}': {text}", hint)


def _short(text: str) -> str:
    # The value comes first and may be long, the error comes last.
    return text if len(text) <= _LONGEST else f'…{text[-_LONGEST:]}'


def _schema(text: bytes) -> dict[str, Any]:
    """Parse a schema; anything but an object is refused, because a login page or `true` would accept every object."""
    found = json.loads(text, object_hook=_adapted)
    if not isinstance(found, dict):
        raise ValueError('not a JSON object')
    return found


def _adapted(schema: dict[str, Any]) -> dict[str, Any]:
    # References are relative to the schema's place, not to its $id. Go's patterns that JSON Schema does not support are
    # removed, because they make the complete schema invalid (PrometheusRule: `^(?i)(abort)$`).
    goes = isinstance(schema.get('pattern'), str) and re.search(r'\(\?[a-zA-Z]|\\[AzQ]', schema['pattern'])
    return {key: value for key, value in schema.items() if key != '$id' and not (goes and key == 'pattern')}


def _template(location: str) -> str:
    location = _DEFAULT if location == 'default' else location
    template = location if location.endswith('json') else f'{location.rstrip("/")}/{_LAYOUT}'
    for field in _FIELD.findall(template):
        if field not in _FIELDS:
            message = f"unknown field '{field}' in '{mask(location)}'"
            raise problem('--schema-location', '', message, f'use {", ".join(_FIELDS)}')
    return template
