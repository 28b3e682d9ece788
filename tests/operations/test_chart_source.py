"""Charts from an OCI registry: a repository moves there and back; bumps, hotfixes, squashes and reverts go on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, changed_model, chartloom, clone, published
from oci import Running, Server
from publishing import ask, publish

from generator.charts.ledger import read_ledger
from generator.domain.generated import LedgerEntry

# One agent of each kind.
FLEET = {
    **r.settings(),
    **r.model('web'),
    **r.model('api'),
    **r.following('dev'),
    **r.following('prod', agent='flux'),
    **r.release('dev', 'web'),
    **r.release('prod', 'web'),
    **r.release('dev', 'api'),
}


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Running(tmp_path_factory.mktemp('registry')) as found:
        yield found


def started(server: Server, folder: Path) -> Checkout:
    """A published repository whose charts the registry has; agents still read folders of git."""
    here = published(folder, FLEET)
    charts = {'registry': f'oci://{server.host}/{folder.parent.name.replace("_", "-")}', 'plainHttp': True}
    here.write(r.settings(charts=charts))
    assert here.commit().commit
    publish(here)
    return here


def moved(server: Server, folder: Path) -> Checkout:
    here = started(server, folder)
    for environment in ('dev', 'prod'):
        run(here, 'chart-source', 'oci', '--env', environment)
    run(here, 'chart-source', 'oci')
    return here


def address(here: Checkout) -> str:
    found = re.search('"(oci://.*?)"', here.read('registry/settings.yaml'))
    assert found
    return found[1]


def run(here: Checkout, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = chartloom(here.folder, *arguments, '-o', 'json')
    assert done.returncode == code, done.stderr + done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def verified(here: Checkout, *options: str) -> dict[str, Any]:
    return run(here, 'verify', '--all', *options)


def ledger(here: Checkout, model: str = 'web') -> dict[str, LedgerEntry]:
    file = f'charts/{model}/versions.yaml'
    return {entry.version: entry for entry in read_ledger(here.read(file).encode(), file)}


def charts(here: Checkout, model: str = 'web') -> list[str]:
    return sorted(path.name for path in (here.folder / 'charts' / model).iterdir())


def documents(here: Checkout, release: str) -> list[dict[str, Any]]:
    from ruamel.yaml import YAML

    return list(YAML(typ='safe').load_all(here.read(f'delivery/{release}.yaml')))


def test_an_environment_moves_alone_and_pins_by_digest(server: Server, tmp_path: Path) -> None:
    here = started(server, tmp_path / 'here')
    before = here.read('delivery/dev/web.yaml')
    told = run(here, 'chart-source', 'oci', '--env', 'prod')
    assert told['releases'] == [{'release': 'prod/web', 'reason': 'its delivery object changes'}]
    assert here.git('log', '-1', '--format=%s') == f'Move prod to charts from {address(here)}'
    manifest = ledger(here)['1.0.0'].manifest
    source, release = documents(here, 'prod/web')
    assert source['spec']['url'] == f'{address(here)}/web'
    assert source['spec']['ref'] == {'digest': manifest}
    assert source['spec']['insecure'] is True
    assert release['spec']['chartRef'] == {'kind': 'OCIRepository', 'name': source['metadata']['name']}
    assert release['metadata']['labels']['chartloom.dev/chart'] == '1.0.0'
    assert here.read('delivery/dev/web.yaml') == before
    run(here, 'chart-source', 'oci', '--env', 'dev')
    [application] = documents(here, 'dev/web')
    place = {key: application['spec']['source'][key] for key in ('repoURL', 'targetRevision', 'path')}
    assert place == {'repoURL': f'{address(here)}/web', 'targetRevision': manifest, 'path': '.'}
    assert charts(here) == ['1.0.0', 'versions.yaml']
    assert verified(here)['valid']
    assert run(here, 'chart-source', 'oci', '--env', 'dev')['changed'] is False


def test_the_bootstrap_admits_the_registry_before_an_environment_moves(server: Server, tmp_path: Path) -> None:
    here = started(server, tmp_path / 'here')
    before = here.read('bootstrap/dev.yaml'), here.read('bootstrap/prod.yaml')
    assert f'{address(here)}/*' in before[0]
    assert 'ocirepositories' in before[1]
    run(here, 'chart-source', 'oci', '--env', 'prod')
    assert here.read('bootstrap/prod.yaml') == before[1]
    run(here, 'chart-source', 'oci', '--env', 'dev')
    # The project does not admit charts from git any more.
    assert 'https://git.example/ml.git' not in here.read('bootstrap/dev.yaml').split('kind: AppProject')[1]


def test_both_sources_render_the_same_objects(server: Server, tmp_path: Path, helm: Path) -> None:
    here = moved(server, tmp_path / 'here')
    values = here.folder / 'values/dev/web.yaml'
    chart = f'{address(here)}/web@{ledger(here)["1.0.0"].manifest}'
    common = ('--namespace', 'ml-dev', '--kube-version', '1.36', '--values', values)
    there = ask(helm, 'template', 'web', chart, '--plain-http', *common)
    assert there == ask(helm, 'template', 'web', here.folder / 'charts/web/chart', *common)


def test_the_newest_chart_changes_in_place(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    assert charts(here) == ['chart', 'versions.yaml']
    assert 'charts/*/chart/** linguist-generated=false' in here.read('.gitattributes')
    here.write(changed_model())
    told = run(here, 'plan')
    assert told['newCharts'] == ['web 1.0.1']
    outcome = run(here, 'generate', '--commit')
    assert outcome['commit']
    assert 'web 1.0.1' in here.git('log', '-1', '--format=%B')
    changed = here.git('diff', '--stat=200', 'HEAD~', '--', 'charts/web/chart').splitlines()
    assert [line.split('|')[0].strip() for line in changed[:-1]] == [
        f'charts/web/chart/{name}' for name in ('Chart.yaml', 'README.md', 'values.yaml')
    ]
    assert verified(here)['valid']
    assert publish(here)['pushed'][0]['version'] == '1.0.1'
    assert run(here, 'verify', '--registry', '--plain-http')['chartsInRegistry'] == 3
    assert run(here, 'generate', '--commit')['changed'] is False


def test_a_pinned_release_keeps_a_chart_that_has_no_folder(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.write(r.release('dev', 'web', version='1', chart='1.0.0'))
    here.write(changed_model())
    assert here.commit().commit
    assert charts(here) == ['chart', 'versions.yaml']
    assert 'version: 1.0.1' in here.read('charts/web/chart/Chart.yaml').replace('"', '')
    told = verified(here, '--base', 'HEAD~')
    assert told['valid']
    [old] = documents(here, 'dev/web')
    assert old['spec']['source']['targetRevision'] == ledger(here)['1.0.0'].manifest
    assert documents(here, 'prod/web')[0]['spec']['ref'] == {'digest': ledger(here)['1.0.1'].manifest}


def test_two_bumps_and_a_hotfix_in_one_request_lose_nothing(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'request')
    one, two = r.version('1'), r.version('2', image=f'registry.example/server:2@{r.DIGEST}')
    here.write(r.model(versions=[one, two]))
    assert here.commit().commit
    here.write(r.model(versions=[one, r.version('1.0.1'), two, r.version('3')]))
    assert here.commit().commit
    found = {entry.model_version: version for version, entry in ledger(here).items()}
    assert charts(here) == sorted([found['1.0.1'], found['2'], 'chart', 'versions.yaml'])
    assert verified(here, '--base', 'main')['valid']
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--squash', 'request')
    here.git('commit', '--quiet', '--message', 'Squashed')
    refused = chartloom(here.folder, 'prune')
    assert refused.returncode == 1
    assert 'charts that the registry does not have' in refused.stderr
    told = publish(here, 'web')
    assert {each['version'] for each in told['pushed']} == {found['1.0.1'], found['2'], found['3']}
    assert run(here, 'prune')['pruned'] == sorted(f'charts/web/{found[each]}' for each in ('1.0.1', '2'))
    assert charts(here) == ['chart', 'versions.yaml']
    assert verified(here)['valid']
    assert run(here, 'verify', '--registry', '--plain-http')['valid']


def test_a_revert_goes_back_in_place(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    before = here.read('charts/web/chart/values.yaml')
    here.write(changed_model())
    assert here.commit().commit
    here.git('revert', '--no-edit', 'HEAD')
    here.commit()
    assert here.read('charts/web/chart/values.yaml') == before
    # The published version stays known, and what runs again has a number of its own.
    assert list(ledger(here)) == ['1.0.0', '1.0.1', '1.0.2']
    assert verified(here)['valid']


def test_a_shallow_clone_gets_old_charts_from_the_registry(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.write(r.release('dev', 'web', version='1', chart='1.0.0'))
    here.write(changed_model())
    assert here.commit().commit
    # The server has no history to deepen with.
    here.git('checkout', '--quiet', '--orphan', 'cut')
    here.git('commit', '--quiet', '--message', 'History was cut here')
    here.git('branch', '--quiet', '--force', 'main')
    there = clone(here.top, tmp_path / 'there', '--branch', 'main', '--single-branch')
    assert verified(there, '--base', 'HEAD')['valid']
    # They are kept by their digests: later runs need no registry.
    settings = there.read('registry/settings.yaml')
    there.write({'registry/settings.yaml': settings.replace(server.host, '127.0.0.1:1')})
    found = chartloom(there.folder, 'explain', 'release/dev/web', 'replicaCount')
    assert found.returncode == 0, found.stderr


def test_an_edited_chart_is_found(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.append('charts/web/chart/values.yaml', 'x: 1\n')
    found = chartloom(here.folder, 'verify')
    assert found.returncode == 1
    assert 'charts/web/chart/values.yaml: edited by hand' in found.stderr
    here.git('commit', '--quiet', '--all', '--message', 'By hand')
    found = chartloom(here.folder, 'verify')
    assert 'charts/web/chart/values.yaml' in found.stderr
    assert run(here, 'generate', '--commit', '--discard-edits')['commit']
    assert verified(here)['valid']


def test_what_is_not_in_the_registry_does_not_move(server: Server, tmp_path: Path) -> None:
    here = started(server, tmp_path / 'here')
    here.write(changed_model())
    assert here.commit().commit
    refused = chartloom(here.folder, 'chart-source', 'oci', '--env', 'prod')
    assert refused.returncode == 1
    assert 'charts that the registry does not have: 1.0.1' in refused.stderr
    refused = chartloom(here.folder, 'chart-source', 'oci')
    assert "run 'chartloom chart-source oci --env dev' first" in refused.stderr


def test_the_way_back(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.write(changed_model())
    assert here.commit().commit
    first = here.read('delivery/prod/web.yaml')
    run(here, 'chart-source', 'git')
    assert charts(here) == ['1.0.0', '1.0.1', 'versions.yaml']
    assert here.read('delivery/prod/web.yaml') == first
    assert verified(here)['valid']
    for environment in ('dev', 'prod'):
        run(here, 'chart-source', 'git', '--env', environment)
    assert documents(here, 'prod/web')[0]['spec']['chart']['spec']['chart'] == './charts/web/1.0.1'
    assert verified(here)['valid']


def test_a_removed_model_keeps_its_newest_chart(server: Server, tmp_path: Path) -> None:
    here = moved(server, tmp_path / 'here')
    here.remove('registry/models/api.yaml', 'registry/releases/dev/api.yaml')
    assert here.commit(removable=('dev/api',)).commit
    assert charts(here, 'api') == ['chart', 'versions.yaml']
    assert verified(here)['valid']
