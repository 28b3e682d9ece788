"""A strategy → the stages of a rollout in git, and the values of both tracks at each stage.

Each stage is a commit. No track changes its pods while it has traffic, except with `finish: inPlace` and in the stage
`chart`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from generator.domain.strategy import BlueGreen, Canary, Strategy
from generator.domain.values import Values
from generator.strategies.tracks import Track, track
from generator.values.emptied import is_hollow

# Values of the complete release. All others belong to pods: a track overrides each of them completely.
OF_THE_RELEASE = frozenset(
    """
    fullnameOverride partOf removed team replicaCount revisionHistoryLimit serviceAccount service autoscaling
    podDisruptionBudget networkPolicy route grpcRoute routing tls auth externalSecrets strategy tracks monitoring test
    mesh podLabels global
    """.split()
)
CHART = 'chart'
ENDED = 'end'


@dataclass(frozen=True, slots=True)
class Stage:
    """What a commit of a rollout sets; `hold` (seconds) and `approval` come before the next one.

    The new track has `pods` pods; 0 means `share` percent of full size. `settled`: both tracks have full size at any
    load. `replaced`: the live track has the workload of the new one.
    """

    name: str
    weight: int = 0
    share: int = 100
    pods: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    mirror: int = 0
    settled: bool = False
    replaced: bool = False
    hold: int = 0
    approval: bool = False

    @property
    def requests(self) -> int:
        """Percent of the requests that the new version serves; at 'return' the pods of the live track run it, too."""
        return 100 if self.name == 'return' else self.weight

    @property
    def serves(self) -> bool:
        """Whether the new track gets requests or copies of them."""
        return bool(self.weight or self.headers or self.mirror)


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of the track with the traffic and of the new track."""

    live: str
    new: str


def pair_of(strategy: Strategy, slot: str) -> Pair:
    if isinstance(strategy, BlueGreen):
        return Pair('green', 'blue') if slot == 'green' else Pair('blue', 'green')
    return Pair('stable', 'canary')


def course(strategy: Canary | BlueGreen, *, chart_first: bool = False) -> tuple[Stage, ...]:
    """Return all stages in order, without the end; `chart_first` if the charts' templates differ."""
    stages = _canary(strategy) if isinstance(strategy, Canary) else _blue_green(strategy)
    return (*([Stage(CHART)] if chart_first else []), *stages)


def _canary(strategy: Canary) -> Iterator[Stage]:
    written = list(_steps(strategy))
    steps = list(_with_pods_ahead(written))
    last = steps[-1]
    yield replace(written[0], name='on', weight=0, headers={}, mirror=0, hold=0, approval=False)
    yield from steps[:-1]
    in_place = strategy.finish == 'inPlace' and last.weight < 100
    big = replace(last, name='shift', weight=100, share=100, pods=0, settled=True, hold=0, approval=False, mirror=0)
    if in_place:
        taken = replace(last, hold=last.hold + strategy.keep_old)
        yield taken
    elif last.weight == 100:
        before = steps[-2] if len(steps) > 1 else replace(last, weight=0)
        if before.pods or before.share < 100:
            yield replace(before, name='full', share=100, pods=0, mirror=0, hold=0, approval=False)
        taken = replace(big, name=last.name, hold=last.hold + strategy.keep_old, approval=last.approval)
        yield taken
    else:
        yield last
        yield replace(last, name='full', share=100, pods=0, mirror=0, hold=0, approval=False)
        taken = replace(big, hold=strategy.keep_old)
        yield taken
    replaced = replace(taken, name='replace', mirror=0, replaced=True, hold=0, approval=False)
    yield replaced
    yield replace(replaced, name='return', weight=0, headers={})


def _steps(strategy: Canary) -> Iterator[Stage]:
    """The steps of the registry; requests with a header stay on the new track until it has no traffic."""
    headers: Mapping[str, str] = {}
    for number, step in enumerate(strategy.steps, 1):
        headers = step.headers or headers
        yield Stage(
            f'step-{number}', step.weight, step.share, strategy.replicas, headers, step.mirror,
            hold=step.hold, approval=step.approval,
        )  # fmt: skip


