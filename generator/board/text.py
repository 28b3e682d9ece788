"""A board → lines for a terminal, each with its style: a table, then what is to be said of releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.board.records import Board, Cell, Row, State
from generator.board.told import lines, marks, sentence

_COLOURS: Mapping[State, str] = {'drift': 'red', 'rollout': 'green', 'behind': 'yellow', 'ahead': 'yellow'}

Style = Mapping[str, object]


def text_lines(board: Board) -> Iterator[tuple[str, Style]]:
    for problem in board.problems:
        yield f'not complete: {problem}', {'fg': 'red'}
    yield sentence(board), {'bold': True}
    head = f', commit {board.head[:12]}' if board.head else ''
    yield f'at {board.at}{head}{"; this clone is shallow: days are the fewest" if board.cut else ""}', {'dim': True}
    yield from _table(board)
    for cell in board.cells:
        if told := list(lines(cell)):
            yield f'{cell.name}: {cell.version} (chart {cell.chart})', {'bold': True}
            yield from ((f'  {state}: {line}', _style(state)) for state, line in told)
    for each in board.others:
        yield f'drift: {each.file}: {each.how}', {'fg': 'red'}


def _style(state: State) -> Style:
    return {'fg': _COLOURS[state]} if state in _COLOURS else {}


def _table(board: Board) -> Iterator[tuple[str, Style]]:
    """The models, with the version that each environment runs; marked where something is to be said."""
    names = [column.name for column in board.columns]
    rows = [('MODEL', *(name.upper() for name in names)), *(_row(row, names) for row in board.rows)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(names) + 1)]
    for place, row in enumerate(rows):
        text = '  '.join(each.ljust(width) for each, width in zip(row, widths, strict=True))
        yield text.rstrip(), {} if place else {'bold': True}


def _row(row: Row, names: list[str]) -> tuple[str, ...]:
    return (row.model, *(_short(row.cells[name]) if name in row.cells else '-' for name in names))


def _short(cell: Cell) -> str:
    return f'{cell.version}{"*" if any(marks(cell)) else ""}'
