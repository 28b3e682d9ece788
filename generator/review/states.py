"""What holds of a release on one side → evidence, where a change makes it hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from generator.domain.units import quantity
from generator.domain.values import Values
from generator.review.records import Evidence, Side, Touched

# Evidence of what is wrong with a side, None if nothing is; what was so before is not the change's.
State = Callable[[Side], Evidence | None]


def became(touched: Touched, wrong: State) -> Iterator[Evidence]:
    """Yield what is wrong on the new side, if it was right before, wrong in another way, or not there."""
    if touched.new and (found := wrong(touched.new)):
        before = wrong(touched.old) if touched.old else None
        if before is None or (before.field, before.new) != (found.field, found.new):
            yield found


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
