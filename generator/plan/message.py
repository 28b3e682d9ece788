"""A plan → the commit message: a subject, lists of what changes, and the operation as a trailer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from generator.domain.generated import Plan
from generator.plan.summary import Summary, summarize

TRAILER = 'Chartloom-Operation'  # in every commit that chartloom makes
_LONGEST_SUBJECT = 72
_LONGEST_LIST = 50
_CHART_AT_END = re.compile(r' \(chart [^()]*\)$')


def commit_message(
    plan: Plan,
    registry_files: Collection[str],
    operation: str,
    subject: str = '',
    reasons: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    more: Iterable[str] = (),
    gone: Collection[str] = (),
) -> str:
    """Write a subject of at most 72 characters, the charts and releases in the body, the operation as trailer.

    `reasons` says why releases change: they move to another chart, their chart changes, or which values do. `notes`
    are the first lines of the body, and `more` its last ones: further trailers. `gone` are the registry files among
    them that the commit removes.
    """
    summary = summarize(plan, reasons or {})
    lines = [subject.strip() or _subject(summary, registry_files, operation, gone), '']
    lines += [*notes, ''] if notes else []
    lines += _section('New charts', summary.new_charts)
    lines += _section('Restored charts', summary.restored_charts)
    lines += _section('Changed drafts', summary.changed_charts)
    lines += _section('Changed releases', (_reasoned(name, reasons or {}) for name in summary.releases))
    title = 'Removed, and uninstalled by the agent' if summary.uninstalled else 'Removed'
    lines += _section(title, [name for name in summary.removed if name not in summary.kept])
    lines += _section('Removed, and their objects stay in the cluster', summary.kept)
    lines += _section('Documents', summary.documents)
    lines += _section('Registry', (f'{file}: removed' if file in gone else file for file in sorted(registry_files)))
    return '\n'.join([*lines, f'{TRAILER}: {operation}', *more, ''])


def _reasoned(release: str, reasons: Mapping[str, str]) -> str:
    return f'{release}: {reasons[release]}' if release in reasons else release


def _subject(summary: Summary, registry_files: Collection[str], operation: str, gone: Collection[str]) -> str:
    what = f'{summary.models[0]}: ' if len(summary.models) == 1 else ''
    if operation.split()[0] == 'prune':
        return shortened(f'Prune {what}{", ".join(_count("", summary.removed, "chart")) or "no chart"}')
    parts = [
        *_count('', summary.new_charts, 'chart'),
        *_count('restore ', summary.restored_charts, 'chart'),
        *_count('', summary.changed_charts, 'draft'),
        *_count('', summary.releases, 'release'),
        *_count('remove ', [name for name in summary.removed if '/' in name], 'release'),
        *_count('remove ', [name for name in summary.removed if '/' not in name], 'draft'),
    ]
    if not parts:
        return 'Generate repository documents' if summary.documents else _about(registry_files, gone)
    return shortened(f'Generate {what}{", ".join(parts)}')


def shortened(subject: str) -> str:
    """Cut a subject; a chart at its end goes first, since the body names it."""
    if len(subject) > _LONGEST_SUBJECT:
        subject = _CHART_AT_END.sub('', subject)
    return subject if len(subject) <= _LONGEST_SUBJECT else f'{subject[: _LONGEST_SUBJECT - 1]}…'


def _count(verb: str, items: Collection[str], one: str, many: str = '') -> list[str]:
    return [f'{verb}{len(items)} {one if len(items) == 1 else many or f"{one}s"}'] if items else []


def _about(registry_files: Collection[str], gone: Collection[str]) -> str:
    """The subject of a commit that changes no release: the file itself, if there is only one."""
    if len(registry_files) == 1:
        (file,) = registry_files
        return shortened(f'{"Remove" if file in gone else "Update"} {file}')
    return f'Update {"".join(_count("", registry_files, "registry file")) or "generated files"}'


def _section(title: str, items: Iterable[str]) -> list[str]:
    shown = list(items)
    if not shown:
        return []
    more = [f'* and {len(shown) - _LONGEST_LIST} more'] if len(shown) > _LONGEST_LIST else []
    return [f'{title}:', *(f'* {item}' for item in shown[:_LONGEST_LIST]), *more, '']
