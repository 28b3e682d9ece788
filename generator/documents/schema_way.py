"""A validation error → the path through the schema to the keyword that failed, and the description there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


class Way:
    """The path from the root of a schema to the keyword that failed."""

    def __init__(self, error: ValidationError, root: Any, others: Mapping[str, Any]) -> None:
        self.others = others
        self.document = root
        self.schemas = [root]
        self.form = ''  # the definition or property that defines the format of the value
        self.is_name = False  # whether the value is a key of the map at the error's path
        steps = list(error.absolute_schema_path)
        for before, step in zip(['', *steps], steps, strict=False):
            self._go(step, named=before == 'properties')

    def _go(self, step: str | int, *, named: bool) -> None:
        schema = self.schemas[-1]
        while isinstance(schema, dict) and step not in schema and '$ref' in schema:
            schema = self._referred(schema['$ref'])
        self.schemas.append(schema[step])
        if named:
            self.form = str(step)
        elif step == 'items':
            self.form = f'{self.form}.items'
        elif step == 'propertyNames':
            self.form, self.is_name = f'{self.form}.names', True

    def _referred(self, reference: str) -> Any:
        file, _, pointer = reference.partition('#/')
        found = self.document = self.others[file] if file else self.document
        for part in filter(None, pointer.split('/')):
            found, self.form = found[part], part
        self.schemas.append(found)
        return found

    @property
    def value_keys(self) -> Collection[str]:
        """The keys of the values of charts, () if the document is these values."""
        return self.others['values.json']['properties'] if 'values.json' in self.others else ()

    def described(self, key: str = '') -> str:
        """Return the nearest schema's description of a value, or of a key that the value should have."""
        for schema in reversed([s for s in self.schemas if isinstance(s, dict)]):
            text = schema.get('properties', {}).get(key, {}).get('description') if key else schema.get('description')
            if isinstance(text, str):
                return _lower(text.rstrip('.'))
        return ''


# Words that keep their capital at the start of a hint.
_NAMES = {'Kubernetes', 'Gateway', 'Prometheus', 'Argo', 'Flux', 'Secret', 'Docker'}


def _lower(text: str) -> str:
    first = text.partition(' ')[0].rstrip(':,;')
    kept = first in _NAMES or (len(first) > 1 and not first[1:].islower())
    return text if kept else text[0].lower() + text[1:]
