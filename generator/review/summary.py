"""A report → one sentence of it, and what a release moves from and to."""

from __future__ import annotations

from collections import Counter

from generator.domain.words import some
from generator.review.records import SEVERITIES, Report, Touched


def sentence(report: Report) -> str:
    """What a reviewer must know first."""
    if not report.touched and not report.risks:
        if report.problems:
            return 'The change could not be looked at'
        stopped = f'; {len(report.stops)} stop{"" if len(report.stops) == 1 else "s"} for later moves changed'
        return f'Nothing changes in any environment{stopped if report.stops else ""}'
    counts = Counter('waived' if risk.is_waived else risk.rule.severity for risk in report.risks)
    risks = (
        ', '.join(f'{counts[each]} {each}' for each in (*SEVERITIES, 'waived') if counts[each])
        or 'no rule found a risk'
    )
    environments = sorted({each.environment for each in report.touched})
    restarts = sum(numbers.after for numbers in report.impacts.values() if numbers.pods != 'none')
    where = f' in {some(environments, 5)}' if environments else ''
    number = len(report.warnings)
    risks += f', {number} warning{"" if number == 1 else "s"}' if number else ''
    releases = f'{len(report.touched)} release{"" if len(report.touched) == 1 else "s"}{where}'
    return f'{risks}: {releases}; {restarts} pod{" is" if restarts == 1 else "s are"} replaced'


def moved(touched: Touched) -> str:
    """The version and chart of a release, before and after, and another name that it had."""
    old, new = (f'{side.version} (chart {side.chart})' if side else 'none' for side in (touched.old, touched.new))
    was = touched.old.resolved.release.name if touched.old else touched.name
    renamed = f', was {was}' if was != touched.name else ''
    return f'{old}{renamed}' if old == new else f'{old} → {new}{renamed}'


def as_sentence(text: str) -> str:
    return f'{text[:1].upper()}{text[1:]}.'
