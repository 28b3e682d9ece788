"""A report → lines for a terminal, each with its style."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.compare.around import start_of
from generator.domain.unseen import in_one_line
from generator.domain.words import some
from generator.review.records import Report
from generator.review.summary import moved, sentence

_COLOURS = {'critical': 'red', 'high': 'yellow', 'medium': 'cyan'}
_MOST = 20  # lines of a folded difference
_LONGEST = 1_000

Style = Mapping[str, object]


def text_lines(report: Report) -> Iterator[tuple[str, Style]]:
    """Each of them is one line, whatever names and texts are in it."""
    return ((in_one_line(line), style) for line, style in _lines(report))


def _lines(report: Report) -> Iterator[tuple[str, Style]]:
    for problem in report.problems:
        yield f'not complete: {problem}', {'fg': 'red'}
    yield f'{sentence(report)} ({report.base} → {report.head or "work tree"})', {'bold': True}
    for risk in report.risks:
        where = f'  [{some(risk.releases, 4)}]' if risk.releases else ''
        waived = 'waived, ' if risk.is_waived else ''
        style = {'dim': True} if waived else {'fg': _COLOURS[risk.rule.severity]}
        yield f'{waived}{risk.rule.severity}: {risk.rule.title}{where}', style
        yield f'  {risk.evidence}', {}
        if risk.waiver:
            yield f'  {risk.waiver}', {}
        yield f'  {risk.rule.advice} ({risk.rule.id})', {'dim': True}
    yield from ((_start(line), {'fg': 'cyan'}) for line in report.stops)
    yield from ((_start(f'verify warns: {line}'), {'fg': 'yellow'}) for line in report.warnings)
    for each in report.touched:
        numbers = report.impacts[each.name]
        pods = f'{numbers.before} → {numbers.after} pods, {numbers.happens}'
        yield f'{each.name}: {moved(each)}; {pods}', {'bold': True}
        for name, (before, peak, after) in numbers.accelerators.items():
            yield f'  {name}: {before}, at most {peak}, then {after}', {}
        yield from ((f'  {line}', {}) for line in numbers.traffic)
        yield from ((f'  {fact.short}', {}) for fact in numbers.facts)
        yield from ((f'  {line}', {}) for line in numbers.granted)
    for fold in report.folds:
        yield f'{some(fold.releases, 6)}: {len(fold.lines)} difference{"" if len(fold.lines) == 1 else "s"}', {}
        yield from ((f'  {line}', {'dim': True}) for line in fold.lines[:_MOST])
        if len(fold.lines) > _MOST:
            yield f'  and {len(fold.lines) - _MOST} more: --output json has all', {'dim': True}


def _start(line: str) -> str:
    """Sentences that people wrote have 300 characters at most, and names before them."""
    return start_of(line, _LONGEST)
