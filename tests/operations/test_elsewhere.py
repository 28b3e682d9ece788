"""Problems in what an operation does not touch are warnings; problems in what it touches stop it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, chartloom, new
from parts import git
from writers import VERSIONS

from generator.operations.operation import Options
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.remote import perform

STAGING = 'registry/releases/staging/web.yaml'
HEIR = {
    'registry/environments/eu.yaml': r.document(
        'Environment',
        'eu',
        {'inherits': 'staging', 'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'eu'},
    )
}
ELSEWHERE = {
    'release': {STAGING: r.document('Release', 'web', {'misspelt': 1})},
    'values': {STAGING: r.document('Release', 'web', {'values': {'replicaCount': 'many'}})},
    'rollout': {'registry/rollouts/staging/web.yaml': b'kind: Rollout\n'},
    'environment': {'registry/environments/staging.yaml': b'kind: Environment\n'},
    'environment with an heir': {
        'registry/environments/staging.yaml': b'kind: Environment\n',
        **HEIR,
        **r.release('eu', 'web', version='1'),
    },
    'rule of an environment': r.following('staging', router='nginx'),
    'release of another model': {'registry/releases/prod/api.yaml': b'nothing\n'},
    'another model': {'registry/models/api.yaml': b'nothing\n'},
    'application': {'registry/applications/shop.yaml': b'members: [api]\n'},
    'stray': {'registry/notes.yaml': b'nothing\n'},
    'hand edit': {'values/staging/web.yaml': b'replicaCount: 6\n'},
    'hand edit of the delivery': {'delivery/staging/web.yaml': b'nothing\n'},
}
TOUCHED = {
    'release': {'registry/releases/prod/web.yaml': b'nothing\n'},
    'environment': {'registry/environments/prod.yaml': b'kind: Environment\n'},
    'model': {'registry/models/web.yaml': b'nothing\n'},
    'settings': {'registry/settings.yaml': b'nothing\n'},
    'application': {'registry/applications/shop.yaml': b'members: [web]\n'},
    'hand edit': {'values/prod/web.yaml': b'replicaCount: 6\n'},
}


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    """prod/web ran version 1 and runs 2; it promotes from an environment that follows the newest version."""
    files = {
        **r.settings(), **r.model('web', versions=[r.version('1')]), **r.model('api'), **r.following('staging'),
        **r.environment('prod', promotesFrom=['staging']), **r.release('staging', 'web'), **r.release('staging', 'api'),
        **r.release('prod', 'web', version='1'), **r.release('prod', 'api', version='1'),
    }  # fmt: skip
    here = new(tmp_path / 'here', files)
    perform(pinning(), here.repository(), Options(commit=True))
    here.write(r.model('web', versions=[r.version(each) for each in VERSIONS[:2]]))
    here.commit()
    perform(pinning(Scope(('prod/web',)), newest=True), here.repository(), Options(commit=True))
    here.git('remote', 'add', 'origin', str(origin))
    here.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    return here


def spoil(here: Checkout, files: r.Files) -> None:
    here.write(files)
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'trouble')
    here.git('push', '--quiet')


@pytest.mark.parametrize('where', ['here', 'remote'])
@pytest.mark.parametrize('trouble', ELSEWHERE)
def test_trouble_elsewhere_is_a_warning(trouble: str, where: str, here: Checkout, origin: Path) -> None:
    spoil(here, ELSEWHERE[trouble])
    place = ['--push'] if where == 'here' else ['--repo', str(origin)]
    done = chartloom(here.folder, 'rollback', 'web', '--env', 'prod', '--output', 'json', *place)
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert told['commit'] == git(origin, 'rev-parse', 'main')
    changed = git(origin, 'diff', '--name-only', 'main~1', 'main').split()
    assert changed == ['delivery/prod/web.yaml', 'registry/releases/prod/web.yaml', 'values/prod/web.yaml'] or (
        changed == ['delivery/prod/web.yaml', 'registry/releases/prod/web.yaml']
    )
    read = trouble not in ('release of another model', 'another model', 'application')
    assert bool({each['file'] for each in told['warnings']} & {*ELSEWHERE[trouble]}) or not read


@pytest.mark.parametrize('trouble', TOUCHED)
def test_trouble_in_what_is_touched_stops_it(trouble: str, here: Checkout, origin: Path) -> None:
    spoil(here, TOUCHED[trouble])
    before = here.everything()
    done = chartloom(here.folder, 'rollback', 'web', '--env', 'prod')
    assert done.returncode == 1, done
    assert next(iter(TOUCHED[trouble])) in done.stderr
    assert here.everything() == before


def test_all_releases_of_a_model_are_touched_unless_some_are_named(here: Checkout) -> None:
    spoil(here, ELSEWHERE['release'])
    done = chartloom(here.folder, 'pin', '--env', 'staging')
    assert (done.returncode, STAGING in done.stderr) == (1, True)
