"""Who gets the requests of a rule: the Services that share them, and those that only the canary gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service by the end of its name, with its share: that of a track, or `weight`."""

    suffix: str
    track: str = ''
    weight: int = 0

    def at(self, port: int) -> dict[str, Any]:
        share = {'track': self.track} if self.track else {'weight': self.weight}
        return {'suffix': self.suffix, 'port': port, **share}


@dataclass(frozen=True, slots=True)
class Split:
    """Without `shares` one Service gets everything. Requests with all `headers` come to the canary alone, and so does a
    copy of `mirror` percent of the others; `weight` is the canary's share now."""

    shares: tuple[Backend, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: int = 0
    weight: int = 0

    def targets(self, port: int, whole: int) -> list[dict[str, Any]]:
        """The Services of a rule; `whole` is the weight of one that gets everything."""
        return [target.at(port) for target in self.shares or (Backend('', weight=whole),)]

    def copies(self, port: int) -> dict[str, Any]:
        """The key `mirror` of a rule, where there is a copy."""
        return {'mirror': {'suffix': '-canary', 'port': port, 'percent': self.mirror}} if self.mirror else {}


def canary_alone(port: int, whole: int) -> list[dict[str, Any]]:
    return [Backend('-canary', weight=whole).at(port)]
