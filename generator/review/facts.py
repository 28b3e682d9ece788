"""A release on both sides → what of it the registry says: image, artifact, signature, metrics, and what its environment
grants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.values import Values
from generator.review.impacts import Fact
from generator.review.records import Side, Touched
from generator.values.merge import enabled


def facts(touched: Touched) -> tuple[Fact, ...]:
    """What differs; of a version that is new there, also metrics that are the same."""
    old, new = touched.old, touched.new
    before, after = (dict(_said(side)) if side else {} for side in (old, new))
    names = dict.fromkeys((*before, *after))
    found = [Fact(name, before.get(name, ''), after.get(name, '')) for name in names]
    moves = bool(old and new and old.version != new.version)
    return tuple(each for each in found if each.old != each.new or (moves and each.what.startswith('metrics.')))


def _said(side: Side) -> Iterator[tuple[str, str]]:
    spec = side.version_spec
    yield 'image', _image(side.merged['image'])
    artifact: Mapping[str, Any] = spec.get('artifact', {})
    yield 'artifact', str(artifact.get('uri', ''))
    if digest := artifact.get('sha256') or artifact.get('digest'):
        yield 'artifact sha256', str(digest)
    for part in ('inputs', 'outputs'):
        yield f'signature {part}', _tensors(spec.get('signature', {}).get(part, {}))
    for name, value in spec.get('metrics', {}).items():
        yield f'metrics.{name}', str(value)
    if hosts := _hosts(side):
        yield 'host names', ', '.join(hosts)
        yield 'login', str(side.merged['auth']['type'])


def _hosts(side: Side) -> list[str]:
    routes = (side.merged[key] for key in ('route', 'grpcRoute'))
    return [host for route in routes if route['enabled'] for host in route['hostnames']]


def _image(image: Values) -> str:
    tag, digest = (f'{mark}{image[key]}' if image.get(key) else '' for key, mark in (('tag', ':'), ('digest', '@')))
    return f'{"/".join(filter(None, (image.get("registry"), image.get("repository"))))}{tag}{digest}'


def _tensors(tensors: Values) -> str:
    told = (f'{name}: {each.get("dtype", "?")} {each.get("shape", "")}'.strip() for name, each in tensors.items())
    return ', '.join(told)


def granted(side: Side) -> Iterator[str]:
    """Yield what a release uses that only its environment can give."""
    spec, values, file = side.resolved.environment.spec, side.merged, side.resolved.environment.file
    given: Mapping[str, Any] = spec.get('hostnames', {})
    yield from (f'{file} gives it the host name {host}' for host in _hosts(side) if host in given)
    scheduling: Mapping[str, Any] = spec.get('scheduling', {})
    wanted = {
        'priorityClasses': [values.get('priorityClassName')],
        'runtimeClasses': [values.get('runtimeClassName')],
        'taints': [each.get('key') for each in enabled(values.get('tolerations', {})).values()],
        'devices': list(values.get('resources', {}).get('limits', {})),
    }
    for key, names in wanted.items():
        yield from (f'{file} permits {name} ({key})' for name in names if name and name in scheduling.get(key, ()))
