"""A plan → the commit message that a reviewer reads first: what moves, then how it was made, as trailers."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from generator.domain import Plan
from generator.summary import Summary, summarize


def commit_message(plan: Plan, registry_files: Collection[str], operation: str, subject: str = '') -> str:
    """Subject of at most 72 characters, the charts and releases in the body, the operation as trailer."""
    summary = summarize(plan)
    lines = [subject or _subject(summary, registry_files), '']
    lines += _section('New charts', summary.new_charts)
    lines += _section('Changed releases', summary.releases)
    lines += _section('Removed', summary.removed)
    lines += _section('Registry', sorted(registry_files))
    return '\n'.join([*lines, f'Chartloom-Operation: {operation}', ''])


def _subject(summary: Summary, registry_files: Collection[str]) -> str:
    parts = []
    if summary.new_charts:
        parts.append(_count(summary.new_charts, 'chart'))
    if summary.releases:
        parts.append(_count(summary.releases, 'release'))
    if len(summary.models) == 1 and parts:
        return f'Generate {summary.models[0]}: {", ".join(parts)}'[:72]
    if parts:
        return f'Generate {", ".join(parts)}'
    return 'Generate repository documents' if summary.documents else f'Update {_count(registry_files, "registry file")}'


def _count(items: Collection[str], what: str) -> str:
    return f'{len(items)} {what}{"s" if len(items) != 1 else ""}'


def _section(title: str, items: Iterable[str]) -> list[str]:
    shown = list(items)
    if not shown:
        return []
    more = [f'* and {len(shown) - 50} more'] if len(shown) > 50 else []
    return [f'{title}:', *(f'* {item}' for item in shown[:50]), *more, '']
