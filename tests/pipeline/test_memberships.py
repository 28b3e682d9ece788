"""Models become members of an application only if their own file says so, or if they are new."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, chartloom, new

from generator.domain.problems import ProblemsFound

MINE = 'registry/applications/mine.yaml'


def deployed(name: str, **spec: object) -> r.Files:
    return r.model(name, **spec) | r.release('prod', name)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Two members of an application, and a model of somebody else."""
    files = r.settings() | r.following('prod') | deployed('web') | deployed('api') | deployed('evil')
    found = new(tmp_path / 'repository', files | r.application('shop', ['web', 'api']))
    assert found.commit().commit, 'what is first is not judged: nothing is published'
    return found


def told(checkout: Checkout) -> list[str]:
    try:
        checkout.commit()
    except ProblemsFound as found:
        return [f'{each.path}: {each.message}' for each in found.problems]
    return []


def no_member(index: int, model: str, application: str = 'mine') -> str:
    return f"$.spec.members[{index}]: model '{model}' does not say that it is in application '{application}'"


def test_an_application_does_not_take_published_models(checkout: Checkout) -> None:
    checkout.write(r.application('mine', ['evil', 'web']))
    assert told(checkout) == [no_member(0, 'evil'), no_member(1, 'web')]
    checkout.write(deployed('evil', applications=['mine']))
    assert told(checkout) == [no_member(1, 'web')]
    checkout.write(r.application('mine', ['evil']))
    assert told(checkout) == []
    checkout.write(r.application('mine', ['evil', 'api']))
    assert told(checkout) == [no_member(1, 'api')]


def test_verify_and_commands_about_one_model_tell_it(checkout: Checkout) -> None:
    checkout.write(r.application('mine', ['evil', 'web']) | deployed('evil', applications=['mine']))
    for command in (('verify',), ('plan', 'web')):
        done = chartloom(checkout.folder, *command)
        assert (done.returncode, no_member(1, 'web') in done.stderr) == (1, True), done.stderr


def test_a_model_that_is_new_needs_no_key(checkout: Checkout) -> None:
    checkout.write(deployed('chat') | r.application('mine', ['chat']) | r.application('shop', ['web', 'api', 'chat']))
    assert told(checkout) == []


def test_a_published_membership_needs_no_key(checkout: Checkout) -> None:
    checkout.write(r.application('shop', ['web', 'api'], team='shop'))
    assert told(checkout) == []
    checkout.remove('registry/applications/shop.yaml')
    checkout.write(r.application('store', ['web', 'api']))
    assert told(checkout) == [no_member(0, 'web', 'store'), no_member(1, 'api', 'store')]


def test_a_model_leaves_by_its_own_file(checkout: Checkout) -> None:
    checkout.write(deployed('web', applications=[]))
    assert told(checkout) == [no_member(0, 'web', 'shop')]


def test_the_key_changes_no_chart(checkout: Checkout) -> None:
    checkout.write(deployed('web', applications=['shop', 'a-later-one']))
    assert {change.path for change in checkout.commit().plan.changes} == set()


def test_a_branch_that_is_only_behind_takes_nobody(checkout: Checkout) -> None:
    checkout.git('branch', 'request')
    checkout.write(r.application('shop', ['api']))
    assert told(checkout) == []
    checkout.git('switch', '--quiet', 'request')
    checkout.write(deployed('evil', replicas=3))
    assert told(checkout) == []
