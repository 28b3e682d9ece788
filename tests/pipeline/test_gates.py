"""What the published branch does not permit: versions that were not promoted, stages that were left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, new, published
from parts import git

from generator.documents.schema import RegistrySchemas
from generator.domain.problems import ProblemsFound
from generator.pipeline.earlier import Earlier
from generator.pipeline.origins import origins
from generator.pipeline.run import open_run
from generator.tools.clock import utc_text

PROD, ROLLOUT = 'registry/releases/prod/web.yaml', 'registry/rollouts/prod/web.yaml'
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'approval': True}]}}
VERSIONS = [r.version('1'), r.version('2'), r.version('3')]


def registry(**prod: Any) -> r.Files:
    """Two environments that run the first of three versions; prod promotes from staging."""
    return {
        **r.settings(),
        **r.model(versions=VERSIONS, route={}),
        **r.environment('staging', **r.GATEWAY),
        **r.environment('prod', promotesFrom=['staging'], **{**r.GATEWAY, 'domain': 'prod.example', **prod}),
        **pins('1', '1.0.0'),
        **pins('1', '1.0.0', 'staging'),
    }


def pins(version: str, chart: str, environment: str = 'prod', **more: Any) -> r.Files:
    return r.release(environment, 'web', version=version, chart=chart, **more)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return made(tmp_path / 'repository', registry())


def made(top: Path, files: r.Files) -> Checkout:
    found = new(top, files)
    assert found.commit().commit, 'the first commit with releases is not judged: nothing is published'
    return found


def told(checkout: Checkout) -> list[tuple[str, str]]:
    """The problems of `generate --commit`: place, and message with hint."""
    try:
        checkout.commit()
    except ProblemsFound as found:
        return [(f'{each.file}::{each.path}', f'{each.message} | {each.hint}') for each in found.problems]
    return []


NEVER = (
    f'{PROD}::$.spec.chart',
    (
        "'prod' promotes from 'staging', where no published commit ended with 2 (chart 1.1.0)"
        ' | bring it there and push that first, or say in spec.skipPromotion why it is skipped'
    ),
)


def test_a_version_is_promoted_after_the_environment_before_had_it(checkout: Checkout) -> None:
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == [NEVER]
    # Not in the same commit: the environment before must have it first.
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == [NEVER]
    checkout.write(pins('1', '1.0.0'))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == []


def test_verify_tells_it_to_a_reviewer(checkout: Checkout) -> None:
    checkout.git('switch', '--quiet', '--create', 'request')
    checkout.write(pins('2', '1.1.0'))
    done = chartloom(checkout.folder, 'verify')
    assert done.returncode == 1
    assert NEVER[1].split(' | ')[0] in done.stderr


def test_what_it_had_earlier_counts_also_in_a_shallow_clone(checkout: Checkout, tmp_path: Path) -> None:
    for version, chart in (('2', '1.1.0'), ('3', '1.2.0')):
        checkout.write(pins(version, chart, 'staging'))
        assert told(checkout) == []
    shallow = clone(f'file://{checkout.top}', tmp_path / 'shallow', '--depth=1')
    shallow.write(pins('2', '1.1.0'))
    assert told(shallow) == []


def test_a_release_returns_to_what_it_had_itself(checkout: Checkout) -> None:
    """The environment before may be new, or may have skipped that version."""
    checkout.write(r.environment('test') | r.environment('prod', promotesFrom=['test'], **r.GATEWAY))
    checkout.write(pins('1', '1.0.0', 'test') | pins('2', '1.1.0', skipPromotion='fixes an outage of prod'))
    assert told(checkout) == []
    checkout.write(pins('3', '1.2.0', 'test'))
    assert told(checkout) == []
    checkout.write(pins('3', '1.2.0'))
    assert told(checkout) == []
    done = chartloom(checkout.folder, 'rollback', 'web', '--env', 'prod')
    assert done.returncode == 0, done.stderr
    assert '"version": "2"' in checkout.read(PROD)


def test_what_the_environment_before_gave_up_is_not_promoted(checkout: Checkout) -> None:
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    back = chartloom(checkout.folder, 'rollback', 'web', '--env', 'staging')
    assert back.returncode == 0, back.stderr
    checkout.write(pins('2', '1.1.0'))
    ((place, text),) = told(checkout)
    assert place == NEVER[0]
    assert text.startswith("'prod' promotes from 'staging', which gave up 2 (chart 1.1.0) on ")
    checkout.git('checkout', '--quiet', PROD)
    done = chartloom(checkout.folder, 'reinstate', 'staging/web', '2')
    assert done.returncode == 0, done.stderr
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == [NEVER], 'it must run there again'
    checkout.git('checkout', '--quiet', PROD)
    checkout.write(pins('2', '1.1.0', 'staging'))  # somebody looked, and took it again
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == []


def test_a_reason_counts_for_one_change(checkout: Checkout) -> None:
    checkout.write(pins('2', '1.1.0', skipPromotion='fixes an outage of prod'))
    assert told(checkout) == []
    checkout.write(pins('3', '1.2.0', skipPromotion='fixes an outage of prod'))
    assert told(checkout) == [
        (
            NEVER[0],
            (
                "'prod' promotes from 'staging', where no published commit ended with 3 (chart 1.2.0)"
                ' | bring it there and push that first, or say in spec.skipPromotion why it is skipped'
                ' in other words than for the pin before'
            ),
        )
    ]
    checkout.write(pins('3', '1.2.0', skipPromotion='fixes another outage'))
    assert told(checkout) == []


def test_a_model_that_is_not_in_the_environment_before_says_why(checkout: Checkout) -> None:
    checkout.remove('registry/releases/staging/web.yaml')
    assert checkout.commit(removable=('staging/web',)).commit
    checkout.write(pins('2', '1.1.0'))
    message = "'prod' promotes from 'staging': no release of 'web' there"
    hint = "add a release of the model to 'staging' first, or say why not in spec.skipPromotion"
    assert told(checkout) == [(NEVER[0], f'{message} | {hint}')]
    for version, chart in (('2', '1.1.0'), ('3', '1.2.0')):  # the reason is about the model, so it stays
        checkout.write(pins(version, chart, skipPromotion='staging has no GPUs for it'))
        assert told(checkout) == []


def test_the_first_environment_with_the_model_counts(checkout: Checkout) -> None:
    checkout.write(r.environment('test') | pins('2', '1.1.0', 'test'))
    checkout.write(r.environment('prod', promotesFrom=['staging', 'test'], **r.GATEWAY))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == [NEVER]
    checkout.write(pins('1', '1.0.0'))
    checkout.write(r.environment('prod', promotesFrom=['empty', 'test'], **r.GATEWAY) | r.environment('empty'))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == []


def test_a_rollout_must_have_ended_there(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | r.environment('staging', strategy=CANARY, **r.GATEWAY))
    start = chartloom(checkout.folder, 'rollout', 'start', 'staging/web', '--version', '2')
    assert start.returncode == 0, start.stderr
    checkout.write(pins('2', '1.1.0'))
    message = "'prod' promotes from 'staging', where the rollout of 2 (chart 1.1.0) has not ended"
    hint = "end it first ('chartloom rollout status staging/web'), or say in spec.skipPromotion why it is skipped"
    assert told(checkout) == [(NEVER[0], f'{message} | {hint}')]
    checkout.git('checkout', '--quiet', PROD)
    done = chartloom(checkout.folder, 'rollout', 'abort', 'staging/web')
    assert done.returncode == 0, done.stderr
    # It was given up, so nobody has seen it to the end, also if it may come back.
    done = chartloom(checkout.folder, 'reinstate', 'staging/web', '2')
    assert done.returncode == 0, done.stderr
    checkout.write(pins('2', '1.1.0'))
    assert told(checkout) == [NEVER]


def test_the_target_of_a_rollout_is_judged_and_its_end_is_not(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(strategy=CANARY))
    start = chartloom(checkout.folder, 'rollout', 'start', 'prod/web', '--version', '2')
    assert start.returncode == 1
    assert start.stderr.splitlines()[0] == f'{ROLLOUT}::$.spec.to: {NEVER[1].partition(" | ")[0]}'
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    walk(checkout, 'start', '--version', '2')
    checkout.write(pins('3', '1.2.0', 'staging'))
    assert told(checkout) == []
    while (checkout.folder / ROLLOUT).exists():
        walk(checkout, 'advance', '--now', '--approve')
    assert '"version": "2"' in checkout.read(PROD)


def walk(checkout: Checkout, verb: str, *options: str) -> None:
    done = chartloom(checkout.folder, 'rollout', verb, 'prod/web', *options)
    assert done.returncode == 0, done.stderr


def test_an_environment_that_follows_does_not_promote(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as found:
        new(tmp_path / 'repository', registry(follow='newest')).commit()
    (problem,) = found.value.problems
    assert problem.path == '$.spec.follow'
    assert problem.message == "takes each version at once, and also promotes from 'staging'"
    assert problem.hint == "remove 'follow' or 'promotesFrom'"


# Rollouts: every stage is a commit that the agent applies.


@pytest.fixture
def rolling(tmp_path: Path) -> Checkout:
    """A rollout of prod/web at its first stage."""
    checkout = made(tmp_path / 'repository', registry(strategy=CANARY))
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    walk(checkout, 'start', '--version', '2')
    return checkout


def edited(checkout: Checkout, old: str, new: str) -> None:
    text = checkout.read(ROLLOUT)
    assert old in text
    checkout.write({ROLLOUT: text.replace(old, new)})


BY_STEPS = "undo the change; 'chartloom rollout advance prod/web' moves one stage a commit, after its hold"
JUMPS: dict[str, tuple[Callable[[Checkout], None], str, str]] = {
    'over a hold and an approval': (
        lambda checkout: edited(checkout, 'stage: "on"', 'stage: replace'),
        f'{ROLLOUT}::$.spec.stage',
        f"the stage after the published 'on' is 'step-1', found 'replace' | {BY_STEPS}",
    ),
    'without its hold': (
        lambda checkout: edited(checkout, 'hold: "10m"', 'hold: "1m"'),
        f'{ROLLOUT}::$.spec.strategy',
        ("changed while the rollout is in progress | undo the change, or run 'chartloom rollout abort prod/web'"
        ' and start again'),
    ),
    'to the end': (
        lambda checkout: (checkout.remove(ROLLOUT), checkout.write(pins('2', '1.1.0')))[1],  # type: ignore[func-returns-value]
        f'{PROD}::$.spec.chart',
        f"the rollout to 2 is at 'on' and ends later, after 'step-1' | {BY_STEPS}",
    ),
}  # fmt: skip


@pytest.mark.parametrize('jump', JUMPS)
def test_no_stage_is_left_out(rolling: Checkout, jump: str) -> None:
    change, place, text = JUMPS[jump]
    change(rolling)
    assert told(rolling) == [(place, text)]


def test_a_reviewer_sees_that_a_hold_or_an_approval_is_passed(rolling: Checkout) -> None:
    walk(rolling, 'advance', '--now')
    began = int(rolling.git('log', '-1', '--format=%ct', '--', ROLLOUT))
    rolling.git('switch', '--quiet', '--create', 'request')
    walk(rolling, 'advance', '--now', '--approve')

    def warned(seconds: int) -> list[str]:
        done = chartloom(rolling.folder, 'verify', '--base', 'main', '--at', utc_text(began + seconds), '-o', 'json')
        found = json.loads(done.stdout)['warnings']
        return [each['message'] for each in found if each['path'] == '$.spec.stage']

    early = f"leaves stage 'step-1', and its hold ends at {utc_text(began + 600)}"
    assert warned(60) == [early]
    assert warned(601) == []


def test_a_rollout_starts_at_its_beginning(rolling: Checkout) -> None:
    file = rolling.read(ROLLOUT)
    walk(rolling, 'abort')
    done = chartloom(rolling.folder, 'reinstate', 'prod/web', '2')
    assert done.returncode == 0, done.stderr
    rolling.write({ROLLOUT: file.replace('stage: "on"', 'stage: step-2')})
    message = "a rollout starts at 'on', found 'step-2' | run 'chartloom rollout start prod/web'"
    assert told(rolling) == [(f'{ROLLOUT}::$.spec.stage', message)]


def test_an_aborted_rollout_does_not_end_with_the_new_version(rolling: Checkout) -> None:
    walk(rolling, 'advance')
    walk(rolling, 'abort')
    rolling.remove(ROLLOUT)
    rolling.write(pins('2', '1.1.0'))
    assert told(rolling) == [
        (
            f'{PROD}::$.spec.chart',
            "the rollout to 2 was aborted, so the release keeps 1 | run 'chartloom rollout finish prod/web'",
        )
    ]


def test_an_aborted_rollout_ends_or_begins_again(rolling: Checkout) -> None:
    for _ in range(2):
        walk(rolling, 'advance', '--now')
    walk(rolling, 'abort')
    assert chartloom(rolling.folder, 'reinstate', 'prod/web', '2').returncode == 0
    file = rolling.read(ROLLOUT)
    message = "the rollout was aborted at 'step-2': it ends, or begins again at 'on', found '{}'"
    hint = "undo the change, or run 'chartloom rollout finish prod/web' and start again"
    for stage in ('step-1', 'step-2', 'full', 'return'):
        rolling.write({ROLLOUT: file.replace('"step-2"', stage).replace('aborted: true', 'aborted: false')})
        assert told(rolling) == [(f'{ROLLOUT}::$.spec.aborted', f'{message.format(stage)} again | {hint}')]
    rolling.write({ROLLOUT: file.replace('"step-2"', 'full')})
    assert told(rolling) == [(f'{ROLLOUT}::$.spec.stage', f'{message.format("full")} | {hint}')]
    for old, other in (('"step-2"', 'step-1'), ('step-1', '"on"'), ('aborted: true', 'aborted: false')):
        file = file.replace(old, other)
        rolling.write({ROLLOUT: file})
        assert told(rolling) == []


def test_every_commit_of_a_rollout_can_be_reverted(rolling: Checkout) -> None:
    commits = []
    while (rolling.folder / ROLLOUT).exists():
        walk(rolling, 'advance', '--now', '--approve')
        commits.append(git(rolling.top, 'rev-parse', 'HEAD'))
    for commit in reversed(commits):
        rolling.git('revert', '--no-edit', commit)
        assert told(rolling) == []
    assert 'stage: "on"' in rolling.read(ROLLOUT)


def test_the_end_of_an_aborted_rollout_can_be_reverted(rolling: Checkout) -> None:
    """It comes back as the branch had it: without requests for the new pods. Nobody else brings one along."""
    walk(rolling, 'advance', '--now', '--approve')
    walk(rolling, 'abort')
    aborted = rolling.read(ROLLOUT)
    walk(rolling, 'finish')
    rolling.write({ROLLOUT: aborted.replace('hold: "10m"', 'hold: "1m"')})
    places = [f'{ROLLOUT}::$.spec.{key}' for key in ('stage', 'strategy')]
    assert [place for place, _ in told(rolling)] == places
    rolling.write({ROLLOUT: aborted})
    assert told(rolling) == []


# Versions: what a published release pins keeps its content.


def test_a_version_that_a_release_pins_is_frozen(checkout: Checkout) -> None:
    changed = r.version('3', image=f'registry.example/server:3@sha256:{"9" * 64}')
    checkout.write(pins('3', '1.2.0', 'staging'))
    assert told(checkout) == []
    checkout.write(r.model(versions=[*VERSIONS[:2], changed], route={}))
    message = "version '3' was published with a different image, artifact or signature, and 'staging/web' pins it"
    hint = 'undo the change and add it as a new version: chart 1.2.0 does not change'
    assert told(checkout) == [('registry/models/web.yaml::$.spec.versions[2]', f'{message} | {hint}')]
    # Also if the same commit takes the pin away.
    checkout.write(pins('1', '1.0.0', 'staging'))
    assert [place for place, _ in told(checkout)] == ['registry/models/web.yaml::$.spec.versions[2]']


def test_a_version_that_no_release_pins_is_not_frozen(checkout: Checkout) -> None:
    changed = r.version('3', image=f'registry.example/server:3@sha256:{"9" * 64}')
    checkout.write(r.model(versions=[*VERSIONS[:2], changed], route={}))
    assert told(checkout) == []
    assert (checkout.folder / 'charts/web/1.2.1').is_dir()


def test_the_target_of_a_rollout_is_frozen(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | r.environment('staging', strategy=CANARY, **r.GATEWAY))
    start = chartloom(checkout.folder, 'rollout', 'start', 'staging/web', '--version', '3')
    assert start.returncode == 0, start.stderr
    changed = r.version('3', image=f'registry.example/server:3@sha256:{"9" * 64}')
    checkout.write(r.model(versions=[*VERSIONS[:2], changed], route={}))
    assert ["and 'staging/web' pins it" in text for _, text in told(checkout)] == [True]


# What a request may not choose for itself.


def test_a_request_does_not_choose_its_own_gate(checkout: Checkout) -> None:
    checkout.write(r.environment('test', **r.GATEWAY) | pins('2', '1.1.0', 'test'))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0'))
    for sources in (['test'], []):
        checkout.write(r.environment('prod', promotesFrom=sources, **{**r.GATEWAY, 'domain': 'prod.example'}))
        assert told(checkout) == [NEVER]


def test_a_branch_that_a_request_names_has_no_say(checkout: Checkout) -> None:
    checkout.git('switch', '--quiet', '--create', 'evil')
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    checkout.git('switch', '--quiet', '--create', 'request', 'main')
    checkout.write(r.settings(repository={'branch': 'evil'}) | pins('2', '1.1.0', skipPromotion='only to make files'))
    checkout.commit()
    checkout.write(pins('2', '1.1.0'))
    done = chartloom(checkout.folder, 'verify', '--base', 'main')
    assert done.returncode == 1
    assert NEVER[1].split(' | ')[0] in done.stderr


def test_a_rollback_by_hand_returns_to_what_ran_here(checkout: Checkout) -> None:
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0', rollback='1.1.0'))
    message = 'a rollback returns to a chart that ran here, and no published commit ended with 1.1.0'
    assert told(checkout) == [(f'{PROD}::$.spec.rollback', f"{message} | remove it, or run 'chartloom rollback'")]


def test_a_rollback_goes_only_to_an_older_chart_that_was_not_given_up(checkout: Checkout) -> None:
    for version, chart in (('2', '1.1.0'), ('3', '1.2.0')):
        checkout.write(pins(version, chart, 'staging'))
        assert told(checkout) == []
        checkout.write(pins(version, chart))
        assert told(checkout) == []
    back = chartloom(checkout.folder, 'rollback', 'web', '--env', 'prod')
    assert back.returncode == 0, back.stderr
    # Forward, to what was given up: also if an earlier commit prepared it.
    message = 'a rollback returns to an older chart than the published 1.1.0, found 1.2.0'
    hint = "remove it, or run 'chartloom rollback'"
    forward = (f'{PROD}::$.spec.rollback', f'{message} | {hint}')
    checkout.write(pins('3', '1.2.0', rollback='1.2.0'))
    given_up, rest = told(checkout)
    assert (given_up[1].startswith("'prod/web' gave up 3 on "), rest) == (True, forward)
    checkout.write(pins('2', '1.1.0', rollback='1.2.0'))
    assert told(checkout) == []
    checkout.write(pins('3', '1.2.0', rollback='1.2.0'))
    assert told(checkout) == [forward]
    # In the same chart: engines would skip the steps of its next changes.
    checkout.write(pins('2', '1.1.0', rollback='1.1.0'))
    assert told(checkout) == [(forward[0], f'{message.replace("1.2.0", "1.1.0")} | {hint}')]
    # Back, to what was given up.
    checkout.write(pins('1', '1.0.0'))
    assert told(checkout) == []
    checkout.write(pins('3', '1.2.0'))
    assert told(checkout) == []
    checkout.write(pins('2', '1.1.0', rollback='1.1.0'))
    message = 'a rollback returns to a chart that this release did not give up: it gave up 1.1.0'
    assert told(checkout) == [(forward[0], f'{message} | {hint}')]
    checkout.write(pins('1', '1.0.0', rollback='1.0.0'))
    assert told(checkout) == []


def test_a_reason_has_words(checkout: Checkout) -> None:
    for reason in ('\u2800' * 12, '-' * 12, '. . . . . . .'):
        checkout.write(pins('2', '1.1.0', skipPromotion=reason))
        (place,) = {place for place, _ in told(checkout)}
        assert place.startswith(f'{PROD}::')
    checkout.write(pins('2', '1.1.0', skipPromotion='исправляет сбой'))
    assert told(checkout) == []


def test_a_version_that_has_a_newer_one_is_never_used_again(checkout: Checkout) -> None:
    changed = r.version('2', image=f'registry.example/server:2@sha256:{"9" * 64}')
    checkout.write(r.model(versions=[VERSIONS[0], VERSIONS[2], changed], route={}))
    assert [place for place, _ in told(checkout)] == ['registry/models/web.yaml::$.spec.versions[2]']


def test_a_rollout_starts_with_the_strategy_of_its_release(rolling: Checkout) -> None:
    file = rolling.read(ROLLOUT)
    walk(rolling, 'abort')
    done = chartloom(rolling.folder, 'reinstate', 'prod/web', '2')
    assert done.returncode == 0, done.stderr
    rolling.write({ROLLOUT: file.replace('hold: "10m"', 'hold: "1s"')})
    message = 'a rollout starts with the strategy of registry/environments/prod.yaml, found another one'
    hint = "run 'chartloom rollout start prod/web'"
    assert told(rolling) == [(f'{ROLLOUT}::$.spec.strategy', f'{message} | {hint}')]


def test_a_rollout_starts_with_the_strategy_of_its_chart(tmp_path: Path) -> None:
    """Where neither the release nor its environment has one."""
    checkout = made(tmp_path / 'repository', registry() | r.model(versions=VERSIONS, route={}, strategy=CANARY))
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    checkout.git('switch', '--quiet', '--create', 'request')
    walk(checkout, 'start', '--version', '2')
    assert told(checkout) == []
    edited(checkout, 'approval: true', 'hold: 1m')
    message = 'a rollout starts with the strategy of charts/web/1.1.0/Chart.yaml, found another one'
    hint = "run 'chartloom rollout start prod/web'"
    assert told(checkout) == [(f'{ROLLOUT}::$.spec.strategy', f'{message} | {hint}')]


def requested(checkout: Checkout, start: str = 'main') -> Checkout:
    checkout.git('switch', '--quiet', '--create', 'request', start)
    return checkout


def test_a_request_from_before_the_first_release_is_judged(tmp_path: Path) -> None:
    """What the merge base has not, the published branch has."""
    checkout = new(tmp_path / 'repository', r.settings())
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--message', 'settings')
    first = checkout.head()
    checkout.write(registry())
    assert told(checkout) == []
    requested(checkout, first)
    checkout.write(registry() | pins('2', '1.1.0'))
    assert told(checkout) == [NEVER]


def test_releases_of_another_registry_are_published_too(tmp_path: Path) -> None:
    checkout = published(tmp_path / 'repository', registry(), 'my-delivery/')
    other = Checkout(checkout.top, 'other/')
    requested(checkout)
    other.write(registry() | pins('2', '1.1.0'))
    assert NEVER in told(other)


PROD_SPEC = {**r.GATEWAY, 'domain': 'prod.example'}


def place(name: str) -> dict[str, Any]:
    """Cluster and namespace of an environment, for another one."""
    return {'cluster': {'name': name, 'server': 'https://kubernetes.default.svc'}, 'namespace': f'ml-{name}'}


def test_an_environment_that_begins_to_follow_is_judged(checkout: Checkout) -> None:
    requested(checkout)
    checkout.write(r.following('prod', **PROD_SPEC) | r.release('prod', 'web'))
    message, hint = NEVER[1].replace('2 (chart 1.1.0)', 'chart 1.2.0').split(' | ')
    assert told(checkout) == [(f'{PROD}::$.spec', f'{message} | {hint}')]
    checkout.write(r.release('prod', 'web', skipPromotion='prod follows from now on'))
    assert told(checkout) == []


def renamed(checkout: Checkout, version: str, chart: str) -> list[tuple[str, str]]:
    requested(checkout)
    checkout.remove('registry/environments/prod.yaml', PROD)
    checkout.write(r.environment('prod2', **{**PROD_SPEC, **place('prod')}) | pins(version, chart, 'prod2'))
    try:
        checkout.commit(removable=('prod/web', 'prod'))
    except ProblemsFound as found:
        return [(f'{each.file}::{each.path}', each.message) for each in found.problems]
    return []


def test_another_name_at_the_same_place_is_judged(checkout: Checkout) -> None:
    message = NEVER[1].split(' | ')[0].replace("'prod'", "'prod2' takes the place of 'prod', which")
    assert renamed(checkout, '2', '1.1.0') == [('registry/releases/prod2/web.yaml::$.spec.chart', message)]


def test_another_name_at_the_same_hosts_is_judged(tmp_path: Path) -> None:
    """Flux says nothing of its cluster: a request gives it any name."""
    checkout = requested(made(tmp_path / 'repository', registry(agent='flux', cluster={'name': 'prod'})))
    checkout.remove('registry/environments/prod.yaml', PROD)
    spec = {**PROD_SPEC, 'agent': 'flux', 'cluster': {'name': 'other'}, 'namespace': 'ml-prod'}
    checkout.write(r.environment('prod2', **spec) | pins('2', '1.1.0', 'prod2'))
    with pytest.raises(ProblemsFound) as found:
        checkout.commit(removable=('prod/web', 'prod'))
    message = NEVER[1].split(' | ')[0].replace("'prod'", "'prod2' takes the place of 'prod', which")
    assert [each.message for each in found.value.problems] == [message]
    # An environment more with the same hosts, in another cluster, is one of its own.
    checkout.write(registry(agent='flux', cluster={'name': 'prod'}))
    assert told(checkout) == []


def test_an_environment_may_be_renamed(checkout: Checkout) -> None:
    assert renamed(checkout, '1', '1.0.0') == []
    done = chartloom(checkout.folder, 'verify', '--base', 'main')
    assert (done.returncode, LOST.format("'prod2' takes the place of 'prod' and") in done.stderr) == (0, True)


def test_environments_that_swap_their_clusters_are_judged(checkout: Checkout) -> None:
    requested(checkout)
    checkout.write(r.environment('staging', **{**PROD_SPEC, **place('prod')}))
    checkout.write(r.environment('prod', promotesFrom=['staging'], **{**r.GATEWAY, **place('staging')}))
    checkout.write(pins('2', '1.1.0', 'staging'))
    message, hint = NEVER[1].replace("'prod'", "'staging' takes the place of 'prod', which", 1).split(' | ')
    assert told(checkout) == [('registry/releases/staging/web.yaml::$.spec.chart', f'{message} | {hint}')]


LOST = "{} no longer promotes from 'staging': later versions need not run there\n  hint: undo it, or let whoever"


def test_a_gate_that_is_removed_is_told(checkout: Checkout) -> None:
    requested(checkout)
    checkout.write(r.environment('prod', **PROD_SPEC))
    checkout.commit()
    for command in (('verify', '--base', 'main'), ('verify', '--base', 'main', '-o', 'json')):
        done = chartloom(checkout.folder, *command)
        assert done.returncode == 0, done.stderr
        assert (
            "'prod' no longer promotes from 'staging': later versions need not run there" in done.stderr + done.stdout
        )
    checkout.write(r.environment('prod', promotesFrom=['staging'], **PROD_SPEC))
    checkout.commit()
    checkout.write(r.environment('prod', **{**PROD_SPEC, 'domain': 'other.example'}))
    assert LOST.format("'prod'") in chartloom(checkout.folder, 'plan').stderr


def test_a_branch_that_is_behind_removes_no_gate(checkout: Checkout) -> None:
    requested(checkout)
    checkout.git('switch', '--quiet', 'main')
    checkout.write(r.environment('test') | r.environment('prod', promotesFrom=['staging', 'test'], **PROD_SPEC))
    assert told(checkout) == []
    checkout.git('switch', '--quiet', 'request')
    done = chartloom(checkout.folder, 'verify', '--base', 'main')
    assert (done.returncode, done.stderr) == (0, '')


def test_a_gate_that_gets_a_further_way_is_told(checkout: Checkout) -> None:
    """The first environment that has a model counts: a new one may be where everything runs."""
    requested(checkout)
    checkout.write(r.environment('test') | r.environment('prod', promotesFrom=['test', 'staging'], **PROD_SPEC))
    checkout.commit()
    done = chartloom(checkout.folder, 'verify', '--base', 'main')
    assert done.returncode == 0, done.stderr
    assert "'prod' also promotes from 'test': later versions may run only there" in done.stderr


def region(**spec: Any) -> r.Files:
    place = {'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'ml', 'domain': 'eu.example'}
    return {'registry/environments/eu.yaml': r.document('Environment', 'eu', {'inherits': 'prod'} | place | spec)}


def test_a_change_of_the_parent_weakens_no_gate_of_a_region(tmp_path: Path) -> None:
    """The gate of `eu` is its own, and what is published judges it with what it inherited there."""
    files = registry() | region(promotesFrom=['staging']) | pins('1', '1.0.0', 'eu')
    checkout = made(tmp_path / 'repository', files)
    open_prod = r.environment('prod', **{**r.GATEWAY, 'domain': 'prod.example'})
    checkout.write(open_prod | pins('2', '1.1.0', 'eu'))
    (where, message), *_ = told(checkout)
    assert where == 'registry/releases/eu/web.yaml::$.spec.chart'
    assert "'eu' promotes from 'staging', where no published commit ended with 2" in message
    # Nor does another name, which takes the place of the region: the published chain says where that is.
    place = {'cluster': {'name': 'eu', 'server': 'https://EU.example:443'}, 'namespace': 'ml', 'domain': 'eu.example'}
    checkout.remove('registry/environments/eu.yaml', 'registry/releases/eu/web.yaml')
    renamed = {'registry/environments/eu2.yaml': r.document('Environment', 'eu2', {'inherits': 'prod', **place})}
    checkout.write(renamed | pins('2', '1.1.0', 'eu2'))
    with pytest.raises(ProblemsFound) as found:
        checkout.commit(removable=('eu', 'eu/*'))
    assert any(
        "takes the place of 'eu', which promotes from 'staging'" in each.message for each in found.value.problems
    )


def test_a_region_whose_parent_changes_is_read_as_it_was_published(tmp_path: Path) -> None:
    files = registry() | region(promotesFrom=['staging']) | pins('1', '1.0.0', 'eu')
    checkout = made(tmp_path / 'repository', files)
    checkout.write(r.environment('prod', promotesFrom=['staging'], **{**r.GATEWAY, 'kubernetes': '1.35'}))
    run = open_run(checkout.repository())
    now = Earlier(run.source, run.source.head, RegistrySchemas(run.templates.schemas))
    before = now.environments()['eu']
    assert (before.kubernetes, run.registry.environments['eu'].kubernetes) == ('1.36', '1.35')
    assert origins(now, run.registry)['eu'][0].promotes_from == ('staging',)


def moved_elsewhere(checkout: Checkout, version: str, chart: str, **prod: Any) -> list[tuple[str, str]]:
    """The problems of a request that gives prod another name, and moves its release in the same commit."""
    requested(checkout)
    gone = ['registry/environments/prod.yaml', PROD, ROLLOUT]
    checkout.remove(*(path for path in gone if (checkout.folder / path).exists()))
    checkout.write(r.environment('prod2', **{**PROD_SPEC, **place('prod'), **prod}) | pins(version, chart, 'prod2'))
    with pytest.raises(ProblemsFound) as found:
        checkout.commit(removable=('prod/web', 'prod'))
    return [(f'{each.file}::{each.path}', each.message) for each in found.value.problems]


def test_another_name_ends_no_rollout(rolling: Checkout) -> None:
    message = "the rollout to 2 is at 'on' and ends later, after 'step-1'"
    place_ = 'registry/releases/prod2/web.yaml::$.spec.chart'
    assert (place_, message) in moved_elsewhere(rolling, '2', '1.1.0', strategy=CANARY, promotesFrom=['staging'])


def test_another_name_takes_no_lock_away(tmp_path: Path) -> None:
    files = registry() | pins('1', '1.0.0', lock={'reason': 'an audit', 'by': 'Ada'})
    checkout = made(tmp_path / 'repository', files)
    checkout.write(pins('2', '1.1.0', 'staging'))
    assert told(checkout) == []
    message = "'prod2/web' must not move to 2 (chart 1.1.0): locked by Ada: an audit"
    found = moved_elsewhere(checkout, '2', '1.1.0', promotesFrom=['staging'])
    assert ('registry/releases/prod/web.yaml::$.spec.lock', message) in found


def test_a_suspended_release_proves_nothing(tmp_path: Path) -> None:
    suspended = {'suspended': {'reason': 'a load test'}}
    checkout = made(tmp_path / 'repository', registry() | pins('2', '1.1.0', 'staging', **suspended))
    requested(checkout)
    checkout.write(pins('2', '1.1.0'))
    message = "'prod' promotes from 'staging', where the release is suspended: its agent deploys no commit"
    assert [each for _, each in told(checkout) if each.startswith(message)]


def test_swapped_names_take_no_lock_away(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | pins('1', '1.0.0', lock={'reason': 'an audit', 'by': 'Ada'}))
    requested(checkout)
    checkout.write(r.environment('staging', **{**PROD_SPEC, **place('prod')}) | pins('2', '1.1.0', 'staging'))
    checkout.write(r.environment('prod', **{**r.GATEWAY, **place('staging'), 'domain': 'staging.example'}))
    message = "'staging/web' must not move to 2 (chart 1.1.0): locked by Ada: an audit"
    assert [each for _, each in told(checkout) if each.startswith(message)]


def test_a_split_ends_no_rollout(rolling: Checkout) -> None:
    """A new environment takes the place, the old one goes elsewhere with its file of the rollout."""
    requested(rolling)
    spec = {**PROD_SPEC, **place('prod'), 'strategy': CANARY, 'promotesFrom': ['staging']}
    rolling.write(r.environment('prod2', **spec) | pins('2', '1.1.0', 'prod2'))
    rolling.write(r.environment('prod', **{**spec, **place('other'), 'domain': 'other.example'}))
    message = "the rollout to 2 is at 'on' and ends later, after 'step-1'"
    assert [each for where, each in told(rolling) if 'prod2' in where and each.startswith(message)]
