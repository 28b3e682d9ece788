"""A report → one sentence of it, and what a release moves from and to."""

from __future__ import annotations

from collections import Counter

from generator.domain.words import some
from generator.review.records import SEVERITIES, Report, Touched


def sentence(report: Report) -> str:
    """What a reviewer must know first."""
    if not report.touched and not report.risks:
        return 'Nothing changes in any environment'
    counts = Counter('waived' if risk.is_waived else risk.rule.severity for risk in report.risks)
    risks = ', '.join(f'{counts[each]} {each}' for each in (*SEVERITIES, 'waived') if counts[each]) or 'no risks found'
    environments = sorted({each.environment for each in report.touched})
    restarts = sum(numbers.after for numbers in report.impacts.values() if numbers.pods != 'none')
    where = f' in {some(environments, 5)}' if environments else ''
    releases = f'{len(report.touched)} release{"" if len(report.touched) == 1 else "s"}{where}'
    return f'{risks}: {releases}; {restarts} pod{"" if restarts == 1 else "s"} restart'


def moved(touched: Touched) -> str:
    """The version and chart of a release, before and after."""
    old, new = (
        f'{side.version} (chart {side.resolved.chart.version})' if side else 'none'
        for side in (touched.old, touched.new)
    )
    return old if old == new else f'{old} → {new}'


def as_sentence(text: str) -> str:
    return f'{text[:1].upper()}{text[1:]}.'
