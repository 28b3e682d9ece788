"""`chartloom model rename`: only what no published release runs; its drafts get the new name, published charts stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, chartloom, new, published_at
from parts import git

from generator.documents.read import read_yaml

BASE = r.settings() | r.model('api') | r.following('prod') | r.release('prod', 'api')
DRAFT = {
    **r.model('api', applications=['shop']),
    **r.model('web', versions=[r.version('1'), r.version('2')], description='web is its name', applications=['shop']),
    **r.environment('dev', hostnames={'w.example': {'model': 'web'}}, **r.GATEWAY),
    **r.release('dev', 'web', version='2', chart='1.1.0'),
    **r.application('shop', ['api', 'web'], routes={'all': {'model': 'web', 'path': '/'}}),
}


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    """A request with a model that is not published."""
    origin = tmp_path / 'origin'
    git(tmp_path, 'init', '--quiet', '--bare', '--initial-branch=main', str(origin))
    found = published_at(origin, tmp_path / 'repository', files=BASE)
    found.git('switch', '--quiet', '--create', 'request')
    found.write(DRAFT)
    found.commit()
    return found


def test_a_draft_gets_another_name(here: Checkout) -> None:
    done = chartloom(here.folder, 'model', 'rename', 'web', 'front', '--output', 'json')
    assert done.returncode == 0, done.stderr + done.stdout
    told = json.loads(done.stdout)
    assert (told['environments'], told['referring']) == (
        ['dev'],
        ['registry/applications/shop.yaml', 'registry/environments/dev.yaml'],
    )
    spec = {name: read_yaml(here.read(name).encode(), '')['spec'] for name in told['referring']}
    shop, dev = spec.values()
    assert (shop['members'], shop['routes']) == (['api', 'front'], {'all': {'model': 'front', 'path': '/'}})
    assert dev['hostnames'] == {'w.example': {'model': 'front'}}
    assert read_yaml(here.read('registry/releases/dev/front.yaml').encode(), '')['spec'] == {
        'version': '2', 'chart': '1.1.0',
    }  # fmt: skip
    assert 'web is its name' in here.read('registry/models/front.yaml')
    assert not [path for path in here.git('ls-files').split() if 'web' in path.split('/') or path.endswith('/web.yaml')]
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith(
        'Rename model web to front\n\nWorkloads, Services, charts and default host names are called'
    )
    assert (here.status(), here.generate().changed) == ([], False)
    verified = chartloom(here.folder, 'verify', '--base', 'main')
    assert verified.returncode == 0, verified.stderr
    again = chartloom(here.folder, 'model', 'rename', 'web', 'front')
    assert again.stdout == "nothing to do: there is no 'web', and 'front' is there\n"


def test_what_still_says_the_old_name_is_told(here: Checkout) -> None:
    here.write(r.model('later', route={'rules': {'main': {'path': '/v1/models/later'}}}))
    here.commit()
    done = chartloom(here.folder, 'model', 'rename', 'later', 'next', '--output', 'json')
    assert done.returncode == 0, done.stderr + done.stdout
    found = [
        (each['path'], each['message']) for each in json.loads(done.stdout)['warnings'] if 'still' in each['message']
    ]
    assert found == [('$.spec.route.rules.main.path', "still says 'later': /v1/models/later")]


def test_what_runs_keeps_its_name(here: Checkout) -> None:
    before = here.everything()
    done = chartloom(here.folder, 'model', 'rename', 'api', 'backend')
    assert done.returncode == 1
    assert done.stderr == (
        'registry/models/api.yaml: published releases run it (prod/api): its pods and Services have its name, and'
        " would be replaced\n  hint: add a second model 'backend' with releases of its own, move what calls 'api' to"
        " it, and remove the releases of 'api' last\n"
    )
    assert here.everything() == before


@pytest.mark.parametrize(
    ('names', 'told'),
    [
        (('wep', 'x'), "registry/models: model 'wep' not found\n  hint: did you mean 'web'?"),
        (('web', 'api'), "registry/models/api.yaml: model 'api' is there already"),
        (('web', 'We'), "registry/models/web.yaml::$.metadata.name: invalid name 'We'"),
    ],
)
def test_names_that_do_not_do(here: Checkout, names: tuple[str, str], told: str) -> None:
    done = chartloom(here.folder, 'model', 'rename', *names)
    assert done.returncode == 1
    assert told in done.stderr


def test_published_charts_stay_under_the_old_name(tmp_path: Path) -> None:
    """A model whose last release is gone: its name may change, its charts are history."""
    here = new(tmp_path / 'repository', BASE | r.model('web'))
    here.commit()
    ledger = here.read('charts/web/versions.yaml')
    done = chartloom(here.folder, 'model', 'rename', 'web', 'front')
    assert done.returncode == 0, done.stderr
    assert here.read('charts/web/versions.yaml') == ledger
    assert 'The published charts of web and their ledger stay.' in here.git('log', '-1', '--format=%B')
    back = chartloom(here.folder, 'model', 'rename', 'front', 'web')
    assert "charts/web/versions.yaml: a model 'web' was published before" in back.stderr
    assert back.returncode == 1
