"""Random sequences of rollout commands: properties that hold at each commit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from rollouts import RELEASE, ROLLOUT, World, pod

from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound
from generator.domain.strategy import Canary
from generator.operations.rollout_steps import Pin
from generator.strategies.course import full_size
from generator.strategies.during import rollout_stage, rollout_strategy

holds = st.sampled_from(['0s', '10m'])
extras: Any = st.fixed_dictionaries({}, optional={'hold': holds, 'approval': st.booleans()})

BEFORE_WEIGHTS = [{'headers': {'x-beta': 'yes'}}, {'mirror': 30}, {'mirror': 100}]
OTHER_SLOT = {'blue': 'green', 'green': 'blue'}


@st.composite
def canaries(draw: st.DrawFn) -> dict[str, Any]:
    first = draw(
        st.lists(st.sampled_from([{'headers': {'x-beta': 'yes'}}, {'mirror': 30}, {'mirror': 100}]), max_size=2)
    )
    weights = draw(st.sets(st.sampled_from([1, 5, 20, 50, 99, 100]), min_size=0 if first else 1, max_size=4))
    steps = [*first, *({'weight': weight} for weight in sorted(weights))]
    spec: dict[str, Any] = {'steps': [{**step, **draw(extras)} for step in steps]}
    for key, value in (('finish', 'inPlace'), ('replicas', 2), ('keepOld', '5m')):
        if draw(st.booleans()):
            spec[key] = value
    return {'canary': spec}


blue_greens = st.fixed_dictionaries({}, optional={
    'previewReplicas': st.integers(1, 3), 'approval': st.booleans(), 'keepOld': holds,
}).map(lambda spec: {'blueGreen': spec})  # fmt: skip
COUNTS: Counter[str] = Counter()


def pods_of(strategy: dict[str, Any]) -> int:
    """Pods that a strategy wants for the new version; more than the whole release has are refused."""
    (settings,) = strategy.values()
    return int(settings.get('replicas') or settings.get('previewReplicas') or 0)


class Rollouts(RuleBasedStateMachine):
    world: World

    @initialize(strategy=canaries() | blue_greens, older=st.booleans(), scaled=st.booleans(), slot=st.booleans())
    def begin(self, strategy: dict[str, Any], older: bool, scaled: bool, slot: bool) -> None:
        COUNTS['sequences'] += 1
        self.world = World(strategy, older=older, scaled=scaled)
        if 'blueGreen' in strategy and slot:
            self.world.set(RELEASE, slot='green')
        self.strategy, self.edited = strategy, False
        self.seen = self.world.resolved()
        self.before = self.seen

    @property
    def running(self) -> bool:
        return self.world.rollout is not None

    @rule()
    @precondition(lambda self: not self.running)
    def start(self) -> None:
        self.before, self.edited = self.world.resolved(), False
        release = self.world.release
        self.world.start(version='2' if release.version == '1' else '1')
        COUNTS['starts'] += 1
        self.look(moving=True)

    @rule(stages=st.integers(1, 9))
    @precondition(lambda self: self.running)
    def walk(self, stages: int) -> None:
        for _ in range(stages):
            if self.running:
                self.advance()
                self.weights_are_100_and_whoever_has_one_runs()

    def advance(self) -> None:
        rollout = self.world.rollout
        assert rollout
        self.world.advance()
        self.look(moving=True)
        if not self.running:
            COUNTS['removed after an abort' if rollout.aborted else 'ended'] += 1
            self.check_end(rollout.aborted, Pin(rollout.spec['to']['version'], rollout.spec['to']['chart']))

    def check_end(self, aborted: bool, to: Pin) -> None:
        if aborted:
            if not self.edited:
                assert (self.seen.values, self.seen.chart) == (self.before.values, self.before.chart)
            to = Pin(self.before.release.version, self.before.release.chart)
        else:
            slot = self.before.release.slot
            assert self.world.release.slot == (
                slot if 'canary' in self.strategy else {'blue': 'green', 'green': 'blue'}[slot]
            )
        assert (self.world.release.version, self.world.release.chart) == (to.version, to.chart)
        assert self.seen.values == self.world.at_rest(to).values

    @rule(really=st.integers(0, 2))
    @precondition(lambda self: self.running)
    def abort(self, really: int) -> None:
        if really:  # most rollouts go well
            return
        rollout = self.world.rollout
        assert rollout
        stage, files = rollout_stage(rollout), self.world.files
        if rollout.aborted or stage.replaced:
            with pytest.raises(ProblemsFound):
                self.world.abort()
            assert self.world.files == files
            COUNTS['aborts refused'] += 1
            return
        self.world.abort()
        COUNTS['aborts'] += 1
        assert self.running == stage.serves
        self.look(moving=True)
        if not self.running:
            self.check_end(True, Pin('', ''))
        else:
            assert all(track['weight'] in (0, 100) for track in self.seen.merged['tracks'].values())

    @rule()
    @precondition(lambda self: self.running)
    def finish(self) -> None:
        rollout = self.world.rollout
        assert rollout
        strategy = rollout_strategy(rollout)
        last = f'step-{len(strategy.steps)}' if isinstance(strategy, Canary) else 'switch'
        late = [last, 'shift', 'replace', 'return']
        full = rollout.stage == 'full' and isinstance(strategy, Canary) and strategy.steps[-1].weight < 100
        if rollout.aborted or rollout.stage in late or full:
            self.advance()
            COUNTS['finishes'] += 1
        else:
            with pytest.raises(ProblemsFound):
                self.world.finish()
            COUNTS['finishes refused'] += 1

    @rule(level=st.sampled_from(['info', 'debug']))
    def edit_what_pods_are_made_of(self, level: str) -> None:
        files = self.world.files
        kept = self.world.release.spec.get('values', {})
        self.world.set(RELEASE, values={**kept, 'env': {'LEVEL': {'value': level}}})
        changed = self.seen.merged['env']['LEVEL']['value'] != level
        aborted = self.world.rollout is not None and self.world.rollout.aborted
        self.try_edit(files, refused=self.running and changed and not aborted)

    @rule(budget=st.integers(1, 3), replicas=st.integers(1, 12))
    def edit_what_pods_do_not_see(self, budget: int, replicas: int) -> None:
        kept = self.world.release.spec.get('values', {})
        scaled = self.seen.merged['autoscaling']['enabled']
        rollout = self.world.rollout
        replicas = max(replicas, pods_of(self.strategy), pods_of(rollout.spec['strategy']) if rollout else 0)
        size = {'autoscaling': {'maxReplicas': replicas + 1}} if scaled else {'replicaCount': replicas}
        files = self.world.files
        self.world.set(RELEASE, values={**kept, 'podDisruptionBudget': {'maxUnavailable': budget}, **size})
        self.try_edit(files, refused=False)

    @rule(strategy=canaries() | blue_greens)
    def edit_the_strategy(self, strategy: dict[str, Any]) -> None:
        files = self.world.files
        self.world.set(RELEASE, strategy=strategy)
        too_many = pods_of(strategy) > full_size(self.seen.merged)
        refused = too_many or (self.running and strategy.keys() != self.strategy.keys())
        self.try_edit(files, refused=refused)
        if not refused:
            self.strategy = strategy

    @rule(key=st.sampled_from(['version', 'chart']))
    @precondition(lambda self: self.running)
    def edit_the_pin(self, key: str) -> None:
        files = self.world.files
        pin = (
            {'version': '2', 'chart': '1.1.0'}
            if self.world.release.version == '1'
            else {'version': '1', 'chart': '1.0.0'}
        )
        self.world.set(RELEASE, **{key: pin[key]})
        self.try_edit(files, refused=True)

    def try_edit(self, files: dict[str, bytes], *, refused: bool) -> None:
        """An edit in mid-rollout is let through or refused as a whole; a refused one is taken back."""
        COUNTS['edits refused' if refused else 'edits'] += 1
        if refused:
            with pytest.raises(ProblemsFound):
                self.world.resolved()
            self.world.files = files
        else:
            self.edited |= self.world.files != files
            moving = self.running and not (self.world.rollout and self.world.rollout.aborted)
            self.look(moving=moving)

    def look(self, *, moving: bool) -> None:
        """The next commit: what it does to tracks that take traffic. `moving`: no person has changed pods."""
        before, now = self.seen, self.world.resolved()
        COUNTS['commits'] += 1
        if moving:
            self.check_pods(before, now)
            self.check_size(before, now)
        self.seen = now

    def check_pods(self, before: ResolvedRelease, now: ResolvedRelease) -> None:
        rollout = self.world.rollout
        in_place = bool(rollout) and rollout_stage(rollout).name == 'replace' and 'inPlace' in str(rollout.spec)
        if self.edited and not self.running:  # pods that an edit changed after an abort
            return
        for name, track in now.merged['tracks'].items():
            served = before.merged['tracks'].get(name)
            if served and takes(served) and takes(track) and not (in_place and name == 'stable'):
                assert pod(before, name) == pod(now, name), f'{name} changes its pods while it takes traffic'

    def check_size(self, before: ResolvedRelease, now: ResolvedRelease) -> None:
        """A track that gets all requests was at full size the commit before."""
        for name, track in now.merged['tracks'].items():
            served = before.merged['tracks'][name]
            if track['weight'] == 100 and served['weight'] < 100:
                assert served['enabled']
                assert served['replicas'] in (0, full_size(before.merged)), name
                scaled = before.merged['autoscaling']['enabled']
                # Without requests the autoscaler would have left it few pods.
                assert not scaled or served['weight'] or takes(served) or served['replicas']

    @invariant()
    def weights_are_100_and_whoever_has_one_runs(self) -> None:
        tracks = self.world.resolved().merged['tracks']
        assert sum(track['weight'] for track in tracks.values()) == 100
        assert all(track['enabled'] for track in tracks.values() if takes(track))
        assert all(track['enabled'] or not track['replicas'] for track in tracks.values())
        assert all(set(track['workload']) <= set(self.seen.merged) for track in tracks.values())
        assert (ROLLOUT in self.world.files) == self.running


def takes(track: dict[str, Any]) -> bool:
    return bool(track['weight'] or track['headers'] or track['mirror'])


def test_rollouts_driven_at_random() -> None:
    """Prints how many sequences were run, and how many commits and refusals they made."""
    COUNTS.clear()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Rollouts,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],  # to shrink takes minutes
        ),
    )  # fmt: skip
    print(', '.join(f'{number} {what}' for what, number in sorted(COUNTS.items())))
    wanted = ('sequences', 'ended', 'removed after an abort', 'aborts refused', 'edits refused', 'finishes refused')
    assert all(COUNTS[what] for what in wanted), COUNTS
