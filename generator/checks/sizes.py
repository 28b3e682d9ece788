"""A resolved release → problems: values that are too large for its agent, or for the API server, in any stage."""

from __future__ import annotations

import json
from collections.abc import Iterator

from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.strategy import Canary
from generator.domain.values import Values
from generator.strategies.ahead import merged_at, stages_ahead
from generator.values.blame import written_at
from generator.values.merge import difference
from generator.values.sizes import OBJECTS, largest, object_size, quick_size, shown, yaml_size

# Of the values in a delivery object: an Application holds them about 14 times, and with 145 kB it was not updated any
# more (argo-cd#2790).
VALUES = 65_536
_SMALL = VALUES // 8  # of the quick size


def size_problems(release: ResolvedRelease, now: str = '') -> Iterator[Problem]:
    """Yield at most one problem: of the release as it is, else of the stages of its rollout from `now` on.

    `now` is '' if no rollout is in progress: what the old version has more than the new one is not known yet.
    """
    if quick_size(release.values) + _headers(release) < _SMALL:
        return
    ahead = (difference(release.chart.values, merged_at(release, stage)) for stage in stages_ahead(release, now))
    found = (
        _of_values(release, release.values, ', in a rollout,' if now else '', now),
        _of_objects(release, release.merged),
        *(_of_values(release, values, ', in a rollout,', now) for values in ahead),
    )
    yield from list(filter(None, found))[:1]


def _headers(release: ResolvedRelease) -> int:
    """The length of what headers of a strategy add to all rules, at most."""
    strategy = release.strategy
    if not isinstance(strategy, Canary) or not any(step.headers for step in strategy.steps):
        return 0
    rules = [rule for key in ('route', 'grpcRoute') for rule in release.merged['routing'][key]]
    matches = sum(len(rule.get('matches') or rule.get('match') or '1') for rule in rules)
    most = max(len(json.dumps(dict(step.headers))) for step in strategy.steps)
    return len(json.dumps(rules)) + matches * 2 * most


def _of_values(release: ResolvedRelease, values: Values, during: str, now: str) -> Problem | None:
    size = yaml_size(values)
    if size <= VALUES:
        return None
    name = release.release.name
    message = f"the values of release '{name}'{during} have {size:,} bytes, an agent takes {VALUES:,}: "
    hint = 'put what is large into the model, the image or a volume: values of a model are in its chart'
    if now:
        hint = (
            'let both versions have it in common, or change all pods at once, without a rollout:'
            f" 'chartloom pin --newest {name}'"
        )
    return _problem(release, values, message, hint, escaped=False)


def _of_objects(release: ResolvedRelease, merged: Values) -> Problem | None:
    size = object_size(merged)
    if size <= OBJECTS:
        return None
    message = (
        f"the values of release '{release.release.name}' and of its chart have {size:,} bytes in objects of Kubernetes,"
        f' which have room for {OBJECTS:,}: '
    )
    return _problem(release, merged, message, 'put what is large into the image or a volume', escaped=True)


def _problem(release: ResolvedRelease, values: Values, message: str, hint: str, *, escaped: bool) -> Problem:
    """A problem at the largest key; each key is shown with its size and, if another file sets it, that file."""
    keys = largest(values)
    if keys[0][0] == 'routing':
        hint = 'write fewer rules of routes, or fewer headers of steps'
    places = [_place(release, path) for path in keys]
    file, path = places[0]
    told = [
        shown(values, key, escaped=escaped) + (f' ({place[0]})' if place[0] != file else '')
        for key, place in zip(keys, places, strict=True)
    ]
    return Problem(file, path, f'{message}{", ".join(told)}', hint)


def _place(release: ResolvedRelease, path: Path) -> tuple[str, str]:
    """The place in the registry that sets a value; what a track overrides comes from the old version of the release."""
    if path[0] == 'tracks':
        return release.release.file, '$.spec'
    layers = (*release.chart.layers, *release.layers)
    key = 'grpcRoute' if path[:2] == ('routing', 'grpcRoute') else 'route'
    place = (key, 'methods' if key == 'grpcRoute' else 'rules') if path[0] == 'routing' else path
    return written_at(place, layers) or (release.release.file, '$.spec')
