"""A model → its charts, numbered without helm: each draft after the first is a patch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from generator.charts.versions import ModelCharts, draft_charts, number_charts
from generator.domain.generated import Bump, LedgerEntry, Templates
from generator.domain.records import Model
from generator.domain.settings import Settings


def make_charts(
    model: Model,
    settings: Settings,
    templates: Templates,
    base: Sequence[LedgerEntry] = (),
    *,
    object_format: str = 'sha1',
    pinned_by: Callable[[str], str] = lambda version: '',
    **bump: Any,
) -> ModelCharts:
    drafts = draft_charts(model, settings, templates, base, pinned_by)
    made = Bump(**{'bump': 'patch', 'reasons': ('for a test',), 'pods': 'restart', 'templates': 1, **bump})
    return number_charts(drafts, [made for draft in drafts.new if draft.before], templates, object_format)
