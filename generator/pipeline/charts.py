"""The models of a registry → their charts: made, compared with what is published, and settled with the ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from generator.charts.versions import Drafts, ModelCharts, draft_charts, number_charts
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import LedgerEntry, Templates
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.progress import Progress
from generator.domain.records import Registry, Settings
from generator.pipeline.bumps import classify
from generator.pipeline.earlier import Earlier
from generator.pipeline.published import Base, files_reader, tampered
from generator.pipeline.settle import settle
from generator.pipeline.source import Source
from generator.tools.forks import cores
from generator.tools.git.repository import Repository


def make_all(
    source: Source, registry: Registry, base: Base, templates: Templates, progress: Progress, *, prune: bool
) -> tuple[dict[str, ModelCharts], list[Problem]]:
    """Make the charts of all models; they are complete only if there are no problems."""
    drafts, problems, repository = {}, list[Problem](), source.repository
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
        made = _numbered(drafts, repository, base, templates, registry.settings)
    except ProblemsFound as error:
        return {}, [*problems, *error.problems]
    problems += tampered(made, base, repository.blob_id)
    try:
        made = settle(source, registry, made, base, prune=prune)
    except ProblemsFound as error:
        problems += error.problems
    return made, problems


def _numbered(
    drafts: Mapping[str, Drafts], repository: Repository, base: Base, templates: Templates, settings: Settings
) -> dict[str, ModelCharts]:
    every = [draft for found in drafts.values() for draft in found.new if draft.before]
    published = [(each.chart.model, each.before) for each in every if isinstance(each.before, LedgerEntry)]
    read = files_reader(repository, base, settings, published)
    bumps = iter(classify(every, read, cores()) if every else ())
    return {
        name: number_charts(
            found, [next(bumps) for draft in found.new if draft.before], templates, repository.object_format
        )
        for name, found in drafts.items()
    }
