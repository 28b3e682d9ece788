"""A release that comes or goes changes the network policies of the other members of its application: in one commit."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, clone, new

VERSIONS = [r.version('1'), r.version('2')]
ONE = {'version': '1', 'chart': '1.0.0'}
APPLICATION = 'registry/applications/shop.yaml'


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    """Two members in prod, three in staging."""
    files = {
        **r.settings(), **r.environment('staging'), **r.environment('prod', promotesFrom=['staging']),
        **r.application('shop', ['web', 'api', 'db']),
        **{path: data for name in ('web', 'api', 'db') for path, data in r.model(name, versions=VERSIONS).items()},
        **{path: data for name in ('web', 'api', 'db') for path, data in r.release('staging', name, **ONE).items()},
        **{path: data for name in ('web', 'api') for path, data in r.release('prod', name, **ONE).items()},
    }  # fmt: skip
    found = new(tmp_path / 'made', files)
    assert found.commit().commit
    return found


def is_current(made: Checkout) -> bool:
    return chartloom(made.folder, 'verify').returncode == 0


def test_a_first_promotion_reaches_the_other_members(made: Checkout) -> None:
    answered(made, 'promote', 'db', '--to', 'prod')
    assert {'delivery/prod/web.yaml', 'delivery/prod/api.yaml', 'delivery/prod/db.yaml'} <= {*made.files()}
    assert 'Operation: promote db --to prod\n' in made.git('log', '-1', '--format=%B') + '\n'
    assert is_current(made)


def test_what_is_retired_leaves_the_other_members(made: Checkout) -> None:
    answered(made, 'retire', 'api', '--env', 'prod')
    assert 'delivery/prod/web.yaml' in made.files()
    assert is_current(made)


def test_generate_of_one_model_does_so_too(made: Checkout) -> None:
    made.write(r.release('prod', 'db', **ONE, skipPromotion='it is in no environment before'))
    assert chartloom(made.folder, 'generate', 'db', '--commit').returncode == 0
    assert is_current(made)
    made.remove('registry/releases/prod/db.yaml')
    assert chartloom(made.folder, 'generate', 'db', '--commit', '--allow-removal', 'prod/db').returncode == 0
    assert is_current(made)


def test_on_a_remote(made: Checkout, tmp_path: Path) -> None:
    clone(made.top, tmp_path / 'origin.git', '--bare')
    url = f'file://{tmp_path}/origin.git'
    answered(made, 'promote', 'db', '--to', 'prod', '--repo', url)
    assert is_current(clone(url, tmp_path / 'after'))


def test_what_is_not_committed_of_other_members_stops_it(made: Checkout) -> None:
    """The commit would have policies for releases that it does not have."""
    made.remove('registry/releases/prod/api.yaml')
    (found,) = answered(made, 'lock', 'prod/web', '--reason', 'an audit', code=1)['problems']
    assert found['file'] == 'registry/releases/prod/api.yaml'
    assert found['message'] == 'not as committed, and network policies of its application depend on it'
    made.git('checkout', '.')
    made.write(r.release('prod', 'db', **ONE))
    (found,) = answered(made, 'lock', 'prod/web', '--reason', 'an audit', code=1)['problems']
    assert found['file'] == 'registry/releases/prod/db.yaml'


@pytest.mark.parametrize('content', ['', 'spec: [', 'spec: {}\n'])
def test_a_destroyed_application_stops_its_members_only(made: Checkout, content: str) -> None:
    made.write({APPLICATION: content, **r.model('top'), **r.following('edge'), **r.release('edge', 'top')})
    made.git('add', '--all')
    made.git('commit', '--quiet', '--message', 'destroyed')
    (found, *_) = answered(made, 'lock', 'prod/web', '--reason', 'an audit', code=1)['problems']
    assert found['file'] == APPLICATION
    assert answered(made, 'lock', 'edge/top', '--reason', 'an audit')['commit']


def test_an_earlier_commit_is_pushed_although_nothing_is_to_do(made: Checkout, tmp_path: Path) -> None:
    clone(made.top, tmp_path / 'origin.git', '--bare')
    made.git('remote', 'add', 'origin', str(tmp_path / 'origin.git'))
    made.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    bump = ('bump', 'web', '3', '--image', r.version('3')['image'])
    assert answered(made, *bump)['commit']
    found = answered(made, *bump, '--push')
    assert (found['changed'], found['pushed']) == (False, True)
    assert made.git('rev-parse', 'origin/main') == made.head()
    assert answered(made, *bump, '--push')['pushed'] is False


def test_nothing_to_do_in_a_stale_clone_is_looked_at_again(made: Checkout, tmp_path: Path) -> None:
    clone(made.top, tmp_path / 'origin.git', '--bare')
    stale = clone(tmp_path / 'origin.git', tmp_path / 'stale')
    other = clone(tmp_path / 'origin.git', tmp_path / 'other')
    other.write(r.release('staging', 'web', version='2', chart='1.1.0'))
    assert other.commit().commit
    other.git('push', '--quiet', 'origin', 'main')
    found = answered(stale, 'promote', 'web', '--to', 'prod', '--push')
    assert [row['version'] for row in found['promoted']] == ['2']
    assert found['pushed']
