"""A move of a rollout → the registry files that it changes: each is one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.documents.edit import set_values
from generator.documents.write import dump_yaml
from generator.domain.layout import rollout_file
from generator.domain.places import Path
from generator.domain.problems import problem
from generator.domain.records import Release, Rollout, Values
from generator.domain.tree import Files, Read
from generator.strategies.course import ENDED, Stage, course, next_stage
from generator.strategies.during import ended_slot, rollout_stage, rollout_strategy

_HEAD = """\
# yaml-language-server: $schema=../../schemas/rollout.json
# Written by 'chartloom rollout', and gone when the rollout has ended.
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """A model version with its chart."""

    version: str
    chart: str

    def __str__(self) -> str:
        return f'{self.version} (chart {self.chart})'

    @property
    def spec(self) -> dict[str, str]:
        return {'version': self.version, 'chart': self.chart}


def begin(release: Release, to: Pin, strategy: Values, stage: str, workloads: Mapping[str, str]) -> dict[str, bytes]:
    """The file of a new rollout."""
    document = {
        'apiVersion': 'chartloom/v1',
        'kind': 'Rollout',
        'metadata': {'name': release.model},
        'spec': {
            'from': Pin(release.version, release.chart).spec,
            'to': to.spec,
            'stage': stage,
            'aborted': False,
            'workloads': dict(workloads),
            'strategy': strategy,
        },
    }
    return {rollout_file(release.name): (_HEAD + dump_yaml(document)).encode()}


def move_pin(release: Release, to: Pin, read: Read, slot: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The release's file with another pin, comments kept."""
    wanted = {**to.spec, **(slot or {})}
    changes: dict[Path, str | bool] = {('spec', key): value for key, value in wanted.items()}
    return {release.file: set_values(read(release.file), release.file, changes)}


def advance(rollout: Rollout, release: Release, read: Read) -> Files:
    """The next stage; after the last one the release gets its new pin, after an abort it keeps the old one."""
    to = after(rollout)
    if to != ENDED:
        return {rollout.file: set_values(read(rollout.file), rollout.file, {('spec', 'stage'): to})}
    if rollout.aborted:
        return {rollout.file: None}
    pin = Pin(rollout.spec['to']['version'], rollout.spec['to']['chart'])
    return {rollout.file: None, **move_pin(release, pin, read, ended_slot(release, rollout))}


def after(rollout: Rollout) -> str:
    """The name of the stage that follows, ENDED for none."""
    return ENDED if rollout.aborted else next_stage(rollout_strategy(rollout), rollout.stage)


def abort(rollout: Rollout, read: Read) -> Files:
    """All traffic back to the live track; at once the state before the start where no request reaches the new one."""
    stage = rollout_stage(rollout)
    if rollout.aborted:
        hint = f"run 'chartloom rollout finish {rollout.name}' to remove what is left of it"
        raise problem(rollout.file, '$.spec.aborted', 'the rollout is aborted already', hint)
    if stage.replaced:
        version = rollout.spec['to']['version']
        back = rollout.spec['from']['version']
        hint = f"run 'chartloom rollout finish {rollout.name}', then start one back with --version {back}"
        raise problem(rollout.file, '$.spec.stage', f"at '{stage.name}' the live track runs {version} already", hint)
    if not stage.serves:
        return {rollout.file: None}
    return {rollout.file: set_values(read(rollout.file), rollout.file, {('spec', 'aborted'): True})}


def remaining(rollout: Rollout) -> list[str]:
    """The stages that are still to come, the end included."""
    if rollout.aborted:
        return [ENDED]
    names = [stage.name for stage in course(rollout_strategy(rollout), chart_first=True)]
    return [*names[names.index(rollout.stage) + 1 :], ENDED]


def check_finish(rollout: Rollout) -> None:
    """ProblemsFound where steps are still to come: only `advance` takes those."""
    steps = [name for name in remaining(rollout) if name.startswith(('step-', 'switch', 'on'))]
    if steps and not rollout.aborted:
        hint = f"run 'chartloom rollout advance {rollout.name}'"
        raise problem(rollout.file, '$.spec.stage', f"'{steps[-1]}' is still to come", hint)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a rollout stays where it is; `seconds` until that may have changed, 0 for nobody knows."""

    reasons: tuple[str, ...]
    seconds: int = 0


def waits_for(stage: Stage, since: int | None, now: int, branch: str, *, approved: bool, skip_hold: bool) -> Wait:
    """What a stage waits for; it counts from `since`, when the published branch got it, None where it has not."""
    if since is None:
        return Wait((f"'{branch}' does not have this stage yet: push it, or merge its request",))
    left = 0 if skip_hold else max(0, since + stage.hold - now)
    reasons = [f'it holds for {show_time(left)} more'] if left else []
    if stage.approval and not approved:
        reasons.append('somebody must approve it, with --approve')
    return Wait(tuple(reasons), left)


def show_time(seconds: int) -> str:
    """Seconds in the largest units, two at most: 1h 5m, 30s."""
    parts = [(seconds // 3600, 'h'), (seconds // 60 % 60, 'm'), (seconds % 60, 's')]
    shown = [f'{number}{unit}' for number, unit in parts if number]
    return ' '.join(shown[:2]) or '0s'