def _with_pods_ahead(steps: Sequence[Stage]) -> Iterator[Stage]:
    """The pods of a step start one commit before its weight: they take time to be ready. Full size is its own stage."""
    for step, following in pairwise(steps):
        yield step if following.weight == 100 else replace(step, share=max(step.share, following.share))
    yield steps[-1]


def _blue_green(strategy: BlueGreen) -> Iterator[Stage]:
    preview = strategy.preview_replicas
    yield Stage('on', pods=preview, approval=strategy.approval and not preview)
    if preview:
        yield Stage('full', approval=strategy.approval)
    yield Stage('switch', weight=100, settled=True, hold=strategy.keep_old)


def aborted(stage: Stage) -> Stage:
    """Return the stage with all traffic on the live track; the new track stays, so that its connections drain."""
    return replace(stage, weight=0, headers={}, mirror=0, hold=0, approval=False)


def find_stage(strategy: Canary | BlueGreen, name: str) -> Stage | None:
    return next((stage for stage in course(strategy, chart_first=True) if stage.name == name), None)


def next_stage(strategy: Canary | BlueGreen, name: str) -> str:
    """Return the name of the next stage; ENDED after the last, when the rollout's file is removed."""
    names = [stage.name for stage in course(strategy, chart_first=name == CHART)]
    return [*names, ENDED][names.index(name) + 1]


def tracks(stage: Stage, pair: Pair, old_workload: Values, new: Values) -> dict[str, Track]:
    """Return `tracks` at a stage; `new` are the merged values of the new chart, `old_workload` what differs."""
    steady = full_size(new) if new['autoscaling']['enabled'] else 0
    pods = stage.pods or (steady if stage.share == 100 else -(-stage.share * full_size(new) // 100))
    kept = {} if stage.replaced else _workload(old_workload)
    live = track(enabled=True, weight=100 - stage.weight, replicas=steady if stage.settled else 0, **kept)
    if stage.name == CHART:
        return {pair.live: live, pair.new: track(enabled=False)}
    other = track(
        enabled=True, weight=stage.weight, replicas=pods, headers=dict(stage.headers), mirror=stage.mirror
    )  # fmt: skip
    return {pair.live: live, pair.new: other}


def _workload(old: Values) -> dict[str, Any]:
    """Keys of a track with its own workload; `emptied` has the keys whose map is empty, which no values can contain."""
    emptied = sorted(key for key, value in old.items() if is_hollow(value))
    return {'workload': dict(old), **({'emptied': emptied} if emptied else {})}


def full_size(values: Values) -> int:
    """Return the number of pods of a track that can take all traffic."""
    scaling = values['autoscaling']
    return max(1, int(scaling['maxReplicas'] if scaling['enabled'] else values['replicaCount']))


def is_workload(key: str) -> bool:
    """Whether a value belongs to the workload of a track."""
    return key not in OF_THE_RELEASE


def workload(values: Values) -> dict[str, Any]:
    """Return the part of merged values that a track may override."""
    return {key: value for key, value in values.items() if is_workload(key)}


def workload_difference(old: Values, new: Values) -> dict[str, Any]:
    """Return the complete values of old pods that differ from the new ones; keys of only one chart are left out."""
    mine, theirs = workload(old), workload(new)
    return {key: value for key, value in mine.items() if key in theirs and _text(value) != _text(theirs[key])}


def workload_digest(values: Values) -> str:
    """Return a digest of the values that restart pods: those of a track, and labels that all tracks share."""
    labels = {'podLabels': values['podLabels']} if values.get('podLabels') else {}
    return hashlib.sha256(_text({**workload(values), **labels}).encode()).hexdigest()


def _text(value: Any) -> str:
    """JSON text to compare values by: in Python 1, 1.0 and True are equal."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
