"""A board → a page of HTML that needs nothing else: the table can be read without its script, details need it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from generator.board.records import STATES, Board, Cell, Column, Row
from generator.board.told import counts, days, lines, marks, sentence
from generator.pages.frame import visible, written

_MANY = 50  # models of which only those near the window are laid out
_WIDE = 6  # environments that fit beside each other


def page(board: Board) -> str:
    """Write the page. What its script shows is data in it: equal texts are there once."""
    from markupsafe import Markup

    numbers = counts(board)
    return written(
        'generator.board', what='board', incomplete='This board is not complete', problems=board.problems,
        sentence=sentence(board), at=board.at, head=board.head[:12], cut=board.cut, others=board.others,
        columns=[_column(column) for column in board.columns], rows=[_row(board, row) for row in board.rows],
        states=[(state, numbers[state]) for state in STATES if numbers[state]],
        environments=[column.name for column in board.columns], models=[row.model for row in board.rows],
        teams=sorted({row.team for row in board.rows}), is_many=len(board.rows) > _MANY,
        is_wide=len(board.columns) > _WIDE, data=Markup(_json(_data(board))),
    )  # fmt: skip


def _json(data: Any) -> str:
    """JSON that no text in it can end."""
    return json.dumps(_visible(data), ensure_ascii=False, separators=(',', ':')).replace('<', '\\u003c')


def _visible(data: Any) -> Any:
    """Escape what people do not see in all texts of the data."""
    if isinstance(data, Mapping):
        return {key: _visible(each) for key, each in data.items()}
    return [_visible(each) for each in data] if isinstance(data, list | tuple) else visible(data)


def _column(column: Column) -> Mapping[str, Any]:
    from_ = f'from {", ".join(column.promotes_from)}' if column.promotes_from else ''
    about = [
        'production' if column.production else '',
        'follows the newest' if column.follows else from_,
    ]  # fmt: skip
    return {'name': column.name, 'about': ', '.join(filter(None, about))}


def _row(board: Board, row: Row) -> Mapping[str, Any]:
    found = [(column.name, row.cells.get(column.name)) for column in board.columns]
    return {
        'model': row.model, 'team': row.team, 'id': f'model-{quote(row.model, errors="backslashreplace")}',
        'cells': [{'environment': name, 'it': cell, 'marks': [*marks(cell)] if cell else []} for name, cell in found],
    }  # fmt: skip


class _Pool(dict[Any, int]):
    """Values that occur often → their places in a list."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


def _data(board: Board) -> Mapping[str, Any]:
    """What the script shows: pools of files and of values that differ, and of each model what stands for them."""
    places = {column.name: number for number, column in enumerate(board.columns)}
    files, differing = _Pool(), _Pool()

    def cell(it: Cell) -> Iterator[Any]:
        yield places[it.environment]
        yield [STATES.index(state) for state in it.states]
        yield f'since {it.since.date}, {days(it.since)}' if it.since else 'not on the published branch yet'
        yield [(STATES.index(state), line) for state, line in lines(it)]
        yield it.hosts
        yield [it.going.at, int(it.going.aborted), it.going.stages] if it.going else 0
        yield it.source.partition('/')[0]
        yield [differing[files[each.file], each.key, each.there, each.here] for each in it.differing]

    models = [
        [row.description, row.newest, row.artifact, row.image, [[*cell(it)] for it in row.cells.values()]]
        for row in board.rows
    ]
    return {
        'states': STATES, 'environments': [*places], 'models': models, 'differing': [*differing], 'files': [*files],
    }  # fmt: skip
