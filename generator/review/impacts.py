"""What a change does to a release, in numbers and words, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.compare.around import around
from generator.compare.told import SHORT, without_digests
from generator.domain.generated import Pods
from generator.domain.units import spoken
from generator.domain.unseen import in_one_line

FACT = 300  # characters: an image with its digest fits


@dataclass(frozen=True, slots=True)
class Fact:
    """What the registry says of a release, on both sides; '' for nothing."""

    what: str
    old: str
    new: str

    @property
    def short(self) -> Fact:
        """The same with the first digits of digests, cut around what differs."""
        return Fact(self.what, *around(*without_digests(self.old, self.new), SHORT))

    def cut(self, most: int) -> tuple[str, str]:
        return around(in_one_line(self.old), in_one_line(self.new), most)

    def __str__(self) -> str:
        old, new = self.cut(FACT)
        what = in_one_line(self.what)
        return f'{what} {new or old}' if self.old == self.new else f'{what} {as_text(old)} → {as_text(new)}'


@dataclass(frozen=True, slots=True)
class Point:
    """From here on a new version gets `weight` percent, for `hold` seconds at least, and until somebody approves."""

    weight: int
    hold: int = 0
    approval: bool = False

    def __str__(self) -> str:
        ends = [*([f'for {spoken(self.hold)}'] if self.hold else ()), *(['until approved'] if self.approval else ())]
        return ' '.join([f'{self.weight} %', ' and '.join(ends)]).strip()


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change does to a release: pods at their fewest and what happens to them, accelerators of all pods at their
    most (`peak`: while it moves), and the way of the requests: in words, and the points of the strategy before and by
    now. `facts` are what of image, artifact, signature and metrics differs, `granted` what its environment gives it.
    `beside` are pods of another version that come or end (below 0) at a stage of a rollout in git. `gradual`: a
    controller starts new pods beside the old ones, which stay until they have no requests.
    """

    pods: Pods
    before: int
    after: int
    accelerators: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)  # before, peak, after
    traffic: tuple[str, ...] = ()
    way_before: tuple[Point, ...] = ()
    way: tuple[Point, ...] = ()
    facts: tuple[Fact, ...] = ()
    granted: tuple[str, ...] = ()
    beside: int = 0
    gradual: bool = False

    @property
    def happens(self) -> str:
        """What happens to the pods, in words."""
        match self.pods:
            case 'recreate':
                return 'all end, and new ones start after them' if self.after else 'all end'
            case 'restart':
                return 'all are replaced, new ones come beside them' if self.gradual else 'all are replaced'
        number = abs(self.beside)
        if self.beside > 0:
            return f'they stay, {number} more come{"s" if number == 1 else ""} beside'
        if self.beside < 0:
            return f'they stay, {number} of the other version end{"s" if number == 1 else ""}'
        if self.before != self.after:
            number = abs(self.after - self.before)
            return f'{number} {"end" if self.after < self.before else "start"}, the others stay'
        return 'they stay'


def as_text(value: Any) -> str:
    return 'nothing' if value in (None, '', {}, []) else str(value)
