"""`chartloom publish` with real registries and real helm: what is pushed, what is refused, what is resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, Checkout, changed_model, chartloom, new, published
from oci import PASSWORD, USER, Fake, Running, Server, reply
from parts import helm_version
from pruned import pruned
from publishing import CHART, OTHER, address, ask, names, publish, push, with_registry


@pytest.fixture(scope='module')
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Running(tmp_path_factory.mktemp('plain')) as server:
        yield server


def test_the_registry_gets_what_it_lacks(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    both = ['api 1.0.0', 'web 1.0.0']
    before = publish(here, '--plain-http', '--dry-run', '--tag')
    assert (before['dryRun'], names(before)) == (True, {'pushed': both, 'tagged': both, 'skipped': []})
    first = publish(here, '--plain-http')
    assert (first['dryRun'], first['registry']) == (False, address(here))
    assert names(first) == {'pushed': both, 'tagged': [], 'skipped': []}, 'the dry run pushed nothing'
    assert names(publish(here, '--plain-http')) == {'pushed': [], 'tagged': [], 'skipped': both}
    assert names(publish(here, 'web', '--plain-http', '--tag')) == {
        'pushed': [],
        'tagged': ['web 1.0.0'],
        'skipped': [],
    }
    assert names(publish(here, '--plain-http', '--tag')) == {'pushed': [], 'tagged': ['api 1.0.0'], 'skipped': both[1:]}
    packed = chartloom(here.folder, 'package', 'web', '--to', str(tmp_path)).stdout
    assert first['pushed'][1]['digest'] in packed
    assert here.status() == []


def test_what_is_said(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    digest = publish(here, '--plain-http', '--dry-run')['pushed'][1]['digest']
    there = '0 charts skipped: the registry has them'
    for options, line, end in (
        (('--dry-run', '--tag'), 'would be pushed and tagged', f'1 chart would be pushed, 1 would be tagged, {there}'),
        ((), 'pushed', f'1 chart pushed, 0 tagged, {there}'),
        (('--tag',), 'tagged', f'0 charts pushed, 1 tagged, {there}'),
        ((), '', '0 charts pushed, 0 tagged, 1 chart skipped: the registry has it'),
    ):
        done = chartloom(here.folder, 'publish', 'web', '--plain-http', *options)
        lines = [f'web 1.0.0 {line}: {digest}'] if line else []
        assert (done.returncode, done.stdout.splitlines()) == (0, [*lines, f'{address(here)}: {end}'])


def test_helm_takes_charts_by_digest_and_by_tag(plain: Server, tmp_path: Path, helm: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    told = publish(here, '--plain-http', '--tag')
    digest = next(chart['digest'] for chart in told['pushed'] if chart['model'] == 'web')
    wanted = ask(helm, 'template', 'web', here.folder / CHART)
    chart = f'{address(here)}/web'
    assert ask(helm, 'template', 'web', f'{chart}@{digest}', '--plain-http') == wanted
    assert ask(helm, 'template', 'web', chart, '--version', '1.0.0', '--plain-http') == wanted
    ask(helm, 'pull', chart, '--version', '1.0.0', '--plain-http', '--destination', tmp_path)
    packed = chartloom(here.folder, 'package', 'web', '--to', str(tmp_path / 'ours'))
    assert packed.returncode == 0
    assert (tmp_path / 'web-1.0.0.tgz').read_bytes() == (tmp_path / 'ours/web-1.0.0.tgz').read_bytes()
    ask(helm, 'pull', f'{chart}@{digest}', '--plain-http', '--destination', tmp_path / 'ours', '--untar')
    for path, data in here.tree().items():
        if path.startswith(f'{CHART}/'):
            assert (tmp_path / 'ours/web' / path.removeprefix(f'{CHART}/')).read_bytes() == data


def test_config_and_layer_are_those_of_helm(plain: Server, tmp_path: Path, helm: Path) -> None:
    """Helm pushes the same blobs for our archive; its manifest has a time and more annotations."""
    here = with_registry(plain, tmp_path / 'here')
    publish(here, '--plain-http', '--tag')
    chartloom(here.folder, 'package', 'web', '--to', str(tmp_path))
    ask(helm, 'push', tmp_path / 'web-1.0.0.tgz', f'{address(here)}/helm', '--plain-http')
    ours, theirs = (
        json.loads(plain.client().manifest(f'../{address(here).rpartition("/")[2]}/{name}', '1.0.0') or b'')
        for name in ('web', 'helm/web')
    )
    assert (ours['config'], ours['layers']) == (theirs['config'], theirs['layers'])
    assert ours['annotations'].items() <= theirs['annotations'].items()


def test_passwords(tmp_path: Path, helm: Path) -> None:
    with Running(tmp_path / 'registry', password=True) as server:
        published_with_a_login(server, tmp_path, helm)


def test_passwords_and_tls(tmp_path: Path, helm4: Path) -> None:
    """With Helm 4: for loopback, Helm 3 uses http whatever it is told."""
    with Running(tmp_path / 'registry', password=True, tls=True) as server:
        here = published_with_a_login(server, tmp_path, helm4)
        done = chartloom(here.folder, 'publish')
    assert done.returncode == 1
    assert 'no connection by TLS: ' in done.stderr


def published_with_a_login(server: Server, folder: Path, helm: Path) -> Checkout:
    here = with_registry(server, folder / 'here')
    done = chartloom(here.folder, 'publish', *server.options)
    told = f"{address(here)}: the registry requires a login\n  hint: run 'helm registry login {server.host}' or"
    assert (done.returncode, done.stderr.startswith(told)) == (1, True), done.stderr
    # The login of Helm 3 has no --plain-http.
    options = ('--insecure',) if helm_version(helm).startswith('v3.') else server.options
    ask(helm, 'registry', 'login', server.host, '-u', USER, '-p', PASSWORD, *options)
    digest = publish(here, 'web', *server.options)['pushed'][0]['digest']
    rendered = ask(helm, 'template', 'web', f'{address(here)}/web@{digest}', *server.options)
    assert rendered == ask(helm, 'template', 'web', here.folder / CHART)
    return here


def test_a_tag_is_never_moved(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    push(plain, here, OTHER, '1.0.0')
    told = publish(here, '--plain-http', '--tag', code=1)
    both = ['api 1.0.0', 'web 1.0.0']
    assert names(told) == {'pushed': both, 'tagged': ['api 1.0.0'], 'skipped': []}
    [problem] = told['problems']
    digest = told['pushed'][1]['digest']
    assert problem['file'] == f'{address(here)}/web'
    assert problem['message'] == f"tag '1.0.0' is {OTHER.digest}, the chart of the ledger is {digest}"
    hint = 'a tag is never moved: find out who pushed it, and delete it in the registry if nobody uses it'
    assert problem['hint'] == hint
    done = chartloom(here.folder, 'publish', '--plain-http', '--tag', '--dry-run')
    assert (done.returncode, problem['message'] in done.stderr) == (1, True)
    assert names(publish(here, '--plain-http'))['skipped'] == both, 'without --tag nobody asks for tags'


def through(server: Server, broken: list[str]) -> Fake:
    """A proxy that breaks the next request of each kind in `broken`: a part of `METHOD path`."""

    def answers(request: BaseHTTPRequestHandler) -> None:
        if found := next((each for each in broken if each in f'{request.command} {request.path}'), ''):
            broken.remove(found)
            reply(request, 502, b'broken')
            return
        onward = HTTPConnection(server.host)
        headers = {name: text for name, text in request.headers.items() if name != 'Connection'}
        onward.request(request.command, request.path, request.body, headers)  # type: ignore[attr-defined]
        answer = onward.getresponse()
        content = answer.read()
        kept = {name.replace('-', '_'): text for name, text in answer.getheaders() if name != 'Content-Length'}
        reply(request, answer.status, content or bytes(int(answer.headers['Content-Length'] or 0)), **kept)
        onward.close()

    return Fake(answers)


@pytest.mark.parametrize('broken', ['POST ', 'PUT /v2/here/web/blobs', 'PUT /v2/here/web/manifests'])
def test_a_broken_push_is_finished_by_the_next_one(tmp_path: Path, broken: str) -> None:
    with Running(tmp_path / 'registry') as server, through(server, [broken]) as proxy:
        here = published(tmp_path / 'here')
        here.write(r.settings(charts={'registry': f'oci://{proxy.host}/here'}))
        assert here.commit().commit
        done = chartloom(here.folder, 'publish', 'web', '--plain-http')
        assert done.returncode == 3
        assert 'refused by the registry' in done.stderr
        assert 'broken' in done.stderr
        sent = len([method for method, path, _ in proxy.seen if method == 'POST'])
        assert names(publish(here, 'web', '--plain-http', '--tag'))['pushed'] == ['web 1.0.0']
        again = len([method for method, path, _ in proxy.seen if method == 'POST']) - sent
        assert again == {'POST ': 2, 'PUT /v2/here/web/blobs': 2, 'PUT /v2/here/web/manifests': 0}[broken]
        assert names(publish(here, 'web', '--plain-http', '--tag'))['skipped'] == ['web 1.0.0']


def test_pruned_charts_are_published_on_request(plain: Server, tmp_path: Path) -> None:
    here, _ = pruned(tmp_path / 'here')
    more = {'registry': f'oci://{plain.host}/{tmp_path.name.replace("_", "-")}'}
    here.write(r.settings(charts={'keep': 1, **more}))
    assert here.commit().commit
    assert names(publish(here, 'web', '--plain-http'))['pushed'] == ['web 1.0.3']
    told = publish(here, 'web', '--plain-http', '--pruned')
    assert names(told) == {
        'pushed': [f'web 1.0.{number}' for number in range(3)],
        'tagged': [],
        'skipped': ['web 1.0.3'],
    }
    assert here.status() == []


def test_charts_of_a_request_are_published_without_a_tag(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'request')
    here.write(changed_model())
    assert here.commit().commit
    assert names(publish(here, 'web', '--plain-http'))['pushed'] == ['web 1.0.0'], 'what is published'
    done = chartloom(here.folder, 'publish', '--base', 'HEAD', '--tag', '--plain-http')
    message = f"charts: {here.head()[:12]} is not on the published branch 'main'\n"
    assert (done.returncode, done.stderr) == (
        1,
        f'{message}  hint: publish without --tag, and with it after the merge\n',
    )
    told = publish(here, 'web', '--base', 'HEAD', '--plain-http')
    assert names(told) == {'pushed': ['web 1.0.1'], 'tagged': [], 'skipped': ['web 1.0.0']}
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--ff-only', 'request')
    assert names(publish(here, 'web', '--plain-http', '--tag'))['pushed'] == []


def test_a_request_chooses_neither_the_address_nor_the_charts(plain: Server, tmp_path: Path) -> None:
    """CI pushes with a login of its own."""
    here = with_registry(plain, tmp_path / 'here')
    there = address(here)
    here.git('switch', '--quiet', '--create', 'request')
    evil = 'oci://evil.example/charts'
    here.write(r.settings(charts={'registry': evil}, repository={'branch': 'main'}))
    assert here.commit().commit
    done = chartloom(here.folder, 'publish', '--base', 'HEAD', '--plain-http')
    message = f"charts go to the registry of the published settings, '{there}', found '{evil}'"
    hint = 'publish after the merge of this change'
    assert (done.returncode, done.stderr) == (
        1,
        f'registry/settings.yaml::$.spec.charts.registry: {message}\n  hint: {hint}\n',
    )
    # The settings of a request may call another branch the published one, and that one is not here.
    here.write(r.settings(charts={'registry': evil}, repository={'branch': 'gone'}))
    done = chartloom(here.folder, 'publish', '--base', 'HEAD', '--plain-http')
    message = "the published branch 'gone' has no settings here, which say where charts go"
    hint = 'fetch it first, or publish after the merge'
    assert (done.returncode, done.stderr) == (
        1,
        f'registry/settings.yaml::$.spec.charts.registry: {message}\n  hint: {hint}\n',
    )
    # A chart that the registry does not make, with the ledger that belongs to it.
    here.git('switch', '--quiet', '--force', '--create', 'forged', 'main')
    here.write(changed_model())
    assert here.commit().commit
    values = 'charts/web/1.0.1/values.yaml'
    here.write({values: here.read(values).replace('registry.example', 'evil.example')})
    r.vouch(here.folder, 'web', '1.0.1')
    here.git('commit', '--quiet', '--all', '--message', 'forged')
    done = chartloom(here.folder, 'publish', '--base', 'HEAD', '--plain-http')
    message = 'chart 1.0.1 is not published, and not what the registry makes'
    hint = "run 'chartloom verify', which says what differs"
    assert (done.returncode, done.stderr) == (1, f'charts/web/versions.yaml: {message}\n  hint: {hint}\n')


def test_a_request_does_not_choose_the_published_branch(plain: Server, tmp_path: Path) -> None:
    """Its settings name its own branch, and CI fetched that, too."""
    first = with_registry(plain, tmp_path / 'first')
    first.git('switch', '--quiet', '--create', 'evil')
    evil = f'oci://{plain.host}/evil'
    first.write(r.settings(charts={'registry': evil}, repository={'branch': 'evil'}))
    assert first.commit().commit
    here = new(tmp_path / 'here', {})
    here.git('remote', 'add', 'origin', str(first.folder))
    here.git('fetch', '--quiet', 'origin')
    here.git('update-ref', '--no-deref', '-d', 'refs/remotes/origin/HEAD')  # newer git sets it
    here.git('checkout', '--quiet', '--detach', 'origin/evil')
    first.git('switch', '--quiet', 'main')
    for options in (('--base', 'HEAD'), ('--base', 'origin/evil'), ()):
        done = chartloom(here.folder, 'publish', *options, '--plain-http')
        message = "this clone does not know the main branch of 'origin', and the settings of a request may name any"
        hint = "run 'git remote set-head origin --auto' first"
        assert (done.returncode, done.stdout, done.stderr) == (1, '', f'--base: {message}\n  hint: {hint}\n')
    here.git('remote', 'set-head', 'origin', '--auto')
    done = chartloom(here.folder, 'publish', '--base', 'HEAD', '--plain-http')
    assert (done.returncode, done.stdout, f"found '{evil}'" in done.stderr) == (1, '', True), done.stderr
    here.git('checkout', '--quiet', '--detach', 'origin/main')
    assert names(publish(here, 'web', '--base', 'HEAD', '--plain-http'))['pushed'] == ['web 1.0.0']


def test_ci_must_know_the_published_branch_for_tags(plain: Server, tmp_path: Path) -> None:
    """Else the charts of a request would get tags."""
    here = with_registry(plain, tmp_path / 'here')
    here.git('checkout', '--quiet', '--detach')
    here.git('branch', '--quiet', '--delete', '--force', 'main')
    hint = 'name the published revision with --base, and set spec.repository.branch'
    why = "the published branch 'main' of registry/settings.yaml is not known in this clone"
    told = f'--base: the base is required: {why}\n  hint: {hint}\n'
    for options in ((), ('--base', 'HEAD')):
        done = chartloom(here.folder, 'publish', '--tag', '--plain-http', *options, env={'CI': 'true'})
        assert (done.returncode, done.stdout, told in done.stderr) == (1, '', True), done.stderr
    # A branch of the request's own, which its settings call the published one.
    here.git('switch', '--quiet', '--create', 'own')
    here.write(r.settings(repository={'branch': 'own'}, charts={'registry': plain.address}))
    done = chartloom(here.folder, 'publish', '--tag', '--plain-http', '--base', 'HEAD', env={'GITHUB_BASE_REF': 'main'})
    assert 'this pipeline checks a request' in done.stderr
    assert names(publish(here, '--plain-http'))['tagged'] == []


def test_charts_of_a_model_that_is_gone_stay_published(plain: Server, tmp_path: Path) -> None:
    here = with_registry(
        plain, tmp_path / 'here', {**r.settings(), **r.model('web'), **r.model('api'), **r.environment()}
    )
    here.remove('registry/models/web.yaml')
    assert here.commit().commit
    assert names(publish(here, '--plain-http'))['pushed'] == ['api 1.0.0', 'web 1.0.0']


def test_a_published_chart_that_is_not_that_of_its_ledger(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    here.append(f'{CHART}/values.yaml', '# edited\n')
    here.git('commit', '--quiet', '--all', '--message', 'edited')
    done = chartloom(here.folder, 'publish', 'web', '--plain-http')
    told = f'{CHART}/values.yaml: differs from the chart of the ledger: line '
    assert (done.returncode, done.stdout, done.stderr.startswith(told)) == (1, '', True), done.stderr
    assert "nothing → '# edited'\n  hint: restore it as published" in done.stderr


def test_what_cannot_be_published(plain: Server, tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    hint = 'hint: set it to the folder for charts, oci://<host>/<path>'
    done = chartloom(here.folder, 'publish')
    told = f'registry/settings.yaml::$.spec.charts.registry: no OCI registry for charts\n  {hint}\n'
    assert (done.returncode, done.stderr) == (1, told)
    here = with_registry(plain, tmp_path / 'other')
    done = chartloom(here.folder, 'publish', 'wep', '--plain-http')
    told = "charts/wep/versions.yaml: no published charts of model 'wep'\n  hint: did you mean 'web'?\n"
    assert (done.returncode, done.stderr) == (1, told)
    empty = new(tmp_path / 'new', {**SMALL, **r.settings(charts={'registry': 'oci://registry.example/charts'})})
    assert names(publish(empty)) == {'pushed': [], 'tagged': [], 'skipped': []}


@pytest.mark.parametrize(
    'text',
    ['https://registry.example/charts', 'oci://ada:secret@registry.example/x', 'oci://registry.example/charts:1.0.0',
     'oci://registry.example/Charts', 'oci://registry.example/charts/', 'oci://', 'oci://registry.example/a//b'],
)  # fmt: skip
def test_an_address_that_is_none(tmp_path: Path, text: str) -> None:
    here = new(tmp_path / 'here', {**SMALL, **r.settings(charts={'registry': text})})
    done = chartloom(here.folder, 'publish')
    assert done.returncode == 1
    assert 'registry/settings.yaml::$.spec.charts.registry: ' in done.stderr
    assert 'oci://<host>/<path>' in done.stderr
    assert 'secret' not in done.stderr
