"""Steps of a rollout: the files that each writes, what it waits for, and what stops it."""

from __future__ import annotations

from typing import Any

import pytest
from rollouts import RELEASE, ROLLOUT, World

from generator.documents.edit import set_values
from generator.documents.read import read_yaml
from generator.domain.problems import ProblemsFound
from generator.domain.units import spoken
from generator.operations.rollout_steps import Wait, waits_for
from generator.strategies.course import Stage

CANARY: dict[str, Any] = {'canary': {'steps': [{'weight': 50}]}}
STAGE = Stage('step-1', 50, hold=600, approval=True)


def wait(since: int | None, *, approved: bool = False, skip_hold: bool = False) -> Wait:
    return waits_for(STAGE, since, 1000, 'main', approved=approved, skip_hold=skip_hold)


def test_a_stage_waits_for_its_hold_and_for_somebody() -> None:
    assert wait(700) == Wait(("'step-1' holds for 5m more", 'requires approval: --approve'), 300)
    again = 'the approval is not stored: give it again when the hold is over'
    assert wait(700, approved=True) == Wait(("'step-1' holds for 5m more", again), 300)
    assert wait(400, approved=True) == wait(700, approved=True, skip_hold=True) == Wait((), 0)
    assert wait(2000, approved=True).seconds == 1600  # a clock that is behind


def test_what_is_not_published_cannot_be_approved_or_skipped() -> None:
    assert wait(None, approved=True, skip_hold=True).reasons == (
        "branch 'main' does not have this stage yet: push it, or merge its pull request",
    )


@pytest.mark.parametrize(('seconds', 'shown'), [(0, '0s'), (59, '59s'), (60, '1m'), (3661, '1h 1m'), (90000, '25h')])
def test_times_are_short(seconds: int, shown: str) -> None:
    assert spoken(seconds) == shown


def test_the_file_says_where_it_leads_and_what_must_not_change() -> None:
    world = World(CANARY)
    world.start()
    assert world.files[ROLLOUT].startswith(b'# yaml-language-server: $schema=../../schemas/rollout.json\n')
    spec = read_yaml(world.files[ROLLOUT], ROLLOUT)['spec']
    assert (spec['from'], spec['to']) == ({'version': '1', 'chart': '1.0.0'}, {'version': '2', 'chart': '1.0.1'})
    assert (spec['stage'], spec['aborted'], spec['strategy']) == ('on', False, CANARY)
    assert spec['workloads']['stable'] != spec['workloads']['canary']


def test_the_end_moves_the_pin_and_keeps_comments() -> None:
    world = World(CANARY)
    world.files = {**world.files, RELEASE: b"""\
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  version: '1'  # asked for by search
  chart: 1.0.0
  strategy: {canary: {steps: [{weight: 50}]}}
"""}  # fmt: skip
    world.start()
    while world.rollout:
        world.advance()
    assert b"  version: '2'  # asked for by search\n  chart: 1.0.1\n" in world.files[RELEASE]


def test_a_retired_release_takes_its_rollout_along() -> None:
    world = World(CANARY)
    world.start()
    world.files = {path: data for path, data in world.files.items() if path != RELEASE}
    with pytest.raises(ProblemsFound) as raised:
        world.resolved()
    assert raised.value.problems[0].message == "release 'prod/web' not found"


def test_the_course_is_that_of_the_start() -> None:
    """A step that is added meanwhile belongs to the next rollout."""
    world = World(CANARY)
    world.start()
    world.set(RELEASE, strategy={'canary': {'steps': [{'weight': 10}, {'weight': 50}]}})
    world.advance()
    assert world.resolved().merged['tracks']['canary']['weight'] == 50


def test_truths_are_set_as_truths() -> None:
    text = b'spec:\n  stage: "on"  # here\n  aborted: false\n'
    assert set_values(text, 'f', {('spec', 'aborted'): True}) == text.replace(b'false', b'true')
    assert read_yaml(set_values(b'spec: {}\n', 'f', {('spec', 'aborted'): True}), 'f') == {'spec': {'aborted': True}}
