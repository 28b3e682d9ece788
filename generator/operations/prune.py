"""Chart folders that are not used → a commit that removes them; the git history keeps them."""

from __future__ import annotations

from generator.domain.generated import Plan
from generator.domain.layout import CHART_YAML, chart_file
from generator.operations.operation import Operation


def pruning(models: tuple[str, ...] = ()) -> Operation:
    """Remove chart folders that are not used, and mark them in the ledgers; the registry does not change."""
    return Operation('prune', models, models, prune=True)


def pruned_charts(plan: Plan) -> list[str]:
    """The chart folders that a plan removes."""
    found = ((path, chart_file(path)) for path in plan.removed)
    return [path.removesuffix(f'/{CHART_YAML}') for path, chart in found if chart and chart[2] == CHART_YAML]
