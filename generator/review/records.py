"""A change of releases, and what a reviewer must know of it, as frozen data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from generator.compare.around import around, ends_of
from generator.compare.difference import Difference
from generator.compare.fields import Field
from generator.compare.objects import digest
from generator.compare.told import SHORT, changed
from generator.domain.generated import ResolvedRelease
from generator.domain.records import Model, Rollout
from generator.domain.unseen import in_one_line
from generator.domain.values import Values
from generator.domain.waivers import Waiver
from generator.review.impacts import Impact

Severity = Literal['critical', 'high', 'medium']
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the worst first


@dataclass(frozen=True, slots=True)
class Side:
    """A release on one side of a change: as resolved, with its model, its rollout in git and what helm rendered."""

    resolved: ResolvedRelease
    model: Model | None
    rollout: Rollout | None = None
    documents: Sequence[bytes] = ()

    @property
    def version(self) -> str:
        return self.resolved.chart.model_version

    @property
    def chart(self) -> str:
        return self.resolved.chart.version

    @property
    def version_spec(self) -> Values:
        """What the registry says of the model version; {} if it is not in the list any more."""
        versions = self.model.versions if self.model else ()
        return next((each.spec for each in versions if each.version == self.version), {})

    @property
    def artifact(self) -> str:
        """The address of the artifact, '' for none."""
        return str(self.version_spec.get('artifact', {}).get('uri', ''))

    @property
    def merged(self) -> Values:
        return self.resolved.merged

    @property
    def digest(self) -> str:
        """The digest of the rendered objects and of their way, '' for no objects; it parses all of them."""
        return digest(self.documents, self.resolved.way) if self.documents else ''


@dataclass(frozen=True, slots=True)
class Touched:
    """A release (`env/model`) whose objects may differ: None where it is not there. `problem` says why its objects
    could not be compared."""

    name: str
    old: Side | None
    new: Side | None
    found: tuple[Difference, ...] = ()
    problem: str = ''

    @property
    def environment(self) -> str:
        return self.name.partition('/')[0]

    @property
    def model(self) -> str:
        return self.name.partition('/')[2]

    @property
    def both(self) -> tuple[tuple[Side, Side], ...]:
        """The old and the new side, if it is there on both."""
        return ((self.old, self.new),) if self.old and self.new else ()

    @property
    def some_side(self) -> Side:
        side = self.new or self.old
        assert side, 'a release is there on one side at least'
        return side


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """The object and the field by which a rule was found, or a place in the registry, with old and new value."""

    object: str
    field: str
    old: str = ''
    new: str = ''

    def cut(self, most: int) -> tuple[str, str]:
        """Both values, cut around what differs."""
        return around(in_one_line(self.old), in_one_line(self.new), most)

    def __str__(self) -> str:
        place = ' '.join(filter(None, (ends_of(in_one_line(each), SHORT) for each in (self.object, self.field))))
        old, new = self.cut(SHORT)
        if not old:
            return f'{place}: {new}' if new else place
        return f'{place}: {old} → {new}'


Find = Callable[[Touched], Iterator[Evidence]]


def of_several(touched: Touched) -> Iterator[Evidence]:
    """Finds nothing in one release: the rule is about several, or about what gates say."""
    return iter(())


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` says what is dangerous, `advice` what to do."""

    id: str
    severity: Severity
    title: str
    advice: str
    find: Find = field(default=of_several, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Risk:
    """A rule with what it was found by, the same in all of these releases (`env/model`), and the waiver for it."""

    rule: Rule
    evidence: Evidence
    releases: tuple[str, ...]
    waiver: Waiver | None = None

    @property
    def is_waived(self) -> bool:
        return self.waiver is not None and not self.waiver.ended


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in an object: it comes (`+`) or goes (`-`), or a field of it changes (`~`)."""

    sign: Literal['+', '-', '~']
    object: str
    field: Field | None = None

    def told(self, most: int = SHORT) -> str:
        """A line of it, with at most so many characters of a value."""
        name = f'{self.sign} {in_one_line(self.object)}'
        return f'{name}: {changed(self.field, most)}' if self.field else name

    def __str__(self) -> str:
        return self.told()


@dataclass(frozen=True, slots=True)
class Fold:
    """Changes that several releases have alike, but for their names; as they are in the first one."""

    releases: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def lines(self) -> list[str]:
        """One line for a change."""
        return list(map(str, self.changes))


@dataclass(frozen=True, slots=True)
class Report:
    """`base` and `head` are commits, `head` '' for the work tree; `problems` are why some of it could not be looked
    at. `files` are the files of the registry that differ, with their blob ids, '' for one that goes."""

    base: str
    head: str
    touched: Sequence[Touched]
    impacts: Mapping[str, Impact]
    risks: Sequence[Risk]
    folds: Sequence[Fold]
    problems: Sequence[str] = ()
    stops: Sequence[str] = ()
    warnings: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def counting(self) -> list[Risk]:
        """The risks that nobody has accepted."""
        return [risk for risk in self.risks if not risk.is_waived]

    @property
    def worst(self) -> Severity | None:
        found = {risk.rule.severity for risk in self.counting}
        return next((each for each in SEVERITIES if each in found), None)
