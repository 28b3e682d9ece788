"""A rollout and a verb (begin, advance, abort) → the registry files that change; each change is one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.documents.edit import Scalar, set_values
from generator.documents.write import dump_yaml
from generator.domain.layout import rollout_file
from generator.domain.places import Path
from generator.domain.problems import problem
from generator.domain.records import Release, Rollout
from generator.domain.tree import Files, Read
from generator.domain.units import spoken
from generator.domain.values import Values
from generator.strategies.course import ENDED, Stage, course, next_stage
from generator.strategies.during import ended_slot, rollout_stage, rollout_strategy

_HEAD = """\
# yaml-language-server: $schema=../../schemas/rollout.json
# Written by 'chartloom rollout', which removes it at the end of the rollout.
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


def move_pin(
    release: Release, to: Pin, read: Read, slot: Mapping[str, str] | None = None, *, back: bool = False,
    allow_frozen: str = '',
) -> dict[str, bytes]:  # fmt: skip
    """The release's file with another pin, `back` if it is a rollback, and why it moves in a frozen time; comments are
    kept."""
    wanted: dict[str, str | None] = {**to.spec, **(slot or {})}
    if back or 'rollback' in release.spec:
        wanted['rollback'] = to.chart if back else None
    if 'held' in release.spec:
        wanted['held'] = None
    if allow_frozen or 'allowFrozen' in release.spec:
        wanted['allowFrozen'] = allow_frozen or None
    changes: dict[Path, Scalar] = {('spec', key): value for key, value in wanted.items()}
    return {release.file: set_values(read(release.file), release.file, changes)}


def advance(rollout: Rollout, release: Release, read: Read) -> Files:
    """Move to the next stage; at the end the release gets the new pin, after an abort it keeps the old one."""
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
    """Move all traffic back to the live track; if the new track serves no requests, end the rollout at once."""
    stage = rollout_stage(rollout)
    if rollout.aborted:
        hint = f"run 'chartloom rollout finish {rollout.name}' to remove the new pods"
        raise problem(rollout.file, '$.spec.aborted', 'the rollout is already aborted', hint)
    if stage.replaced:
        version, left = rollout.spec['to']['version'], len(remaining(rollout))
        hint = (
            f"run 'chartloom rollout finish {rollout.name}'{' twice' if left == 2 else ''},"
            f" then 'chartloom rollback {rollout.model} --env {rollout.environment}'"
        )
        raise problem(rollout.file, '$.spec.stage', f"at '{stage.name}' the live track already runs {version}", hint)
    if not stage.serves:
        return {rollout.file: None}
    return {rollout.file: set_values(read(rollout.file), rollout.file, {('spec', 'aborted'): True})}


def remaining(rollout: Rollout) -> list[str]:
    """The stages after the current one, including the end."""
    if rollout.aborted:
        return [ENDED]
    names = [stage.name for stage in course(rollout_strategy(rollout), chart_first=True)]
    return [*names[names.index(rollout.stage) + 1 :], ENDED]


def check_finish(rollout: Rollout) -> None:
    """Raise ProblemsFound if steps remain: only `advance` moves through them."""
    steps = [name for name in remaining(rollout) if name.startswith(('step-', 'switch', 'on'))]
    if steps and not rollout.aborted:
        hint = f"run 'chartloom rollout advance {rollout.name}'"
        raise problem(rollout.file, '$.spec.stage', f"stage '{steps[-1]}' must come first", hint)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a rollout waits; `seconds` until that may change, 0 if unknown."""

    reasons: tuple[str, ...]
    seconds: int = 0


def waits_for(stage: Stage, since: int | None, now: int, branch: str, *, approved: bool, skip_hold: bool) -> Wait:
    """What a stage waits for; its hold starts at `since`, when the published branch got it; None: not yet."""
    if since is None:
        return Wait((f"branch '{branch}' does not have this stage yet: push it, or merge its pull request",))
    left = 0 if skip_hold else max(0, since + stage.hold - now)
    reasons = [f"'{stage.name}' holds for {spoken(left)} more"] if left else []
    if stage.approval and not approved:
        reasons.append('requires approval: --approve')
    elif stage.approval and left:
        reasons.append('the approval is not stored: give it again when the hold is over')
    return Wait(tuple(reasons), left)
