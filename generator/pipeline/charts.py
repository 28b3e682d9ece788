"""The models of a registry → their charts: made, compared with what is published, and settled with the ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from generator.charts.versions import Drafts, ModelCharts, draft_charts, number_charts
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import LedgerEntry, Templates
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.progress import Progress
from generator.domain.records import Registry
from generator.pipeline.bumps import classify
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.earlier import Earlier
from generator.pipeline.published import Base, tampered
from generator.pipeline.settle import settle
from generator.pipeline.source import Source
from generator.tools.forks import cores


def make_all(
    source: Source,
    registry: Registry,
    base: Base,
    published: ChartFiles,
    templates: Templates,
    progress: Progress,
    *,
    prune: bool,
) -> tuple[dict[str, ModelCharts], list[Problem]]:
    """Make the charts of all models; they are complete only if there are no problems."""
    drafts, problems = {}, list[Problem]()
    earlier = Earlier(source, base.revision, RegistrySchemas(templates.schemas))
    with progress('charts', len(registry.models)) as step:
        for name, model in sorted(registry.models.items()):
            ledger = base.ledgers.get(name, ())
            try:
                drafts[name] = draft_charts(
                    model, registry.settings, templates, ledger, partial(earlier.pinned, name)
                )  # fmt: skip
            except ProblemsFound as error:
                problems += error.problems
            step(1)
    try:
        made = _numbered(drafts, published, templates)
    except ProblemsFound as error:
        return {}, [*problems, *error.problems]
    problems += tampered(made, base, published)
    try:
        made = settle(source, registry, made, base, published, prune=prune)
    except ProblemsFound as error:
        problems += error.problems
    return made, problems


def _numbered(drafts: Mapping[str, Drafts], published: ChartFiles, templates: Templates) -> dict[str, ModelCharts]:
    every = [draft for found in drafts.values() for draft in found.new if draft.before]
    published.load((each.chart.model, each.before) for each in every if isinstance(each.before, LedgerEntry))
    bumps = iter(classify(every, published.read, cores()) if every else ())
    object_format = published.repository.object_format
    return {
        name: number_charts(found, [next(bumps) for draft in found.new if draft.before], templates, object_format)
        for name, found in drafts.items()
    }
