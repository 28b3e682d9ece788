"""A plan and the registry → the releases whose chart gets other files, although their delivery objects may stay."""

from __future__ import annotations

from collections.abc import Sequence

from generator.charts.followed import followed
from generator.domain.generated import LedgerEntry, Plan
from generator.domain.layout import chart_folder, model_of
from generator.domain.records import Registry, Release
from generator.plan.chart_moves import LedgerOf

_RESTORED = 'is restored as published'
_REWRITTEN = 'changes (a draft of this branch)'


def chart_reasons(plan: Plan, registry: Registry, ledger_of: LedgerOf) -> dict[str, str]:
    """Describe what happens to the charts of each release that stands on a rewritten draft or a restored chart."""
    folders = {**dict.fromkeys(plan.restored, _RESTORED), **dict.fromkeys(plan.rewritten, _REWRITTEN)}
    if not folders:  # the registry may not be read yet
        return {}
    models = set(map(model_of, folders))
    found = {}
    for name, release in sorted(registry.releases.items()):
        if release.model in models:
            charts = _charts(release, registry, ledger_of(release.model))
            there = {version: folders.get(chart_folder(release.model, version)) for version in charts}
            if texts := [f'its chart {version} {what}' for version, what in there.items() if what]:
                found[name] = ', '.join(texts)
    return found


def _charts(release: Release, registry: Registry, ledger: Sequence[LedgerEntry]) -> list[str]:
    """The chart versions that a release runs: its pin, or the one that it follows, and both ends of its rollout."""
    rollout = registry.rollouts.get(release.name)
    charts = {str(rollout.spec[end]['chart']) for end in ('from', 'to')} if rollout else set()
    if release.chart:
        charts.add(release.chart)
    elif not release.version and registry.environments[release.environment].follows_newest:
        entry = followed(release, registry.models[release.model], ledger)
        charts.update([entry.version] if entry else [])
    return sorted(charts)
