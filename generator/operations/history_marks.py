"""The file of a release before and after a commit → what the commit changed besides the pin, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.credentials import veiled
from generator.domain.places import Path, json_path
from generator.domain.words import cut
from generator.plan.adoption import differences

Spec = Mapping[str, Any] | None

# Keys whose change is told by other words than 'changed'.
_TOLD = {'version', 'chart', 'lock', 'suspended', 'withdrawn', 'rollback', 'skipPromotion', 'slot'}
_MOST = 5  # changed values of a commit


def marks(before: Spec, after: Spec, rollout: Spec, then: Spec) -> Iterator[str]:
    """Yield what changed in a release (None: no file) and in its rollout."""
    yield from _rollout(rollout, then)
    if before is None or after is None:
        if before is not after:
            yield 'released' if before is None else 'removed'
        return
    if after.get('rollback') and after['rollback'] != before.get('rollback'):
        yield 'rollback'
    yield from _with_reason(before.get('lock'), after.get('lock'), 'locked', 'unlocked')
    yield from _with_reason(before.get('suspended'), after.get('suspended'), 'suspended', 'resumed')
    yield from _withdrawn(before.get('withdrawn'), after.get('withdrawn'))
    if (why := after.get('skipPromotion')) and why != before.get('skipPromotion'):
        yield f'skips promotion: {why}'
    changed = [
        f'{json_path(path).removeprefix("$.")}: {_shown(path, old)} → {_shown(path, new)}'
        for key in sorted({*before, *after} - _TOLD)
        for path, old, new in differences(*_as_maps(before.get(key), after.get(key)), (key,))
    ]
    yield from changed[:_MOST]
    if more := len(changed) - _MOST if len(changed) > _MOST else 0:
        yield f'and {more} more values'


def lock_marks(what: str, before: Spec, after: Spec) -> Iterator[str]:
    """Yield what changed in the lock of an environment or an application, which holds for its releases."""
    locks = (before or {}).get('lock'), (after or {}).get('lock')
    yield from _with_reason(*locks, f'{what} locked', f'{what} unlocked')


def _as_maps(before: Any, after: Any) -> tuple[Any, Any]:
    """The same values; a map that is new, or gone, is told by its entries."""
    return {} if before is None and isinstance(after, dict) else before, (
        {} if after is None and isinstance(before, dict) else after
    )


def _shown(path: Path, value: Any) -> str:
    if value is None:
        return 'nothing'
    found = veiled(path, value)
    return cut(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str), 60)


def _rollout(before: Spec, after: Spec) -> Iterator[str]:
    if before is None and after is not None:
        yield f'rollout to {_target(after)} started'
    elif before is not None and after is None:
        yield f'rollout to {_target(before)} ended{" after an abort" if before.get("aborted") else ""}'
    elif before is not None and after is not None and before != after:
        if after.get('aborted') and not before.get('aborted'):
            yield f'rollout to {_target(after)} aborted'
        else:
            yield f'rollout to {_target(after)} at {after.get("stage")}'


def _target(rollout: Mapping[str, Any]) -> str:
    to = rollout.get('to')
    return str(to.get('version', '')) if isinstance(to, dict) else ''


def _with_reason(before: object, after: object, set_: str, taken: str) -> Iterator[str]:
    if before == after:
        return
    if not after:
        yield taken
        return
    found = after if isinstance(after, dict) else {}
    until = f' until {found["until"]}' if 'until' in found else ''
    by = f' ({found["by"]})' if 'by' in found else ''
    yield f'{set_}{until}: {found.get("reason", "")}{by}'


def _withdrawn(before: object, after: object) -> Iterator[str]:
    old, new = _by_version(before), _by_version(after)
    for version in new:
        if version not in old:
            yield f'{version} withdrawn: {new[version]}'
    for version in old:
        if version not in new:
            yield f'{version} no longer withdrawn'


def _by_version(entries: object) -> dict[str, str]:
    rows = entries if isinstance(entries, list) else []
    return {str(row.get('version', '')): str(row.get('reason', '')) for row in rows if isinstance(row, dict)}
