"""A board → data for programs: nothing is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from generator.board.records import Board, Cell, Drift, Going, Lag, Row


def board_data(board: Board) -> dict[str, Any]:
    return {
        'at': board.at,
        'commit': board.head,
        'shallow': board.cut,
        'environments': [
            {
                'name': column.name, 'promotesFrom': list(column.promotes_from), 'followsNewest': column.follows,
                'production': column.production, 'cluster': column.cluster, 'namespace': column.namespace,
            }
            for column in board.columns
        ],
        'models': [_model(row) for row in board.rows],
        'releases': [_release(cell) for cell in board.cells],
        'drift': [_drift(each) for each in board.others],
        'warnings': list(board.problems),
    }  # fmt: skip


def _model(row: Row) -> Mapping[str, Any]:
    return {
        'name': row.model, 'team': row.team, 'description': row.description, 'newest': row.newest,
        'artifact': row.artifact, 'image': row.image,
    }  # fmt: skip


def _release(cell: Cell) -> Mapping[str, Any]:
    return {
        'release': cell.name,
        'environment': cell.environment,
        'model': cell.model,
        'version': cell.version,
        'chart': cell.chart,
        'since': asdict(cell.since) if cell.since else None,
        'states': list(cell.states),
        'from': cell.source,
        'lag': _lag(cell.lag) if cell.lag else None,
        'rollout': _going(cell.going) if cell.going else None,
        'stops': [{'state': stop.state, 'reason': stop.told} for stop in cell.stops],
        'drift': [_drift(each) for each in cell.drift],
        'differing': [{**asdict(each), 'cause': each.cause} for each in cell.differing],
        'hosts': list(cell.hosts),
        'strategy': cell.strategy,
    }


def _lag(lag: Lag) -> Mapping[str, Any]:
    since = asdict(lag.since) if lag.since else None
    return {
        'from': lag.source, 'version': lag.version, 'chart': lag.chart, 'versions': lag.versions,
        'charts': lag.charts, 'since': since,
    }  # fmt: skip


def _going(going: Going) -> Mapping[str, Any]:
    return {
        'version': going.version, 'chart': going.chart, 'stage': going.stage, 'requests': going.requests,
        'aborted': going.aborted, 'stages': [{'name': name, 'requests': share} for name, share in going.stages],
    }  # fmt: skip


def _drift(drift: Drift) -> Mapping[str, Any]:
    return {'file': drift.file, 'how': drift.how, 'values': list(drift.values)}
