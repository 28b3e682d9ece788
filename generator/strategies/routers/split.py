"""How the requests of a rule are split: between Services by share, and to the canary by headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service by the suffix of its name, with its share: that of a track, or `weight`."""

    suffix: str
    track: str = ''
    weight: int = 0

    def at(self, port: int) -> dict[str, Any]:
        share = {'track': self.track} if self.track else {'weight': self.weight}
        return {'suffix': self.suffix, 'port': port, **share}


@dataclass(frozen=True, slots=True)
class Split:
    """Without `shares` one Service gets all requests. Requests with all `headers` go to the canary only, and `mirror`
    percent of the others are copied to it; `weight` is the canary's current share."""

    shares: tuple[Backend, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: int = 0
    weight: int = 0

    def targets(self, port: int, whole: int) -> list[dict[str, Any]]:
        """Return the Services of a rule; `whole` is the weight of one that gets all requests."""
        return [target.at(port) for target in self.shares or (Backend('', weight=whole),)]

    def copies(self, port: int) -> dict[str, Any]:
        """Return the key `mirror` of a rule, if requests are copied."""
        return {'mirror': {'suffix': '-canary', 'port': port, 'percent': self.mirror}} if self.mirror else {}


def canary_alone(port: int, whole: int) -> list[dict[str, Any]]:
    return [Backend('-canary', weight=whole).at(port)]
