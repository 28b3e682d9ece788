"""Objects → problems where a strict Kubernetes or CRD schema refuses them, wherever that schema lies."""

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
from generator.tools.process import fetch, mask

# kubeconform's own default and layout, so that its users' locations work here (github.com/yannh/kubeconform).
_DEFAULT = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master'
_LAYOUT = '{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json'
_FIELDS = ('NormalizedKubernetesVersion', 'StrictSuffix', 'ResourceKind', 'ResourceAPIVersion', 'Group', 'KindSuffix')
_FIELD = re.compile(r'{{-?\s*\.?(.*?)\s*-?}}')
_URL = ('http://', 'https://')
_LONGEST = 160
_KIND = re.compile(r'(?:[a-z0-9][a-z0-9.-]*/)?[a-z][a-z0-9]* [A-Za-z][A-Za-z0-9]*')


class ObjectSchemas:
    """Schemas by kind, looked for in each location in turn; every one is fetched and compiled once.

    A location is a folder or URL in kubeconform's layout, a template of one ending in `json`, or `default`. What comes
    from a URL stays in the cache folder, if there is one, for good.
    """

    def __init__(self, locations: Sequence[str], cache: Path | None = None) -> None:
        self.templates = tuple(map(_template, locations))
        self.cache = cache
        self.unknown: set[str] = set()  # kinds that were asked for and not found: told once a run
        self._found: dict[str, Draft7Validator | None] = {}

    def places(self, api_version: str, kind: str, kubernetes_version: str) -> list[str]:
        """Where the strict schema of a kind would be, in the order of the locations."""
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
        """The schema of a kind, or None; CommandFailed when a server gives no answer."""
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
            # Without formats: Kubernetes means another 'duration' than JSON Schema, and checks others by itself.
            return Draft7Validator(schema, validate_formats=False, base_uri=uri, retriever=self._referred)
        except (ValueError, ReferencingError) as error:
            if kept := self._kept(place):
                with suppress(OSError):
                    kept.unlink()
            said = mask(_short(str(error).partition('\n')[0]))
            raise problem(
                mask(place), '', f'not a JSON schema: {said}', 'mend it, or take it from elsewhere'
            ) from error

    def _referred(self, uri: str) -> Any:
        schema = self._read(uri if uri.startswith(_URL) else unquote(urlsplit(uri).path))
        if schema is None:
            raise LookupError(f"'{mask(uri)}' is not there")
        return schema

    def _read(self, place: str) -> Any | None:
        """A schema, or None where there is none; ValueError where something else is: that is not kept, either."""
        if not place.startswith(_URL):
            return _schema(Path(place).read_bytes()) if Path(place).is_file() else None
        kept = self._kept(place)
        if kept:
            with suppress(OSError, ValueError):
                return _schema(kept.read_bytes())
        if (text := fetch(place)) is None:
            return None
        schema = _schema(text)
        if kept:
            _keep(kept, text)
        return schema

    def _kept(self, place: str) -> Path | None:
        """Where what comes from a URL is kept."""
        if self.cache is None or not place.startswith(_URL):
            return None
        return self.cache / f'{sha256(place.encode()).hexdigest()}.json'


def _keep(file: Path, text: bytes) -> None:
    with suppress(OSError):  # what cannot be kept is fetched again
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f'.{os.getpid()}')
        half.write_bytes(text)
        half.replace(file)


def check_objects(
    objects: Iterable[tuple[str, Mapping[str, Any]]], schemas: ObjectSchemas, kubernetes_version: str
) -> list[Problem]:
    """Check objects, each with the file that a problem of it names; a kind that has no schema is reported once."""
    found: list[Problem] = []
    for file, obj in objects:
        asked = str(obj.get('apiVersion') or ''), str(obj.get('kind') or ''), kubernetes_version
        what = ' '.join(asked[:2])
        if not _KIND.fullmatch(what):
            hint = 'an object has an apiVersion and a kind'
            found.append(Problem(file, '', f"'{_short(what)}' is no kind of object", hint))
        elif validator := schemas.find(*asked):
            if not validator.is_valid(obj):
                found += [_problem(file, obj, error) for error in validator.iter_errors(obj)]
        elif what not in schemas.unknown:
            schemas.unknown.add(what)
            hint = f'looked for {", ".join(map(mask, schemas.places(*asked)))}; add a --schema-location that has it'
            found.append(Problem(file, '', f"there is no schema for '{what}'", hint))
    return sorted(set(found))


def _problem(file: str, obj: Mapping[str, Any], error: ValidationError) -> Problem:
    kind, name = obj['kind'], (obj.get('metadata') or {}).get('name', '')
    unexpected = getattr(error.kind, 'unexpected', None)
    text = f'there is no field {", ".join(map(repr, unexpected))}' if unexpected else _short(error.message)
    fields = [step for step in error.instance_path if isinstance(step, str)]
    hint = f"see 'kubectl explain {'.'.join([kind.lower(), *fields])}'"
    return Problem(file, json_path(tuple(error.instance_path)), f"{kind} '{name}': {text}", hint)


def _short(text: str) -> str:
    # The value comes first and may be long, what is wrong with it comes last.
    return text if len(text) <= _LONGEST else f'…{text[-_LONGEST:]}'


def _schema(text: bytes) -> dict[str, Any]:
    """A page that asks people to log in, or `true`, would accept whatever there is."""
    found = json.loads(text, object_hook=_adapted)
    if not isinstance(found, dict):
        raise ValueError('it is no JSON object')
    return found


def _adapted(schema: dict[str, Any]) -> dict[str, Any]:
    # References are meant from the place where the schema is, and Go's patterns know more than JSON Schema's, which
    # would refuse the whole schema (PrometheusRule: `^(?i)(abort)$`).
    goes = isinstance(schema.get('pattern'), str) and re.search(r'\(\?[a-zA-Z]|\\[AzQ]', schema['pattern'])
    return {key: value for key, value in schema.items() if key != '$id' and not (goes and key == 'pattern')}


def _template(location: str) -> str:
    location = _DEFAULT if location == 'default' else location
    template = location if location.endswith('json') else f'{location.rstrip("/")}/{_LAYOUT}'
    for field in _FIELD.findall(template):
        if field not in _FIELDS:
            message = f"'{mask(location)}' has a field '{field}' that is not known"
            raise problem('--schema-location', '', message, f'use {", ".join(_FIELDS)}')
    return template
