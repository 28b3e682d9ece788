"""A report → data for programs, as schemas/report.json describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.compare.told import LONG
from generator.domain.waivers import Waiver
from generator.registry.load import API_VERSION
from generator.review.impacts import Point
from generator.review.records import Report
from generator.review.summary import moved, sentence


def report_data(report: Report) -> dict[str, Any]:
    return {
        'apiVersion': API_VERSION,
        'kind': 'Report',
        'base': report.base,
        'head': report.head,
        'complete': not report.problems,
        'problems': list(report.problems),
        'summary': sentence(report),
        'worst': report.worst,
        'risks': [
            {
                'rule': risk.rule.id, 'severity': risk.rule.severity, 'title': risk.rule.title,
                'advice': risk.rule.advice, 'releases': list(risk.releases), 'object': risk.evidence.object,
                'field': risk.evidence.field, **_sides(risk.evidence.cut(LONG)),
                'waiver': _waiver(risk.waiver) if risk.waiver else None,
            }
            for risk in report.risks
        ],
        'releases': [
            {
                'release': each.name, 'moved': moved(each), 'digest': each.new.digest if each.new else '',
                'pods': report.impacts[each.name].pods, 'podsBefore': report.impacts[each.name].before,
                'podsAfter': report.impacts[each.name].after,
                'accelerators': {
                    name: {'before': before, 'peak': peak, 'after': after}
                    for name, (before, peak, after) in report.impacts[each.name].accelerators.items()
                },
                'traffic': list(report.impacts[each.name].traffic),
                'wayBefore': _way(report.impacts[each.name].way_before),
                'way': _way(report.impacts[each.name].way),
                'facts': [
                    {'what': fact.what, **_sides(fact.cut(LONG))} for fact in report.impacts[each.name].facts
                ],
                'granted': list(report.impacts[each.name].granted),
            }
            for each in report.touched
        ],
        'stops': list(report.stops),
        'warnings': list(report.warnings),
        'files': [{'file': file, 'blob': blob} for file, blob in sorted(report.files.items())],
        'differences': [
            {'releases': list(fold.releases), 'lines': [each.told(LONG) for each in fold.changes]}
            for fold in report.folds
        ],
    }  # fmt: skip


def _sides(both: tuple[str, str]) -> dict[str, str]:
    old, new = both
    return {'old': old, 'new': new}


def _way(points: Sequence[Point]) -> list[dict[str, Any]]:
    return [{'weight': each.weight, 'hold': each.hold, 'approval': each.approval} for each in points]


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {'file': waiver.file, 'until': waiver.until, 'reason': waiver.reason, 'ended': waiver.ended}
