"""A release's published and desired delivery object → warnings about what happens between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from generator.documents.read import read_yaml
from generator.documents.write import is_sealed
from generator.domain.choices import Engine, by_commits, engine_title, makes_routes, writes_weights
from generator.domain.layout import model_of, release_file, release_of
from generator.domain.problems import Problem
from generator.domain.records import Values

_NAMESPACE = re.compile(rb'^  namespace: .*$', re.MULTILINE)  # of the metadata


@dataclass(frozen=True, slots=True)
class _Form:
    """How a release runs, read from its delivery object."""

    chart: str
    values: Values

    @property
    def kind(self) -> str:
        return str(self.values.get('strategy', {}).get('type', 'rolling'))

    @property
    def engine(self) -> Engine:
        found: Engine = self.values.get('strategy', {}).get('engine', 'native')
        return found

    @property
    def shown(self) -> str:
        return self.kind if self.kind == 'rolling' else f'{self.kind} by {engine_title(self.engine)}'

    @property
    def rolls(self) -> bool:
        """Whether a rollout by commits is in progress."""
        return len([track for track in self.values.get('tracks', {}).values() if track.get('enabled', True)]) > 1

    def workload(self, name: str) -> str:
        """The object that creates the pods with the traffic."""
        engine = self.engine
        match engine:
            case 'native' if self.kind == 'blueGreen':
                return f'Deployment {name}-blue or {name}-green'
            case 'native' | 'flagger':
                return f'Deployment {name}'
            case 'argo-rollouts':
                return f'Rollout {name}'
            case _:
                assert_never(engine)

    def serving(self, after: _Form) -> list[tuple[str, int]]:
        """Tracks with traffic that do not run in `after`, and their weights; only if commits move it in both forms."""
        now, then = (form.values.get('tracks', {}) for form in (self, after))
        both = by_commits(self.engine) and by_commits(after.engine) and self.kind == after.kind
        gone = (name for name in now if both and not then.get(name, {}).get('enabled', name == 'stable'))
        return [(name, now[name].get('weight', 0)) for name in gone if now[name].get('weight', 0)]

    @property
    def routes(self) -> tuple[Any, Any]:
        return self.values.get('route'), self.values.get('grpcRoute')


def _form(delivery: Any) -> _Form:
    application = _at(delivery, 'kind') == 'Application'
    chart = _at(delivery, 'spec', 'source', 'path') if application else _at(delivery, 'spec', 'chart', 'spec', 'chart')
    return _Form(str(chart), delivered_values(delivery))


def delivered_values(delivery: Any) -> Values:
    """The values in a delivery object; {} if it has another form: an older chartloom may have made it."""
    path = ('source', 'helm', 'valuesObject') if _at(delivery, 'kind') == 'Application' else ('values',)
    found = _at(delivery, 'spec', *path)
    return found if isinstance(found, dict) else {}


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def migration_warnings(changed: Mapping[str, tuple[bytes, bytes]]) -> Iterator[Problem]:
    """Warn about changed delivery files; `changed` has the published and the desired content, by path.

    A published file that was edited by hand is skipped: its form is unknown.
    """
    for path, pair in changed.items():
        release = release_of(path)
        if not release or not is_sealed(pair[0]):
            continue
        moves = len({tuple(_NAMESPACE.findall(data)) for data in pair}) > 1
        if moves or any(b'strategy:' in data for data in pair):
            before, after = (read_yaml(data, path) for data in pair)
            yield from _warnings(release_file(release), model_of(path), before, after)
            yield from _move(release_file(release), before, after)


def _move(file: str, before: Values, after: Values) -> Iterator[Problem]:
    """The root Application does not delete the old Application, since its project permits the new namespace only."""
    old, new = before.get('metadata', {}), after['metadata']
    if before.get('kind') == after['kind'] == 'Application' and old['namespace'] != new['namespace']:
        message = (
            f"its Application moves from namespace '{old['namespace']}' to '{new['namespace']}': both would deploy it"
        )
        hint = (
            f"delete '{old['name']}' in '{old['namespace']}' without its finalizer, before you apply the new bootstrap"
        )
        yield Problem(file, '', message, hint)


def lost_requests(changed: Mapping[str, tuple[bytes, bytes]]) -> Iterator[Problem]:
    """Report tracks that are removed while requests go to them; `changed` as for `migration_warnings`."""
    for path, pair in changed.items():
        release = release_of(path)
        if release and is_sealed(pair[0]) and b'tracks:' in pair[0]:
            before, after = (_form(read_yaml(data, path)) for data in pair)
            for track, weight in before.serving(after):
                message = f'the pods of track {track} are removed at once, and they serve {weight} % of the requests'
                hint = (
                    f"undo the change, and move the requests first with 'chartloom rollout'; "
                    f'or lose them: --allow-removal {release}'
                )
                yield Problem(release_file(release), '', message, hint)


def _warnings(file: str, name: str, before: Values, after: Values) -> Iterator[Problem]:
    old, new = _form(before), _form(after)
    gone, comes, rolls = old.workload(name), new.workload(name), old.rolls or new.rolls
    if gone != comes:
        message = f'changes from {old.shown} to {new.shown}: {comes} replaces {gone}, whose pods are deleted'
        yield Problem(file, '', message, 'apply it at low traffic: requests may fail until the new pods are ready')
    elif makes_routes(old.engine) != makes_routes(new.engine):
        message = f'changes from {old.shown} to {new.shown}: its Service and its route are deleted and recreated'
        yield Problem(file, '', message, 'apply it at low traffic')
    elif by_commits(new.engine) and 'rolling' not in (old.kind, new.kind) and old.chart != new.chart and not rolls:
        message = f'the new version gets all requests at once, although the strategy is {new.kind}'
        yield Problem(file, '', message, "to use the strategy, revert the pin and run 'chartloom rollout start'")
    if old.engine == new.engine and writes_weights(new.engine) and old.routes != new.routes and new.kind == 'canary':
        message = 'the route changes: a canary in progress gets no requests until its next step'
        yield Problem(file, '', message, 'wait until no rollout is in progress')
