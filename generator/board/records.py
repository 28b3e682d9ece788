"""The board as frozen data: models by environments, and what is to be known of each release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from generator.domain.generated import LedgerEntry, ResolvedRelease
from generator.domain.records import Registry
from generator.domain.times import Clock

# What a release may be found by; the most urgent first.
State = Literal[
    'drift', 'rollout', 'suspended', 'locked', 'frozen', 'rolled back', 'withdrawn', 'behind', 'ahead', 'up to date'
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)

# Who says that a value differs: the registry, or the charts, which are of different versions.
Cause = Literal['registry', 'chart']


@dataclass(frozen=True, slots=True)
class Since:
    """A day, 2026-12-01, and how many days ago it was."""

    date: str
    days: int


@dataclass(frozen=True, slots=True)
class Drift:
    """A generated file that is not what the registry says, how, and its values that differ: in the file → registry."""

    file: str
    how: str
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a board is made from. `ledgers` are by model; `ran` are the charts that a release ran on the published
    branch, the newest first, each with its time; `drift` is by release. `date` tells the day of a time."""

    registry: Registry
    releases: Sequence[ResolvedRelease]
    ledgers: Mapping[str, Sequence[LedgerEntry]]
    ran: Mapping[str, Sequence[tuple[int, str]]]
    drift: Mapping[str, Sequence[Drift]]
    clock: Clock
    date: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Lag:
    """The distance to what the release `source` runs, or ('') to the newest version of the model: positive numbers are
    behind. `since` is when that ran more than this release for the first time, None if it is not known."""

    source: str
    version: str
    chart: str
    versions: int
    charts: int
    since: Since | None = None

    @property
    def is_behind(self) -> bool:
        return (self.versions, self.charts) > (0, 0)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a release moves to no other version, or not to one of them."""

    state: State
    told: str


@dataclass(frozen=True, slots=True)
class Going:
    """A rollout in git: where it leads, its stage, and all stages with the percent of the requests that the new version
    serves; `at` is the place of the stage."""

    version: str
    chart: str
    stages: Sequence[tuple[str, int]]
    at: int
    aborted: bool

    @property
    def stage(self) -> str:
        return self.stages[self.at][0]

    @property
    def requests(self) -> int:
        return 0 if self.aborted else self.stages[self.at][1]


@dataclass(frozen=True, slots=True)
class Differing:
    """A value that the environment before has otherwise; `file` is the one of the registry that says so, '' if it comes
    with the charts."""

    key: str
    there: str
    here: str
    file: str = ''

    @property
    def cause(self) -> Cause:
        return 'registry' if self.file else 'chart'


@dataclass(frozen=True, slots=True)
class Cell:
    """One release; `source` is the release before that it is compared with, '' for none."""

    environment: str
    model: str
    version: str
    chart: str
    source: str
    since: Since | None
    lag: Lag | None
    going: Going | None
    stops: Sequence[Stop]
    drift: Sequence[Drift]
    differing: Sequence[Differing]
    hosts: Sequence[str]
    strategy: str

    @property
    def name(self) -> str:
        return f'{self.environment}/{self.model}'

    @property
    def states(self) -> Sequence[State]:
        found = {stop.state for stop in self.stops}
        found |= {'drift'} if self.drift else set()
        found |= {'rollout'} if self.going else set()
        if self.lag:
            found.add('behind' if self.lag.is_behind else 'ahead')
        return tuple(state for state in STATES if state in found) or ('up to date',)


@dataclass(frozen=True, slots=True)
class Row:
    """A model with its releases by environment; `artifact` and `image` are those of its newest version."""

    model: str
    team: str
    description: str
    newest: str
    artifact: str
    image: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """An environment, and those that it promotes from."""

    name: str
    promotes_from: Sequence[str]
    follows: bool
    production: bool
    cluster: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Board:
    """`at` is the moment that it tells of, `head` the commit that it was made from; `others` is the drift of what is
    of no release; `cut`: the history does not go back to the beginning, so that days are the fewest."""

    at: str
    head: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    others: Sequence[Drift] = ()
    problems: Sequence[str] = ()
    cut: bool = False

    @property
    def cells(self) -> Sequence[Cell]:
        return [cell for row in self.rows for cell in row.cells.values()]
