"""What a file of the registry accepts until a day → waivers by the name of their rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.domain.environments import Environment
from generator.domain.records import Release
from generator.domain.values import Values


@dataclass(frozen=True, slots=True)
class Waiver:
    """Accepts what a rule finds up to a day, which is included, for a reason; `ended`: that day is over."""

    rule: str
    until: str
    reason: str
    file: str = field(compare=False)
    ended: bool = False

    def __str__(self) -> str:
        return f'{"its waiver ended after" if self.ended else "waived until"} {self.until}: {self.reason}'


def waivers(item: Release | Environment, date: str) -> dict[str, Waiver]:
    """The waivers in the file of a release or an environment, on a day: 2026-12-31."""
    written: Mapping[str, Values] = item.spec.get('waivers', {})
    return {
        rule: Waiver(rule, spec['until'], spec['reason'], item.file, spec['until'] < date)
        for rule, spec in written.items()
    }
