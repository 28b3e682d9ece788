"""A board → words: one sentence of all, and what is to be said of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from generator.board.records import STATES, Board, Cell, Going, Lag, Since, State

QUIET: State = 'up to date'


def sentence(board: Board) -> str:
    """What everybody must know first."""
    numbers = counts(board)
    releases = f'{number(len(board.cells), "release")} of {number(len(board.rows), "model")}'
    told = [f'{numbers[state]} {state}' for state in STATES if numbers[state]]
    return f'{releases} in {number(len(board.columns), "environment")}: {", ".join(told) or "none"}'


def counts(board: Board) -> Mapping[State, int]:
    """The number of releases in each state."""
    return Counter(state for cell in board.cells for state in cell.states)


def number(count: int, one: str) -> str:
    return f'{count} {one}{"" if count == 1 else "s"}'


def days(since: Since) -> str:
    return number(since.days, 'day')


def distance(lag: Lag) -> str:
    """How far a release is behind or ahead: '2 versions behind', 'chart 1 ahead'."""
    where = 'behind' if lag.is_behind else 'ahead'
    if lag.versions:
        return f'{number(abs(lag.versions), "version")} {where}'
    return f'{number(abs(lag.charts), "chart")} {where}'


def lagging(lag: Lag) -> str:
    """The same in a whole, with what the other runs and since when that is ahead."""
    other = f'{lag.source}, which runs' if lag.source else 'the newest version,'
    since = f': for {days(lag.since)}, since {lag.since.date}' if lag.since else ''
    return f'{distance(lag)}{" of" * (not lag.is_behind)} {other} {lag.version} (chart {lag.chart}){since}'


def going(it: Going, chart: str = '') -> str:
    """A rollout in few words."""
    return f'rollout to {it.version}{chart}: {it.stage}, {"aborted" if it.aborted else f"{it.requests} %"}'


def marks(cell: Cell) -> Iterator[tuple[State, str]]:
    """What a cell of the table shows of a release besides its version, each with its state; nothing if all is well."""
    for state in cell.states:
        if state == 'drift':
            yield state, 'drift'
        elif state == 'rollout' and cell.going:
            yield state, going(cell.going)
        elif state in ('behind', 'ahead') and cell.lag:
            since = f', {days(cell.lag.since)}' if cell.lag.since else ''
            yield state, f'{distance(cell.lag)}{since}'
        elif state != QUIET:
            yield state, state


def lines(cell: Cell) -> Iterator[tuple[State, str]]:
    """What is to be said of a release in full, each with its state; values that differ are left out."""
    for each in cell.drift:
        yield 'drift', f'{each.file}: {each.how}'
        yield from (('drift', value) for value in each.values)
    if cell.going:
        yield 'rollout', going(cell.going, f' (chart {cell.going.chart})').removeprefix('rollout ')
    for stop in cell.stops:  # the words of a lock begin with its state
        yield stop.state, stop.told.removeprefix(stop.state).lstrip(': ')
    if cell.lag:
        yield 'behind' if cell.lag.is_behind else 'ahead', lagging(cell.lag)
