"""A report → Markdown for a request: the summary first, then what is dangerous, then details as long as they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from generator.domain.words import some
from generator.review.records import Report, Risk
from generator.review.summary import as_sentence, moved, sentence

LONGEST = 60_000  # characters; forges refuse longer texts
_KEPT = 200  # characters for the last line


def markdown(report: Report) -> str:
    """At most LONGEST characters; what is left out is said at the end."""
    lines, size, left = list[str](), 0, 0
    for line in _lines(report):
        size += len(line) + 1
        if size > LONGEST - _KEPT:
            left += 1
        else:
            lines.append(line)
    if left:
        if sum(line.startswith('```') for line in lines) % 2:
            lines.append('```')
        if sum('<details>' in line for line in lines) > sum('</details>' in line for line in lines):
            lines.append('</details>')
        again = ' '.join(filter(None, ('chartloom review', report.base, report.head)))
        lines.append(f'\n{left} more lines do not fit: `{again}` shows all.')
    return '\n'.join([*lines, ''])


def _lines(report: Report) -> Iterator[str]:
    for problem in report.problems:
        yield f'> **Not complete:** {_plain(problem)}'
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
        yield from (f'* {_plain(line)}' for line in report.warnings)
        yield ''
    if report.stops:
        yield '### Stops for later moves'
        yield ''
        yield from (f'* {_plain(line)}' for line in report.stops)
        yield ''
    if report.touched:
        yield from _releases(report)
    for fold in report.folds:
        many = 'difference' if len(fold.lines) == 1 else 'differences'
        yield f'<details><summary>{len(fold.lines)} {many}: {_plain(some(fold.releases, 8))}</summary>'
        yield ''
        yield '```diff'
        yield from (line.replace('```', "'''") for line in fold.lines)
        yield '```'
        yield '</details>'


def _risk(risk: Risk) -> Iterator[str]:
    where = f' ({some(risk.releases, 5)})' if risk.releases else ''
    advice = f'{as_sentence(risk.rule.advice)} `{risk.rule.id}`'
    waiver = f' {_plain(as_sentence(str(risk.waiver)))}' if risk.waiver else ''
    yield f'* **{risk.rule.title}**{_plain(where)}: {_code(str(risk.evidence))}. {advice}{waiver}'


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
        yield f'* **{_plain(some(names, 5))}**: {"; ".join(_code(line) for line in lines)}'
    if told:
        yield ''


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(_plain(cell) for cell in cells)} |'


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in ('\\', '|', '<', '*', '_', '`', '['):
        text = text.replace(sign, f'\\{sign}')
    # Forges look for names after Markdown: only a space without width keeps @everyone from being told.
    return text.replace('@', '@\u200b').replace('\n', ' ')


def _code(text: str) -> str:
    return '`' + text.replace('`', "'").replace('\n', ' ') + '`'
