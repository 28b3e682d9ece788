"""Turn rendered YAML into objects, and objects into problems where a strict Kubernetes or CRD schema refuses them."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema_rs import Draft7Validator, ReferencingError, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError

from generator.errors import Problem, problem
from generator.paths import show
from generator.process import fetch, mask

# kubeconform's own default and layout, so that its users' locations work here (github.com/yannh/kubeconform).
_DEFAULT = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master'
_LAYOUT = '{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json'
_FIELDS = ('NormalizedKubernetesVersion', 'StrictSuffix', 'ResourceKind', 'ResourceAPIVersion', 'Group', 'KindSuffix')
_FIELD = re.compile(r'{{-?\s*\.?(.*?)\s*-?}}')
_URL = ('http://', 'https://')
_LONGEST = 160
_KIND = re.compile(r'(?:[a-z0-9][a-z0-9.-]*/)?[a-z][a-z0-9]* [A-Za-z][A-Za-z0-9]*')

# What helm and kubectl take a plain scalar for: YAML 1.1 without its dates and base 60 (asked of helm 3.17 and 4.3).
_WORDS: dict[str, Any] = dict.fromkeys(('', '~', 'null', 'Null', 'NULL'))
_WORDS |= {form: True for word in ('y', 'yes', 'on', 'true') for form in (word, word.capitalize(), word.upper())}
_WORDS |= {form: False for word in ('n', 'no', 'off', 'false') for form in (word, word.capitalize(), word.upper())}
_INTEGER = re.compile(r'([-+]?)(?:0[bB]([01]+)|0[oO]?([0-7]+)|0[xX]([0-9a-fA-F]+)|(0|[1-9][0-9]*))')
_FLOAT = re.compile(r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?')


class Schemas:
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


def check(objects: Iterable[tuple[str, Mapping[str, Any]]], schemas: Schemas, kubernetes_version: str) -> list[Problem]:
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


def parse_documents(text: str, file: str = '') -> list[dict[str, Any]]:
    """Read rendered YAML as helm and kubectl do, which is YAML 1.1 in their own way.

    ProblemsFound where a document is no object, or a key stands twice, which readers take differently.
    """
    try:
        try:
            documents = list(_Reader(CParser(text)).documents())
        except YAMLError:  # slow, but it knows the colon in `{a: http://b}`, as helm does; clib's libyaml does not yet
            documents = list(_Reader(YAML(typ='safe', pure=True).get_constructor_parser(text)[1]).documents())
    except (YAMLError, ValueError) as error:
        raise problem(file, '', f'not YAML: {getattr(error, "problem", None) or error}') from error
    if any(not isinstance(document, dict) for document in documents):
        raise problem(file, '', 'a document is not an object', "every document starts with 'apiVersion:' and 'kind:'")
    return documents


class _Reader:
    def __init__(self, parser: Any) -> None:
        self.next = parser.get_event
        self.anchors: dict[str, Any] = {}

    def documents(self) -> Iterator[Any]:
        while not isinstance(event := self.next(), ev.StreamEndEvent):
            if isinstance(event, ev.DocumentStartEvent) and (document := self.node(self.next())) is not None:
                yield document

    def node(self, event: Any) -> Any:
        if isinstance(event, ev.AliasEvent):
            if event.anchor not in self.anchors:
                raise ValueError(f"there is no anchor '{event.anchor}'")
            return self.anchors[event.anchor]
        if isinstance(event, ev.ScalarEvent):
            quoted = not event.implicit[0] and (event.tag or '!') in ('!', 'tag:yaml.org,2002:str')
            found = event.value if quoted else _plain(event.value)
        elif isinstance(event, ev.SequenceStartEvent):
            found = list(self.nodes(ev.SequenceEndEvent))
        else:
            found = self.mapping()
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def nodes(self, end: type[Any]) -> Iterator[Any]:
        while not isinstance(event := self.next(), end):
            yield self.node(event)

    def mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        nodes = self.nodes(ev.MappingEndEvent)
        for key, value in zip(nodes, nodes, strict=True):
            name = key if isinstance(key, str) else json.dumps(key)  # a key `on` is the string "true" to Kubernetes
            if name in found:
                raise ValueError(f"the key '{name}' stands twice")
            found[name] = value
        if isinstance(found.get('<<'), dict):
            found = found.pop('<<') | found
        return found


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in '0123456789+-.':
        return text
    plain = text if text[0] == '.' else text.replace('_', '')
    if found := _INTEGER.fullmatch(plain):
        sign, *digits = found.groups()
        return next(int(sign + part, base) for part, base in zip(digits, (2, 8, 16, 10), strict=True) if part)
    number = float(plain) if _FLOAT.fullmatch(plain) else math.inf
    return number if math.isfinite(number) else text


def _problem(file: str, obj: Mapping[str, Any], error: ValidationError) -> Problem:
    kind, name = obj['kind'], (obj.get('metadata') or {}).get('name', '')
    unexpected = getattr(error.kind, 'unexpected', None)
    text = f'there is no field {", ".join(map(repr, unexpected))}' if unexpected else _short(error.message)
    fields = [step for step in error.instance_path if isinstance(step, str)]
    hint = f"see 'kubectl explain {'.'.join([kind.lower(), *fields])}'"
    return Problem(file, show(tuple(error.instance_path)), f"{kind} '{name}': {text}", hint)


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
