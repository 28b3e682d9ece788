"""Changed releases → from which chart to which they move: what `plan` shows, and what a commit message tells."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.charts.ledger import ledger_file, read_ledger
from generator.domain.records import LedgerEntry
from generator.pipeline.run import Run

_CHART = re.compile(rb'charts/[^/\s]+/([0-9]+\.[0-9]+\.[0-9]+)"?$', re.MULTILINE)


def chart_moves(run: Run, files: Mapping[str, bytes | None], before: Mapping[str, bytes]) -> dict[str, str]:
    """Of the delivery objects among changed files, those that name another chart than `before`, by release."""
    moves = {}
    for file, data in files.items():
        now = _chart(data) if data and file.startswith('delivery/') else ''
        old = _chart(before.get(file, b''))
        if now and now != old:
            _, environment, model = file.removesuffix('.yaml').split('/')
            serves = {entry.version: entry.model_version for entry in ledger_of(run, model)}
            version = serves[now] if serves.get(old, serves[now]) == serves[now] else f'{serves[old]} → {serves[now]}'
            moves[f'{environment}/{model}'] = f'chart {old or "none"} → {now}, model version {version}'
    return moves


def _chart(delivery: bytes) -> str:
    found = _CHART.search(delivery)
    return found[1].decode() if found else ''


def ledger_of(run: Run, model: str) -> tuple[LedgerEntry, ...]:
    """The chart versions of a model as this run leaves them."""
    file = ledger_file(model)
    return read_ledger(run.files[file], file) if file in run.files else run.base.ledgers.get(model, ())
