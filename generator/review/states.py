"""What holds of a release on one side → evidence, where a change makes it hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from generator.domain.units import quantity
from generator.domain.values import Values
from generator.review.records import Evidence, Side, Touched


class Told(NamedTuple):
    """What holds of a field on one side, in words, and whether that is wrong."""

    object: str
    field: str
    text: str
    wrong: bool


State = Callable[[Side], Told | None]  # None if nobody knows


def became(touched: Touched, state: State) -> Iterator[Evidence]:
    """Yield what is wrong on the new side, if it was right before, wrong in another way, or not there."""
    now = state(touched.new) if touched.new else None
    if now and now.wrong:
        before = state(touched.old) if touched.old else None
        if before is None or not before.wrong or before.text != now.text:
            yield Evidence(now.object, now.field, before.text if before else '', now.text)


def limit(holder: Values, name: str) -> Fraction | None:
    """A limit of a container, None for none."""
    given: Any = holder.get('resources', {}).get('limits', {}).get(name)
    return None if given is None else quantity(str(given))


def artifact_size(side: Side) -> Fraction | None:
    """The bytes of the unpacked files of the model, None if the registry does not say."""
    size = side.version_spec.get('artifact', {}).get('size')
    return None if size is None else quantity(str(size))


def is_baked(side: Side) -> bool:
    return bool(side.merged['artifact']['delivery'] == 'baked')


def gibibytes(size: Fraction) -> str:
    return f'{float(size / 2**30):.1f} GiB' if size >= 2**30 else f'{float(size / 2**20):.0f} MiB'
