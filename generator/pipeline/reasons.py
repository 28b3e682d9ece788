"""A run and its plan → why each release changes: it moves to another chart, or its chart gets other files."""

from __future__ import annotations

from generator.domain.generated import Plan
from generator.domain.layout import DELIVERY
from generator.domain.tree import LINK
from generator.pipeline.run import Run
from generator.plan.chart_moves import chart_moves
from generator.plan.readers import chart_reasons


def release_reasons(run: Run, plan: Plan, *, head: bool = False) -> dict[str, str]:
    """Explain the releases of a plan that was made for the work tree, or for HEAD; releases without reason only get
    other values."""
    if not plan.changes:
        return {}
    ids = run.source.tree.held if head else run.source.tree.ids
    before = {p: ids[p] for p in plan.files if p.startswith(f'{DELIVERY}/') and ids.get(p, LINK) != LINK}
    blobs = run.repository.read(before.values()) if head else {}
    texts = {path: blobs[blob] if head else run.source.read(path) for path, blob in before.items()}
    moves = chart_moves(plan.files, texts, run.ledger_of)
    return {**chart_reasons(plan, run.registry, run.ledger_of), **moves}
