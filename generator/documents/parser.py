"""A text → a parser of YAML: libyaml, or a slow one for what an old libyaml refuses although it is valid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import MarkedYAMLError, YAMLError

T = TypeVar('T')

# libyaml 0.1 reads no colon in unquoted text within { } and [ ], as in {server: https://example.com}.
_TOO_STRICT = "found unexpected ':'"
# The other parser takes a second for so many characters.
_MOST = 100_000


def with_parser(text: str, read: Callable[[Any], T]) -> T:
    """Call `read` with a parser, and with another one if the first is too strict; raises the YAMLError of the first."""
    try:
        return _with(CParser(text), read)
    except MarkedYAMLError as error:
        if error.problem != _TOO_STRICT or len(text) > _MOST:
            raise
        from ruamel.yaml import YAML  # most files do not need it

        try:
            return _with(YAML(typ='safe', pure=True).get_constructor_parser(text)[1], read)
        except (YAMLError, ValueError):  # it is invalid in another place
            raise error from None


def _with(parser: Any, read: Callable[[Any], T]) -> T:
    try:
        return read(parser)
    finally:
        parser.dispose()
