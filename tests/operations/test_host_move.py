"""`chartloom host move`: a host name goes from one owner to another in one commit, as the rules of host names allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, new
from parts import git

from generator.documents.read import read_yaml

SHOP = 'registry/applications/shop.yaml'
WEB, API = 'registry/models/web.yaml', 'registry/models/api.yaml'


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    environment = {**r.GATEWAY, 'hostnames': {'www.other.example': {'model': 'web'}}}
    files = {
        **r.settings(), **r.model('web', route={'hostname': 'search'}), **r.model('api'), **r.model('top', route={}),
        **r.application('shop', ['api'], routes={'all': {'model': 'api', 'path': '/'}}),
        **r.following('prod', **environment),
        **r.release('prod', 'web'), **r.release('prod', 'api'), **r.release('prod', 'top'),
    }  # fmt: skip
    found = new(tmp_path / 'repository', files)
    assert found.commit().commit
    return found


def loads(text: str) -> Any:
    return read_yaml(text.encode(), '')


def run(made: Checkout, host: str, old: str, new_: str, *more: str, code: int = 0) -> dict[str, Any]:
    return answered(made, 'host', 'move', host, '--from', old, '--to', new_, *more, code=code)


def test_the_first_label_moves(made: Checkout) -> None:
    found = run(made, 'search.shop.example', 'web', 'shop')
    assert (found['changed'], found['from'], found['to']) == (True, "model 'web'", "application 'shop'")
    assert loads(made.read(SHOP))['spec']['hostname'] == 'search'
    assert loads(made.read(WEB))['spec']['route'] == {}
    assert '- search.shop.example' in made.read('values/prod/api.yaml')
    assert '- web.shop.example' in made.read('values/prod/web.yaml')
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith('Move host search.shop.example: web → shop\n')
    assert "model 'web' has 'web', before 'search'; in all environments" in message
    assert "application 'shop' has 'search' as its first label, before 'shop'" in message
    assert 'Chartloom-Operation: host move search.shop.example --from web --to shop' in message
    assert run(made, 'search.shop.example', 'web', 'application/shop')['changed'] is False
    run(made, 'search.shop.example', 'shop', 'top', '--instead', 'store')
    assert loads(made.read(SHOP))['spec']['hostname'] == 'store'


def test_what_an_environment_grants_moves(made: Checkout) -> None:
    assert run(made, 'www.other.example', 'web', 'top')['changed'] is True
    grants = loads(made.read('registry/environments/prod.yaml'))['spec']['hostnames']
    assert grants == {'www.other.example': {'model': 'top'}}


def test_an_inherited_grant_is_written_where_it_was(made: Checkout) -> None:
    made.write(r.environment('prod-eu', inherits='prod', promotesFrom=['prod']))
    assert made.commit().commit
    run(made, 'www.other.example', 'web', 'top')
    assert 'hostnames' not in loads(made.read('registry/environments/prod-eu.yaml'))['spec']


def test_applications_of_pinned_releases(tmp_path: Path) -> None:
    """Their host name is in values only; that of a model is in its charts."""
    files = {
        **r.settings(), **r.environment('prod', **r.GATEWAY), **r.model('api'), **r.model('top'),
        **r.application('shop', ['api'], routes={'all': {'model': 'api', 'path': '/'}}, hostname='store'),
        **r.application('next', ['top'], routes={'all': {'model': 'top', 'path': '/'}}),
        **r.release('prod', 'api', version='1', chart='1.0.0'), **r.release('prod', 'top', version='1', chart='1.0.0'),
    }  # fmt: skip
    made = new(tmp_path, files)
    assert made.commit().commit
    assert run(made, 'store.shop.example', 'shop', 'next')['changed'] is True
    assert '- store.shop.example' in made.read('values/prod/top.yaml')
    assert '- shop.shop.example' in made.read('values/prod/api.yaml')
    assert 'hostname' not in made.read('registry/releases/prod/top.yaml')


def test_pinned_releases(tmp_path: Path) -> None:
    """The host name of a model is in its charts: releases that are pinned get it in their files, with auth and TLS."""
    routes = {'all': {'model': 'api', 'path': '/'}}
    tls = {'tls': {'issuer': {'kind': 'ClusterIssuer', 'name': 'main'}}}
    files = {
        **r.settings(), **r.environment('prod', **r.GATEWAY), **r.environment('apart'),
        **r.environment('edge', **{**r.GATEWAY, 'domain': 'edge.example'}, **tls),
        **r.following('dev', **{**r.GATEWAY, 'domain': 'dev.example'}),
        **r.model('api'), **r.model('top', route={}), **r.model('web', route={}),
        **r.application('shop', ['api'], routes=routes, hostname='store'),
        **r.release('dev', 'web', hostname='old'), **r.release('apart', 'web', version='1', chart='1.0.0'),
        **{path: data for name in ('prod/api', 'prod/top', 'prod/web', 'edge/top', 'edge/web')
           for path, data in r.release(*name.split('/'), version='1', chart='1.0.0').items()},
    }  # fmt: skip
    made = new(tmp_path, files)
    assert made.commit().commit
    run(made, 'store.shop.example', 'shop', 'web')
    assert loads(made.read('registry/releases/prod/web.yaml'))['spec']['hostname'] == 'store'
    assert 'hostname' not in loads(made.read('registry/releases/dev/web.yaml'))['spec']
    assert 'hostname' not in loads(made.read('registry/releases/apart/web.yaml'))['spec']
    assert '- store.shop.example' in made.read('values/prod/web.yaml')
    assert '- store.edge.example' in made.read('values/edge/web.yaml')
    assert '- store.dev.example' in made.read('values/dev/web.yaml')
    assert '- shop.shop.example' in made.read('values/prod/api.yaml')
    body = made.git('log', '-1', '--format=%B')
    assert "release 'prod/web' has 'store' as its first label, also with chart 1.0.0" in body
    assert "release 'dev/web' has no first label of its own any more" in body
    # The giver is pinned, too.
    run(made, 'store.shop.example', 'web', 'top', '--instead', 'web-old')
    assert loads(made.read('registry/releases/prod/web.yaml'))['spec']['hostname'] == 'web-old'
    assert '- web-old.shop.example' in made.read('values/prod/web.yaml')
    assert '- store.shop.example' in made.read('values/prod/top.yaml')
    for name, label in (('top', 'store'), ('web', 'web-old')):
        assert f'{label}.edge.example' in made.read(f'delivery/edge/{name}.yaml')
        assert f'{name}.edge.example' not in made.read(f'delivery/edge/{name}.yaml')
    # The next chart has the new name itself, and the release's may go.
    assert run(made, 'store.shop.example', 'web', 'top')['changed'] is False


@pytest.mark.parametrize(
    ('host', 'old', 'new_', 'place', 'message'),
    [
        ('top.shop.example', 'top', 'web', 'registry/models/top.yaml',
         "'top' is the name of model 'top', and its default host name"),
        ('search.shop.example', 'web', 'api', API, "model 'api' has no route"),
        ('x.shop.example', 'web', 'top', WEB, "'x.shop.example' is no host name of model 'web'"),
        ('x.shop.example', 'wep', 'top', 'registry/models', "model or application 'wep' not found"),
    ],
)  # fmt: skip
def test_what_is_refused(made: Checkout, host: str, old: str, new_: str, place: str, message: str) -> None:
    (found,) = run(made, host, old, new_, code=1)['problems']
    assert (found['file'], found['message']) == (place, message)
