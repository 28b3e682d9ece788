"""Chart folders that are not used → a commit that removes them; the git history keeps them."""

from __future__ import annotations

from generator.domain.generated import Plan
from generator.domain.layout import CHART_YAML, chart_file
from generator.domain.problems import ProblemsFound
from generator.operations.chart_source import Connect, unpublished
from generator.operations.operation import Operation, RegistryChange
from generator.pipeline.run import Run


def pruning(connect: Connect, models: tuple[str, ...] = ()) -> Operation:
    """Remove chart folders that are not used, and mark them in the ledgers; the registry does not change.

    If agents read an OCI registry, all folders of versions go, and the registry must have the charts.
    """

    def change(run: Run) -> RegistryChange:
        if problems := unpublished(run, connect):
            raise ProblemsFound(problems)
        return RegistryChange()

    return Operation('prune', models, models, change, prune=True)


def pruned_charts(plan: Plan) -> list[str]:
    """The chart folders that a plan removes."""
    found = ((path, chart_file(path)) for path in plan.removed)
    return [path.removesuffix(f'/{CHART_YAML}') for path, chart in found if chart and chart[2] == CHART_YAML]
