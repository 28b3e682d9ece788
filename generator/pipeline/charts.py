"""The models of a registry → their charts: made, compared with what is published, and settled with the ledgers."""

from __future__ import annotations

from functools import partial

from generator.charts.versions import ModelCharts, make_charts
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import Templates
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.progress import Progress
from generator.domain.records import Registry
from generator.pipeline.earlier import Earlier
from generator.pipeline.published import Base, tampered
from generator.pipeline.settle import settle
from generator.pipeline.source import Source


def make_all(
    source: Source, registry: Registry, base: Base, templates: Templates, progress: Progress, *, prune: bool
) -> tuple[dict[str, ModelCharts], list[Problem]]:
    """Make the charts of all models; they are complete only if there are no problems."""
    made, problems, repository = {}, list[Problem](), source.repository
    earlier = Earlier(source, base.revision, RegistrySchemas(templates.schemas))
    with progress('charts', len(registry.models)) as step:
        for name, model in sorted(registry.models.items()):
            ledger = base.ledgers.get(name, ())
            try:
                made[name] = make_charts(
                    model, registry.settings, templates, ledger, base.ids, repository.object_format,
                    partial(earlier.pinned, name),
                )  # fmt: skip
            except ProblemsFound as error:
                problems += error.problems
            step(1)
    problems += tampered(made, base, repository.blob_id)
    try:
        made = settle(source, registry, made, base, prune=prune)
    except ProblemsFound as error:
        problems += error.problems
    return made, problems
