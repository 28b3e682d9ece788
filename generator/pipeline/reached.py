"""Two runs → the models that a change reaches, and the releases of them."""

from __future__ import annotations

from dataclasses import replace

from generator.domain.layout import (
    CHARTS,
    DELIVERY,
    DOCUMENTS,
    GENERATED,
    REGISTRY,
    SCHEMAS,
    chart_file,
    chart_folder,
    delivery_file,
    is_generated,
    model_file,
    model_of_file,
    names_below,
)
from generator.domain.tree import Ids
from generator.pipeline.review_beside import other_ways
from generator.pipeline.run import Run


def reached_models(base: Run, run: Run) -> tuple[str, ...] | None:
    """The models of the run, else those whose files differ; () for all, because a file that several models need
    differs; None for none."""
    if run.source.scope:
        return run.source.scope
    before, after = base.source.tree.ids, run.source.tree.ids
    folders = (f'{REGISTRY}/', *(f'{folder}/' for folder in GENERATED))
    there = (path for path in {*before, *after} if path.startswith(folders) or path in DOCUMENTS)
    differing = [path for path in there if before.get(path) != after.get(path)]
    found = {model_of_file(path) for path in differing if not path.startswith(f'{SCHEMAS}/')}
    if not found:
        return None
    # A model that one side lacks is known to a run over all only.
    alone = any((model_file(model) in before) != (model_file(model) in after) for model in found)
    return () if '' in found or alone else tuple(sorted(found))


def touched_releases(base: Run, run: Run) -> set[str]:
    """The releases whose delivery object differs, or a file of the chart that they stand on."""
    before, after = base.source.tree.ids, run.desired_ids
    names = {*names_below(DELIVERY, before), *names_below(DELIVERY, after)}
    found = {name for name in names if before.get(delivery_file(name)) != after.get(delivery_file(name))}
    charts = _changed_charts(before, after)
    if charts:
        found |= {each.release.name for each in run.releases if each.chart.folder in charts}
    known = {*base.source.release_names, *run.registry.release_names}
    return {name for name in found if name in known} | set(other_ways(base, run))


def unlike_registry(base: Run, run: Run) -> list[str]:
    """The generated files that a change writes otherwise than its registry gives them."""
    before, now, made = base.source.tree.ids, run.source.tree.ids, run.desired_ids
    paths = (path for path in {*before, *now} if is_generated(path) or (path in DOCUMENTS and run.whole))
    return sorted(path for path in paths if now.get(path) not in (before.get(path), made.get(path)))


def _changed_charts(before: Ids, after: Ids) -> set[str]:
    """The folders of charts that both sides have, with other files."""
    found = set()
    for path, blob in after.items():
        if path.startswith(f'{CHARTS}/') and before.get(path, blob) != blob and (chart := chart_file(path)):
            found.add(chart_folder(*chart[:2]))
    return found


def scoped(run: Run, models: tuple[str, ...]) -> Run:
    """The run over these models only; the same one, with what it has computed, if it is over no others."""
    return run if run.source.scope == models else replace(run, source=run.source.over(models))
