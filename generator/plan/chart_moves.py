"""Changed delivery objects → the chart that each release moves from and to, for `plan` and for commit messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from generator.domain.generated import LedgerEntry
from generator.domain.layout import DELIVERY, delivered_chart, model_of, release_of

# A model → its chart versions after the changes.
LedgerOf = Callable[[str], Sequence[LedgerEntry]]


def chart_moves(files: Mapping[str, bytes | None], before: Mapping[str, bytes], ledger_of: LedgerOf) -> dict[str, str]:
    """Describe the move of each release whose delivery object names another chart than `before`, by release."""
    moves = {}
    for file, data in files.items():
        now = delivered_chart(data) if data and file.startswith(f'{DELIVERY}/') else ''
        old = delivered_chart(before.get(file, b''))
        if now and now != old:
            serves = {entry.version: entry.model_version for entry in ledger_of(model_of(file))}
            version = serves[now] if serves.get(old, serves[now]) == serves[now] else f'{serves[old]} → {serves[now]}'
            moves[release_of(file)] = f'chart {old or "none"} → {now}, model version {version}'
    return moves
