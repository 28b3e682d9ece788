"""A report → Markdown for a request: the summary first, then what is dangerous, then details as long as they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from generator.domain.unseen import in_one_line
from generator.domain.words import some
from generator.review.markdown_signs import cell, code, in_html
from generator.review.records import Report, Risk
from generator.review.summary import as_sentence, moved, sentence

LONGEST = 60_000  # characters; forges refuse longer texts
_KEPT = 200  # characters for the last line


def markdown(report: Report) -> str:
    """At most LONGEST characters; what is left out is said at the end."""
    lines, size, left = list[str](), 0, 0
    for line in map(in_one_line, _lines(report)):
        size += len(line) + 1
        if size > LONGEST - _KEPT:
            left += 1
        else:
            lines.append(line)
    if left:
        if sum(line.startswith('```') for line in lines) % 2:
            lines.append('```')
        if sum(line.startswith('<details>') for line in lines) > lines.count('</details>'):
            lines.append('</details>')
        again = code(' '.join(filter(None, ('chartloom review', report.base, report.head))))
        lines.append(f'\n{left} more lines do not fit: {again} shows all.')
    return '\n'.join([*lines, ''])


def _lines(report: Report) -> Iterator[str]:
    for problem in report.problems:
        yield f'> **Not complete:** {code(problem)}'
    yield f'## {sentence(report)}'
    yield ''
    for title, risks in groupby(report.risks, lambda risk: 'waived' if risk.is_waived else risk.rule.severity):
        yield f'### {title.capitalize()}'
        yield ''
        for risk in risks:
            yield from _risk(risk)
        yield ''
    if report.warnings:
        yield '### Warnings of verify'
        yield ''
        yield from (f'* {code(line)}' for line in report.warnings)
        yield ''
    if report.stops:
        yield '### Stops for later moves'
        yield ''
        yield from (f'* {code(line)}' for line in report.stops)
        yield ''
    if report.touched:
        yield from _releases(report)
    for fold in report.folds:
        many = 'difference' if len(fold.lines) == 1 else 'differences'
        yield f'<details><summary>{len(fold.lines)} {many}: {in_html(some(fold.releases, 8))}</summary>'
        yield ''
        yield '```diff'
        yield from fold.lines
        yield '```'
        yield '</details>'


def _risk(risk: Risk) -> Iterator[str]:
    where = f' ({code(some(risk.releases, 5))})' if risk.releases else ''
    advice = f'{as_sentence(risk.rule.advice)} `{risk.rule.id}`'
    waiver = f' {code(as_sentence(str(risk.waiver)))}' if risk.waiver else ''
    yield f'* **{risk.rule.title}**{where}: {code(str(risk.evidence))}. {advice}{waiver}'


def _releases(report: Report) -> Iterator[str]:
    yield '| release | version | pods | accelerators (before, peak, after) | traffic |'
    yield '|---|---|---|---|---|'
    for each in report.touched:
        numbers = report.impacts[each.name]
        devices = ', '.join(f'{name} {a}, {b}, {c}' for name, (a, b, c) in numbers.accelerators.items())
        cells = (
            each.name,
            moved(each),
            f'{numbers.before} → {numbers.after}, {numbers.happens}',
            devices,
            '; '.join(numbers.traffic),
        )
        yield _row(cells)
    yield ''
    yield from _facts(report)


def _facts(report: Report) -> Iterator[str]:
    """What images, artifacts, signatures and metrics differ, the same of several releases once; and what is granted."""
    told: dict[tuple[str, ...], list[str]] = {}
    for name, numbers in report.impacts.items():
        if lines := (*map(str, numbers.facts), *numbers.granted):
            told.setdefault(lines, []).append(name)
    for lines, names in told.items():
        yield f'* {code(some(names, 5))}: {"; ".join(map(code, lines))}'
    if told:
        yield ''


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cell(each) for each in cells)} |'
