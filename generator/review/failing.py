"""A report → whether it has a risk of a severity or by a rule that somebody named."""

from __future__ import annotations

from collections.abc import Collection

from generator.review.records import SEVERITIES, Report
from generator.review.report import ALL_RULES

NAMES = (*SEVERITIES, *sorted(ALL_RULES))


def fails(report: Report, named: Collection[str]) -> bool:
    """Whether a risk that is not waived is at least so severe, or found by one of these rules.

    A report that is not complete may lack a risk, so that it fails, too.
    """
    severe = SEVERITIES[: max((SEVERITIES.index(each) + 1 for each in named if each in SEVERITIES), default=0)]
    found = any(risk.rule.severity in severe or risk.rule.id in named for risk in report.counting)
    return bool(named) and (found or bool(report.problems))
