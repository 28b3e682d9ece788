"""A report → a page of HTML that needs nothing else: no network, and no script to be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from generator.compare.fields import Field
from generator.compare.told import LONG, whole
from generator.pages.frame import written
from generator.review.beside import MOST, rows
from generator.review.pictures import HEIGHT, WIDTH, picture
from generator.review.records import SEVERITIES, Fold, Report, Risk
from generator.review.summary import moved, sentence

_LINKED = 12  # releases of a risk or fold that are links
_OPEN = 40  # differences that are shown at once; the groups of more are closed
_MANY = 100  # risks and releases of which only those near the window are laid out
_KINDS = {'+': 'is added', '-': 'is removed', '~': ''}


def page(report: Report) -> str:
    """Write the page."""
    risks, folds = _risks(report), _folds(report)
    return written(
        'generator.review', what='report', incomplete='This report is not complete',
        base=report.base, head=report.head or 'work tree', sentence=sentence(report), problems=report.problems,
        stops=report.stops, warnings=report.warnings, risks=risks,
        releases=list(_releases(report, risks, folds)), folds=folds,
        severities=SEVERITIES,
        environments=sorted({each.environment for each in report.touched}),
        models=sorted({each.model for each in report.touched}),
        width=WIDTH, height=HEIGHT, is_many=len(risks) + len(report.touched) > _MANY,
        is_open=sum(len(fold.changes) for fold in report.folds) <= _OPEN,
    )  # fmt: skip


def _risks(report: Report) -> list[dict[str, Any]]:
    numbers = Counter[str]()
    found = []
    for risk in report.risks:
        numbers[risk.rule.id] += 1
        found.append({**_risk(risk), **_names(report, risk.releases), 'id': f'{risk.rule.id}-{numbers[risk.rule.id]}'})
    return found


def _risk(risk: Risk) -> dict[str, str]:
    rule, evidence = risk.rule, risk.evidence
    old, new = evidence.cut(LONG)
    return {
        'rule': rule.id, 'severity': rule.severity, 'title': rule.title, 'advice': rule.advice,
        'object': evidence.object, 'field': evidence.field, 'old': old, 'new': new,
        'waiver': str(risk.waiver or ''),
    }  # fmt: skip


def _releases(
    report: Report, risks: Sequence[Mapping[str, Any]], folds: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    of_risks, of_folds = defaultdict[str, list[tuple[str, str]]](list), defaultdict[str, list[tuple[str, str]]](list)
    for risk, its in zip(risks, report.risks, strict=True):
        for name in its.releases:
            of_risks[name].append((risk['rule'], risk['id']))
    for number, (fold, one) in enumerate(zip(folds, report.folds, strict=True), 1):
        for name in one.releases:
            of_folds[name].append((str(number), fold['id']))
    for each in report.touched:
        numbers = report.impacts[each.name]
        yield {
            'name': each.name, 'id': _id(each.name), 'environment': each.environment, 'model': each.model,
            'moved': moved(each), 'problem': each.problem, 'before': numbers.before, 'after': numbers.after,
            'happens': numbers.happens, 'accelerators': numbers.accelerators, 'traffic': numbers.traffic,
            'facts': [each.short for each in numbers.facts], 'granted': numbers.granted,
            'picture': picture(numbers.way_before, numbers.way),
            'risks': of_risks[each.name], 'folds': of_folds[each.name],
        }  # fmt: skip


def _id(release: str) -> str:
    return f'release-{quote(release, errors="backslashreplace")}'


def _names(report: Report, releases: Sequence[str]) -> dict[str, Any]:
    """Few releases as links; of many, the models of each environment."""
    places = {each.name: number for number, each in enumerate(report.touched)}
    models = defaultdict[str, list[str]](list)
    for name in releases:
        environment, _, model = name.partition('/')
        models[environment].append(model)
    few = len(releases) <= _LINKED
    return {
        'count': len(releases),
        'ranges': ' '.join(_ranges(sorted(places[name] for name in releases if name in places))),
        'links': [(name, _id(name)) for name in releases] if few else [],
        'models': {} if few else {environment: ', '.join(names) for environment, names in models.items()},
    }


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    """[0, 1, 2, 5] → 0-2, 5."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield str(run[0]) if len(run) == 1 else f'{run[0]}-{run[-1]}'


def _folds(report: Report) -> list[dict[str, Any]]:
    return [{'id': f'difference-{n}', **_fold(report, fold)} for n, fold in enumerate(report.folds, 1)]


def _fold(report: Report, fold: Fold) -> dict[str, Any]:
    parts = groupby(fold.changes, lambda change: (change.object, change.sign))
    objects = [
        (name, _KINDS[sign], [_change(each.field) for each in changes if each.field]) for (name, sign), changes in parts
    ]
    number, several = len(fold.changes), len(fold.releases)
    return {
        'title': f'{number} difference{"" if number == 1 else "s"} of {_some_objects([name for name, *_ in objects])}',
        'told': fold.releases[0] if several == 1 else f'{several} releases', 'objects': objects,
        **_names(report, fold.releases),
    }  # fmt: skip


def _some_objects(names: Sequence[str]) -> str:
    return ', '.join(names) if len(names) < 4 else f'{len(names)} objects'


def _change(field: Field) -> dict[str, Any]:
    old, new = whole(field)
    found = rows(old, new)
    return {
        'place': field.place,
        'rows': [
            {'old': row.old, 'new': row.new, 'is_equal': row.is_equal, 'first': not number,
             'is_gap': row.old is None and row.new is None}
            for number, row in enumerate(found[:MOST])
        ],
        'absent': [number for number, value in enumerate((old, new), 1) if value is None],
        'left': len(found[MOST:]),
    }  # fmt: skip
