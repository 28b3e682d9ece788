"""A release's published and desired delivery object → warnings about what happens between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from generator.documents.read import read_yaml
from generator.documents.write import is_sealed
from generator.domain.choices import ENGINES, Engine, by_commits, engine_title, makes_routes, writes_weights
from generator.domain.layout import model_of, release_file, release_of
from generator.domain.problems import Problem
from generator.domain.records import Values

_PLACE = re.compile(rb'^(?:kind|  targetNamespace|    namespace|    server): .*$', re.MULTILINE)
_NAMESPACE = re.compile(rb'^  namespace: .*$', re.MULTILINE)  # of the metadata


@dataclass(frozen=True, slots=True)
class _Form:
    """How a release runs, read from its delivery object."""

    chart: str
    values: Values

    @property
    def kind(self) -> str:
        return str(at(self.values, 'strategy', 'type') or 'rolling')

    @property
    def engine(self) -> Engine:
        found = at(self.values, 'strategy', 'engine')
        return found if found in ENGINES else 'native'

    @property
    def shown(self) -> str:
        return self.kind if self.kind == 'rolling' else f'{self.kind} by {engine_title(self.engine)}'

    @property
    def rolls(self) -> bool:
        """Whether a rollout by commits is in progress."""
        return len([track for track in self.tracks.values() if track.get('enabled', True)]) > 1

    @property
    def tracks(self) -> dict[str, Any]:
        tracks = at(self.values, 'tracks')
        found = tracks if isinstance(tracks, dict) else {}
        return {name: track for name, track in found.items() if isinstance(track, dict)}

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
        """Tracks with traffic that do not run in `after`, and their weights.

        Without a rollout only if commits move it in both forms: another strategy or engine has other pods anyway.
        """
        now, then = self.tracks, after.tracks
        both = self.rolls or (by_commits(self.engine) and by_commits(after.engine) and self.kind == after.kind)
        gone = (name for name in now if both and not then.get(name, {}).get('enabled', name == 'stable'))
        return [(name, now[name].get('weight', 0)) for name in gone if now[name].get('weight', 0)]

    @property
    def routes(self) -> tuple[Any, Any]:
        return self.values.get('route'), self.values.get('grpcRoute')


def _form(delivery: Any) -> _Form:
    application = at(delivery, 'kind') == 'Application'
    chart = at(delivery, 'spec', 'source', 'path') if application else at(delivery, 'spec', 'chart', 'spec', 'chart')
    return _Form(str(chart), delivered_values(delivery))


def delivered_values(delivery: Any) -> Values:
    """The values in a delivery object; {} if it has another form: an older chartloom may have made it."""
    path = ('source', 'helm', 'valuesObject') if at(delivery, 'kind') == 'Application' else ('values',)
    found = at(delivery, 'spec', *path)
    return found if isinstance(found, dict) else {}


def at(value: Any, *path: str) -> Any:
    """The value at keys of nested maps; None if it is not there."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def migration_warnings(
    changed: Mapping[str, tuple[bytes, bytes]], rollbacks: Collection[str] = ()
) -> Iterator[Problem]:
    """Warn about changed delivery files; `changed` has the published and the desired content, by path.

    A release of `rollbacks` moves all requests at once on purpose.

    A published file that was edited by hand is skipped: its form is unknown.
    """
    for path, pair in changed.items():
        release = release_of(path)
        if not release or not is_sealed(pair[0]):
            continue
        moves = len({tuple(_NAMESPACE.findall(data)) for data in pair}) > 1
        if moves or any(b'strategy:' in data for data in pair) or _differ(*pair):
            before, after = (read_yaml(data, path) for data in pair)
            yield from _warnings(release_file(release), model_of(path), before, after, back=release in rollbacks)
            yield from _move(release_file(release), before, after)
            yield from _destination(release_file(release), before, after)


def _differ(before: bytes, after: bytes) -> bool:
    """Whether the agent or the place of a release may differ; most changes are of values."""
    return _PLACE.findall(before) != _PLACE.findall(after)


