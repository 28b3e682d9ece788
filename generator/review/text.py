"""A report → lines for a terminal, each with its style."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.domain.words import some
from generator.review.records import Report
from generator.review.summary import moved, sentence

_COLOURS = {'critical': 'red', 'high': 'yellow', 'medium': 'cyan'}
_MOST = 20  # lines of a folded difference
_LONGEST = 240

Style = Mapping[str, object]


def text_lines(report: Report) -> Iterator[tuple[str, Style]]:
    for problem in report.problems:
        yield f'not complete: {problem}', {'fg': 'red'}
    yield f'{sentence(report)} ({report.base} → {report.head or "work tree"})', {'bold': True}
    for risk in report.risks:
        where = f'  [{some(risk.releases, 4)}]' if risk.releases else ''
        waived = 'waived, ' if risk.is_waived else ''
        style = {'dim': True} if waived else {'fg': _COLOURS[risk.rule.severity]}
        yield f'{waived}{risk.rule.severity}: {risk.rule.title}{where}', style
        yield _fitting(f'  {risk.evidence}'), {}
        if risk.waiver:
            yield f'  {risk.waiver}', {}
        yield f'  {risk.rule.advice} ({risk.rule.id})', {'dim': True}
    yield from ((_fitting(line), {'fg': 'cyan'}) for line in report.stops)
    yield from ((_fitting(f'verify warns: {line}'), {'fg': 'yellow'}) for line in report.warnings)
    for each in report.touched:
        numbers = report.impacts[each.name]
        pods = f'{numbers.before} → {numbers.after} pods, {numbers.happens}'
        yield f'{each.name}: {moved(each)}; {pods}', {'bold': True}
        for name, (before, peak, after) in numbers.accelerators.items():
            yield f'  {name}: {before}, at most {peak}, then {after}', {}
        yield from ((f'  {line}', {}) for line in numbers.traffic)
        yield from ((_fitting(f'  {fact.short}'), {}) for fact in numbers.facts)
        yield from ((f'  {line}', {}) for line in numbers.granted)
    for fold in report.folds:
        yield f'{some(fold.releases, 6)}: {len(fold.lines)} difference{"" if len(fold.lines) == 1 else "s"}', {}
        yield from ((_fitting(f'  {line}'), {'dim': True}) for line in fold.lines[:_MOST])
        if len(fold.lines) > _MOST:
            yield f'  and {len(fold.lines) - _MOST} more: --output json has all', {'dim': True}


def _fitting(line: str) -> str:
    """A line that is too long without its middle: both of its ends matter."""
    if len(line) <= _LONGEST:
        return line
    return f'{line[: _LONGEST // 2]} … {line[3 - _LONGEST // 2 :]}'
