"""Published and desired delivery files → the releases that change between them, each object read once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from generator.documents.read import read_yaml
from generator.documents.write import is_sealed
from generator.domain.choices import ENGINES, Engine, by_commits, engine_title
from generator.domain.layout import CHART_LABEL, release_document, release_of
from generator.domain.problems import ProblemsFound
from generator.domain.values import Values

# The agent of a release, and where the release and its delivery object are.
_PLACE = re.compile(rb'^(?:kind|  namespace|  targetNamespace|    namespace|    server): .*$', re.MULTILINE)


def at(value: Any, *path: str) -> Any:
    """The value at keys of nested maps; None if it is not there."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """How a release runs, by its delivery object, which an older chartloom may have made in another form."""

    delivery: Any

    @property
    def is_application(self) -> bool:
        return bool(at(self.delivery, 'kind') == 'Application')

    @property
    def chart(self) -> str:
        """The chart version, wherever the agent gets it from."""
        path = ('source', 'path') if self.is_application else ('chart', 'spec', 'chart')
        found = at(self.delivery, 'metadata', 'labels', CHART_LABEL) or at(self.delivery, 'spec', *path)
        return str(found).rpartition('/')[2]

    @property
    def values(self) -> Values:
        path = ('source', 'helm', 'valuesObject') if self.is_application else ('values',)
        found = at(self.delivery, 'spec', *path)
        return found if isinstance(found, dict) else {}

    @property
    def place(self) -> str:
        """The agent and where it deploys; '' if the object does not say it."""
        if self.is_application:
            found = at(self.delivery, 'spec', 'destination')
            namespace, where = at(found, 'namespace'), f' of {at(found, "server")} (Argo CD)'
        else:
            namespace, where = at(self.delivery, 'spec', 'targetNamespace'), ' (Flux)'
        return f"namespace '{namespace}'{where}" if namespace else ''

    @property
    def kind(self) -> str:
        return str(at(self.values, 'strategy', 'type') or 'rolling')

    @property
    def engine(self) -> Engine:
        found = at(self.values, 'strategy', 'engine')
        return found if found in ENGINES else 'native'

    @property
    def canary(self) -> Values:
        """The specification of Flagger's Canary; {} if it has none."""
        found = at(self.values, 'strategy', 'canary')
        return found if isinstance(found, dict) else {}

    @property
    def shown(self) -> str:
        return self.kind if self.kind == 'rolling' else f'{self.kind} by {engine_title(self.engine)}'

    @property
    def tracks(self) -> dict[str, Any]:
        tracks = at(self.values, 'tracks')
        found = tracks if isinstance(tracks, dict) else {}
        return {name: track for name, track in found.items() if isinstance(track, dict)}

    @property
    def rolls(self) -> bool:
        """Whether a rollout by commits is in progress."""
        return len([track for track in self.tracks.values() if track.get('enabled', True)]) > 1

    @property
    def routes(self) -> tuple[Any, ...]:
        keys = ('route', 'grpcRoute')
        removed = [path for path in self.values.get('removed', ()) if path[0] in keys]
        return *map(self.values.get, keys), removed

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

    def serving(self, after: Form) -> list[tuple[str, int]]:
        """Tracks with traffic that do not run in `after`, and their weights.

        Without a rollout only if commits move it in both forms: another strategy or engine has other pods anyway.
        """
        now, then = self.tracks, after.tracks
        both = self.rolls or (by_commits(self.engine) and by_commits(after.engine) and self.kind == after.kind)
        gone = (name for name in now if both and not then.get(name, {}).get('enabled', name == 'stable'))
        return [(name, now[name].get('weight', 0)) for name in gone if now[name].get('weight', 0)]


@dataclass(frozen=True, slots=True)
class Move:
    """A release whose delivery object changes, or is removed (`after` is None).

    `by_hand`: the published file was edited, so it may not be what the cluster runs.
    """

    release: str
    before: Form
    after: Form | None
    by_hand: bool = False


def read_moves(changed: Mapping[str, tuple[bytes, bytes | None]]) -> Iterator[Move]:
    """Read the delivery files whose way from the published to the desired content may matter, by path."""
    for path, (published, desired) in changed.items():
        release, by_hand = release_of(path), not is_sealed(published)
        published, desired = release_document(published), desired and release_document(desired)
        if not release or not _may_matter(published, desired):
            continue
        try:
            before = Form(read_yaml(published, path))
        except ProblemsFound:
            if by_hand:
                continue
            raise
        yield Move(release, before, Form(read_yaml(desired, path)) if desired else None, by_hand)


def _may_matter(published: bytes, desired: bytes | None) -> bool:
    """Whether a strategy, an agent or a place may change; most changes are of other values."""
    if desired is None:
        return b'strategy:' in published
    return b'strategy:' in published + desired or _PLACE.findall(published) != _PLACE.findall(desired)
