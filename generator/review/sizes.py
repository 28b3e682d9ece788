"""Rules of sizes that nobody means: pods and requests that no cluster has room for, and times that never end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from generator.domain.units import quantity
from generator.domain.values import Values
from generator.review.records import Evidence, Rule, Side, Touched
from generator.review.scaling import fewest
from generator.values.merge import containers

_DAY = 24 * 60 * 60
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class _Measure:
    """A number of a release: it is told if it grows so many `times`, and is not `small` then, or is beyond what there
    is, `most`, and was not before."""

    what: str
    value: Fraction
    small: int
    most: int
    times: int
    text: str

    def is_told(self, before: Fraction) -> bool:
        grows = before > 0 and self.value >= self.times * before and self.value > self.small
        return grows or self.value > self.most >= before


def _measures(side: Side) -> Iterator[_Measure]:
    values = side.merged
    pods = {'at their fewest': fewest(values)}
    if values['autoscaling']['enabled']:
        pods['at their most'] = int(values['autoscaling']['maxReplicas'])
    for when, count in pods.items():
        yield _Measure(f'pods, {when}', Fraction(count), 20, 1000, 10, str(count))
    # No node has more, and a pod is on one.
    for resource, small, most in (('cpu', 8, 512), ('memory', 64 * _GIB, 24 * 1024 * _GIB)):
        asked = _requests(values, resource)
        shown = f'{float(asked):g}' if resource == 'cpu' else f'{float(asked / _GIB):g}Gi'
        yield _Measure(f'requests.{resource} of a pod', asked, small, most, 8, shown)
    for what, time in _times(values):
        yield _Measure(what, Fraction(time), _DAY, _DAY, 10, f'{time} s')


def _requests(values: Values, resource: str) -> Fraction:
    """What the scheduler needs for a pod: who writes a limit alone requests as much."""
    given = (holder.get('resources', {}) for _, holder in containers(values))
    found = (each.get('requests', {}).get(resource, each.get('limits', {}).get(resource)) for each in given)
    return sum((Fraction(quantity(str(each))) for each in found if each is not None), Fraction(0))


def _times(values: Values) -> Iterator[tuple[str, int]]:
    """The seconds until pods are ready at worst, and until they have ended."""
    probe = values['startupProbe']
    yield 'minReadySeconds', int(values['minReadySeconds'])
    yield 'startupProbe', int(probe['periodSeconds']) * int(probe['failureThreshold'])
    yield 'terminationGracePeriodSeconds', int(values['terminationGracePeriodSeconds'])


def _huge(touched: Touched) -> Iterator[Evidence]:
    if not touched.new:
        return
    before = {each.what: each for each in _measures(touched.old)} if touched.old else {}
    for each in _measures(touched.new):
        was = before.get(each.what)
        if each.is_told(was.value if was else Fraction(0)):
            yield Evidence(f'release {touched.name}', each.what, was.text if was else '', each.text)


RULES = (
    Rule('huge', 'high', 'a size or a time grows many times, or beyond what any cluster has',
         'make sure that it is meant: nothing else may find room beside it, or a rollout never ends', _huge),
)  # fmt: skip