def _move(file: str, before: Values, after: Values) -> Iterator[Problem]:
    """The root Application does not delete the old Application, since its project permits the new namespace only."""
    old, new = before.get('metadata', {}), after['metadata']
    if before.get('kind') == after['kind'] == 'Application' and old['namespace'] != new['namespace']:
        message = (
            f"its Application moves from namespace '{old['namespace']}' to '{new['namespace']}': both would deploy it"
        )
        hint = (
            f"before you apply the new bootstrap, remove metadata.finalizers of Application '{old['name']}'"
            f" in '{old['namespace']}', then delete it"
        )
        yield Problem(file, '', message, hint)


def _destination(file: str, before: Any, after: Any) -> Iterator[Problem]:
    """Warn of a release that goes to another namespace or cluster, or to another agent: the old one is uninstalled."""
    old, new = (_goes_to(each) for each in (before, after))
    if '' not in (old, new) and old != new:
        message = f'moves from {old} to {new}: its pods are removed there, and start anew here'
        yield Problem(file, '', message, 'apply it at low traffic, or add another environment first')


def _goes_to(delivery: Any) -> str:
    """The agent and the place where a release runs; '' if the object does not say it."""
    if at(delivery, 'kind') == 'Application':
        found = at(delivery, 'spec', 'destination')
        namespace, where = at(found, 'namespace'), f' of {at(found, "server")} (Argo CD)'
    else:
        namespace, where = at(delivery, 'spec', 'targetNamespace'), ' (Flux)'
    return f"namespace '{namespace}'{where}" if namespace else ''


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


def _scaling(file: str, old: _Form, new: _Form) -> Iterator[Problem]:
    """Warn of numbers of pods that Flagger passes on to its primary with the next version only."""
    before, after = ([at(form.values, key) for key in ('replicaCount', 'autoscaling')] for form in (old, new))
    kinds = [at(form.values, 'strategy', 'canary', 'autoscalerRef', 'kind') for form in (old, new)]
    if kinds[0] != kinds[1] == 'ScaledObject':
        message = 'KEDA starts pods of the target, too: they run without requests until the next version'
        yield Problem(file, '', message, 'make sure that there is room for twice the pods')
    elif before != after and old.chart == new.chart:
        message = 'Flagger passes the number of pods on to those that serve with the next version only'
        yield Problem(file, '', message, 'start a rollout, or scale the HorizontalPodAutoscaler of the primary by hand')


def _warnings(file: str, name: str, before: Values, after: Values, *, back: bool) -> Iterator[Problem]:
    old, new = _form(before), _form(after)
    gone, comes, rolls = old.workload(name), new.workload(name), old.rolls or new.rolls or back
    if gone != comes:
        message = f'changes from {old.shown} to {new.shown}: {comes} replaces {gone}, whose pods are deleted'
        yield Problem(file, '', message, 'apply it at low traffic: requests may fail until the new pods are ready')
    elif makes_routes(old.engine) != makes_routes(new.engine):
        wait = f'about {30 if makes_routes(old.engine) else 20} seconds and the start of a pod'
        message = (
            f'changes from {old.shown} to {new.shown}: its Service and its route are deleted and recreated, '
            f'requests fail for {wait}'
        )
        yield Problem(file, '', message, 'apply it at low traffic')
    elif by_commits(new.engine) and 'rolling' not in (old.kind, new.kind) and old.chart != new.chart and not rolls:
        message = f'the new version gets all requests at once, although the strategy is {new.kind}'
        yield Problem(file, '', message, "to use the strategy, revert the pin and run 'chartloom rollout start'")
    if makes_routes(old.engine) and makes_routes(new.engine):
        yield from _scaling(file, old, new)
    if old.engine == new.engine and writes_weights(new.engine) and old.routes != new.routes and new.kind == 'canary':
        message = 'the route changes: a canary in progress gets no requests until its next step'
        yield Problem(file, '', message, 'wait until no rollout is in progress')
