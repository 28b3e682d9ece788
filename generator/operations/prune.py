"""Chart folders that nobody needs any more → a commit without them; git's history keeps them."""

from __future__ import annotations

from generator.domain.layout import CHART_YAML, chart_file
from generator.domain.records import Plan
from generator.operations.operation import Operation


def pruning(models: tuple[str, ...] = ()) -> Operation:
    """Remove what may go, marked in the ledgers: a commit of its own, which changes no file of the registry."""
    return Operation('prune', models, models, prune=True)


def pruned_charts(plan: Plan) -> list[str]:
    """The chart folders that a plan removes."""
    found = ((path, chart_file(path)) for path in plan.removed)
    return [path.removesuffix(f'/{CHART_YAML}') for path, chart in found if chart and chart[2] == CHART_YAML]
