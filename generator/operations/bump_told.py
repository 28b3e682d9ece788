"""What a bump does → the rows of its result, and the subject and body of its commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from generator.charts.versions import ModelCharts
from generator.domain.generated import Pods
from generator.domain.problems import Problem
from generator.domain.records import Registry
from generator.domain.words import cut
from generator.operations.bump_requests import Request
from generator.operations.following import followers
from generator.plan.message import shortened

Row = Mapping[str, Any]

_REASONS = 20  # of one version; the ledger has all
_MANY = 50  # versions that a commit names
_BREAKING = 5  # reasons of one of many versions
_SHOWN = 150  # characters of a problem


def row_of(request: Request, charts: ModelCharts, registry: Registry, *, added: bool) -> dict[str, Any]:
    """What becomes of a version, or has become of it: its chart, and the environments that take it."""
    model, entry = registry.models[request.model], charts.newest(request.version)
    found = followers(registry, request.model) if model.newest.version == request.version else ()
    return {
        'model': request.model,
        'version': request.version,
        'added': added,
        'chart': entry.version if entry else '',
        'class': entry.bump if entry else '',
        'reasons': list(entry.reasons) if entry else [],
        'pods': entry.pods if entry else 'none',
        'after': request.after,
        'newest': model.newest.version,
        'environments': [each.environment for each in found if not each.held],
        'held': [{'environment': each.environment, 'reason': each.held} for each in found if each.held],
        'notes': request.given.get('notes', ''),
    }


def blocked_row(request: Request, problems: Sequence[Problem]) -> dict[str, Any]:
    told = [{'file': p.file, 'path': p.path, 'message': p.message, 'hint': p.hint} for p in problems]
    return {'model': request.model, 'version': request.version, 'problems': told}


def subject(rows: Sequence[Row]) -> str:
    if not rows:
        return ''
    if len(rows) > 1:
        return f'Release {len(rows)} model versions'
    return shortened(f'Release {rows[0]["model"]} {rows[0]["version"]}')


def body(rows: Sequence[Row], blocked: Sequence[Row]) -> tuple[str, ...]:
    """The lines of the commit's body: one version in whole, of many one line each."""
    lines = [line for row in rows for line in _whole(row)] if len(rows) == 1 else []
    if len(rows) > 1:
        lines = [line for row in rows[:_MANY] for line in _short(row)]
        lines += [f'* and {len(rows) - _MANY} more'] if len(rows) > _MANY else []
    if blocked:
        lines += ['', 'Not released, because of problems:']
        lines += [f'* {row["model"]} {row["version"]}: {_why(row)}' for row in blocked[:_MANY]]
        lines += [f'* and {len(blocked) - _MANY} more'] if len(blocked) > _MANY else []
    return tuple(lines)


def _whole(row: Row) -> Iterator[str]:
    yield f'Chart {row["chart"]} ({_class(row)}), {_pods(row["pods"])}:'
    reasons = row['reasons']
    yield from (f'* {reason}' for reason in reasons[:_REASONS])
    if len(reasons) > _REASONS:
        yield f'* and {len(reasons) - _REASONS} more, in the ledger'
    if row['after']:
        yield f'It follows {row["after"]}; the newest version {_stays(row)}.'
    yield from (f'{line}.' for line in _reach(row))
    if row['notes']:
        # As a quotation: no line of it is taken for a trailer.
        yield from ['', *(f'> {line}'.rstrip() for line in row['notes'].rstrip('\n').split('\n'))]


def _short(row: Row) -> Iterator[str]:
    """A version among many: what breaks those who use it is told, the rest is in the ledger."""
    yield f'* {summary(row)}'
    if row['class'] == 'major':
        yield from (f'  * {reason}' for reason in row['reasons'][:_BREAKING])


def _why(row: Row) -> str:
    return cut(row['problems'][0]['message'], _SHOWN)


def _stays(row: Row) -> str:
    return 'is this one' if row['newest'] == row['version'] else f'stays {row["newest"]}'


def _class(row: Row) -> str:
    return 'the first' if row['class'] == 'initial' else str(row['class'])


def _pods(pods: Pods) -> str:
    match pods:
        case 'none':
            return 'no pod restarts'
        case 'restart':
            return 'pods restart'
        case 'recreate':
            return 'pods are recreated'
        case _:
            assert_never(pods)


def _reach(row: Row) -> Iterator[str]:
    if names := row['environments']:
        verb = 'follows' if len(names) == 1 else 'follow'
        yield f'Reaches {", ".join(names)}, which {verb} the newest version'
    else:
        yield 'Reaches no environment by itself'
    yield from (f'Does not reach {each["environment"]}: {each["reason"]}' for each in row['held'])


def summary(row: Row) -> str:
    """A line about one version."""
    name = f'{row["model"]} {row["version"]}'
    if not row['added']:
        return f'{name} is released already, with the same content (chart {row["chart"]})'
    reach = f'reaches {", ".join(row["environments"]) or "no environment by itself"}'
    held = ''.join(f', not {each["environment"]}: {each["reason"]}' for each in row['held'])
    return f'{name}: chart {row["chart"]} ({_class(row)}), {_pods(row["pods"])}; {reach}{held}'
