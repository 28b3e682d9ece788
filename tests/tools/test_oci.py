"""The client of OCI registries: real registries with and without passwords and TLS, and servers that misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from gitops import install
from oci import PASSWORD, USER, Fake, Running, Server, reply
from parts import ByteByByte

from generator.charts.archive import Package, package
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.tools.oci import OciRegistry, open_registry

CHART: Package = package({'Chart.yaml': b'x'}, {'name': 'web', 'version': '1.0.0', 'apiVersion': 'v2'})
OTHER: Package = package({'Chart.yaml': b'y'}, {'name': 'web', 'version': '1.0.0', 'apiVersion': 'v2'})
BASIC = base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()


@pytest.fixture(scope='module')
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Running(tmp_path_factory.mktemp('plain')) as server:
        yield server


@pytest.fixture(scope='module')
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With passwords and TLS."""
    with Running(tmp_path_factory.mktemp('guarded'), password=True, tls=True) as server:
        yield server


def push(registry: OciRegistry, name: str, chart: Package = CHART, *references: str) -> None:
    for data in (chart.config, chart.archive):
        registry.push_blob(name, data)
    for reference in (chart.digest, *references):
        registry.push_manifest(name, reference, chart.manifest)


def problem_of(raised: pytest.ExceptionInfo[ProblemsFound]) -> tuple[str, str]:
    [problem] = raised.value.problems
    return problem.message, problem.hint


def test_exactly_our_bytes_are_stored(plain: Server) -> None:
    registry = plain.client()
    assert (registry.manifest('one', CHART.digest), registry.manifest_digest('one', '1.0.0')) == (None, '')
    assert (registry.tags('one'), registry.blob('one', CHART.digest)) == ([], None)
    push(registry, 'one', CHART, '1.0.0', '1.0.1')
    assert registry.manifest('one', CHART.digest) == registry.manifest('one', '1.0.0') == CHART.manifest
    assert registry.manifest_digest('one', '1.0.0') == registry.manifest_digest('one', CHART.digest) == CHART.digest
    assert registry.tags('one') == ['1.0.0', '1.0.1']
    layer = json.loads(CHART.manifest)['layers'][0]['digest']
    assert registry.blob('one', layer) == CHART.archive
    assert plain.blob_file(layer).read_bytes() == CHART.archive


def test_a_blob_is_sent_once(plain: Server) -> None:
    registry = plain.client()
    assert [registry.push_blob('twice', CHART.archive) for _ in range(3)] == [True, False, False]


def test_a_blob_with_another_digest_is_refused(plain: Server) -> None:
    with pytest.raises(CommandFailed) as failed:
        plain.client().upload('bad', CHART.digest, b'other bytes')
    assert failed.value.stderr == 'refused by the registry'
    assert 'DIGEST_INVALID' in failed.value.stdout
    assert failed.value.command[0] == 'PUT'
    assert '?' not in failed.value.command[1], 'the state of the upload is not shown'


def test_a_manifest_without_its_blobs_is_refused(plain: Server) -> None:
    with pytest.raises(CommandFailed, match='MANIFEST_BLOB_UNKNOWN'):
        plain.client().push_manifest('empty', CHART.digest, CHART.manifest)


def test_many_tags_come_in_pages(plain: Server) -> None:
    registry = plain.client()
    push(registry, 'many', CHART, *(f'1.0.{number}' for number in range(120)))
    assert len(registry.tags('many')) == 120


def test_pages_of_tags_are_followed() -> None:
    pages = {'': (['1.0.0'], 'a'), 'a': (['1.0.1'], 'b'), 'b': (['1.0.2'], '')}

    def answers(request: BaseHTTPRequestHandler) -> None:
        tags, following = pages[request.path.partition('last=')[2]]
        link = {'Link': f'</v2/charts/web/tags/list?last={following}>; rel="next"'} if following else {}
        reply(request, 200, json.dumps({'tags': tags}).encode(), **link)

    with Fake(answers) as server:
        assert server.client().tags('web') == ['1.0.0', '1.0.1', '1.0.2']


# Logins.


def docker_login(folder: Path, host: str, auth: str = BASIC) -> dict[str, str]:
    (folder / 'config.json').write_text(json.dumps({'auths': {host: {'auth': auth}}}))
    return {'DOCKER_CONFIG': str(folder), 'HOME': str(folder / 'none')}


def test_a_login_of_docker(guarded: Server, tmp_path: Path) -> None:
    push(guarded.client(docker_login(tmp_path, guarded.host)), 'docker')
    home = tmp_path / 'home'
    (home / '.docker').mkdir(parents=True)
    (tmp_path / 'config.json').rename(home / '.docker/config.json')
    assert guarded.client({'HOME': str(home)}).manifest('docker', CHART.digest) == CHART.manifest


def test_a_login_of_helm(guarded: Server, tmp_path: Path, helm: Path) -> None:
    environ = {'HOME': str(tmp_path), 'HELM_CONFIG_HOME': str(tmp_path / 'helm')}
    command = [helm, 'registry', 'login', guarded.host, '-u', USER, '-p', PASSWORD, *guarded.options]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environ})
    push(guarded.client(environ), helm.parent.name)
    file = environ | {'HELM_CONFIG_HOME': '', 'HELM_REGISTRY_CONFIG': str(tmp_path / 'helm/registry/config.json')}
    assert guarded.client(file).manifest_digest(helm.parent.name, CHART.digest) == CHART.digest


@pytest.mark.parametrize('key', ['credHelpers', 'credsStore'])
def test_a_credential_helper(guarded: Server, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({'ServerURL': guarded.host, 'Username': USER, 'Secret': PASSWORD})
    install(
        tmp_path / 'bin',
        'docker-credential-safe',
        f"#!/bin/sh\n[ $1 = get ] && cat > {tmp_path}/asked && echo '{answer}'\n",
    )
    monkeypatch.setenv('PATH', f'{tmp_path}/bin:{os.environ["PATH"]}')
    said = {guarded.host: 'safe'} if key == 'credHelpers' else 'safe'
    (tmp_path / 'config.json').write_text(json.dumps({key: said}))
    assert guarded.client({'DOCKER_CONFIG': str(tmp_path)}).manifest('none', '1.0.0') is None
    assert (tmp_path / 'asked').read_text() == guarded.host


def test_no_login_and_a_wrong_one(guarded: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hint = f"run 'helm registry login {guarded.host}' or 'docker login {guarded.host}'"
    with pytest.raises(ProblemsFound) as raised:
        guarded.client({'HOME': str(tmp_path)}).tags('web')
    assert problem_of(raised) == ('the registry requires a login', hint)
    wrong = docker_login(tmp_path, guarded.host, base64.b64encode(b'ada:wrong').decode())
    with pytest.raises(ProblemsFound) as raised:
        guarded.client(wrong).push_blob('web', b'x')
    assert problem_of(raised) == ('the registry refused the login', hint)
    (tmp_path / 'config.json').write_text(json.dumps({'credsStore': 'missing'}))
    with pytest.raises(ProblemsFound) as raised:
        guarded.client(wrong).tags('web')
    assert problem_of(raised) == ('the registry requires a login', hint)
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('text', ['{', '[]', '{"auths": [1]}', '\xff'])
def test_a_file_that_has_no_logins(guarded: Server, tmp_path: Path, text: str) -> None:
    (tmp_path / 'config.json').write_bytes(text.encode('latin-1'))
    with pytest.raises(ProblemsFound) as raised:
        guarded.client({'DOCKER_CONFIG': str(tmp_path)}).tags('web')
    told = ('expected the logins of helm or docker as JSON', 'log in again, or move it away')
    assert problem_of(raised) == told


def test_a_token_for_each_repository(tmp_path: Path) -> None:
    """As most public registries do it; the token of one repository is not valid for another one."""

    def answers(request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith('/token'):
            scope = request.path.partition('scope=')[2].replace('%3A', ':').replace('%2F', '/').replace('%2C', ',')
            ok = request.headers['Authorization'] == f'Basic {BASIC}'
            reply(request, 200 if ok else 401, json.dumps({'token': f'for {scope}'}).encode())
            return
        name = request.path.split('/')[3]
        scope = f'repository:charts/{name}:pull'
        if request.headers['Authorization'] != f'Bearer for {scope}':
            realm = f'Bearer realm="http://{server.host}/token",service="x",scope="{scope}"'
            reply(request, 401, Www_Authenticate=realm)
            return
        reply(request, 200, json.dumps({'tags': [name]}).encode())

    with Fake(answers) as server:
        registry = server.client(docker_login(tmp_path, server.host))
        assert [registry.tags(name) for name in ('web', 'api', 'web', 'web')] == [['web'], ['api'], ['web'], ['web']]
        logins = [login for _, path, login in server.seen if not path.startswith('/token')]
    assert logins.count('') == 2, 'a token is used again'
    assert not any('Basic' in login for login in logins), 'the password goes to the token server only'


def test_a_token_without_a_login() -> None:
    def answers(request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith('/token'):
            reply(request, 200, b'{"access_token": "anonymous"}')
        elif request.headers['Authorization'] == 'Bearer anonymous':
            reply(request, 200, b'{"tags": ["1.0.0"]}')
        else:
            reply(request, 401, Www_Authenticate=f'Bearer realm="http://{server.host}/token",service="x"')

    with Fake(answers) as server:
        assert server.client().tags('web') == ['1.0.0']


@pytest.mark.parametrize(
    ('challenge', 'told'),
    [
        (
            'Bearer realm="ftp://other.example/token"',
            "its token server is 'ftp://other.example/token': expected https://",
        ),
        ('Bearer service="x"', "its token server is 'None': expected https://"),
    ],
)
def test_a_token_server_that_is_none(challenge: str, told: str) -> None:
    with Fake(lambda request: reply(request, 401, Www_Authenticate=challenge)) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client().tags('web')
        assert failed.value.stderr == f'cannot log in: {told}'


# Other servers.


def test_a_login_is_not_sent_to_another_host(tmp_path: Path) -> None:
    def answers(request: BaseHTTPRequestHandler) -> None:
        if not request.headers['Authorization']:
            reply(request, 401, Www_Authenticate='Basic realm="x"')
        elif 'blobs/uploads' in request.path:
            reply(request, 202, Location=f'http://{store.host}/upload')
        else:
            reply(request, 307, Location=f'http://{store.host}/there')

    def stored(request: BaseHTTPRequestHandler) -> None:
        reply(request, 201 if request.command == 'PUT' else 200, b'content')

    with Fake(answers) as server, Fake(stored) as store:
        registry = server.client(docker_login(tmp_path, server.host))
        assert registry.blob('web', CHART.digest) == b'content'
        registry.upload('web', CHART.digest, b'x')
        digest = CHART.digest.replace(':', '%3A')
        assert store.seen == [('GET', '/there', ''), ('PUT', f'/upload?digest={digest}', '')]
        assert server.seen[1][2] == f'Basic {BASIC}'


def test_a_login_is_not_sent_without_tls_because_a_file_says_so(tmp_path: Path) -> None:
    """Only the command line may say so; on this machine nobody reads it."""

    def answers(request: BaseHTTPRequestHandler) -> None:
        known = request.headers['Authorization'] == f'Basic {BASIC}'
        content = json.dumps({'tags': ['1.0.0']}).encode()
        reply(request, 200 if known else 401, content, Www_Authenticate='Basic realm="x"')

    with Fake(answers) as server:
        host = server.host.replace('127.0.0.1', '0.0.0.0')  # the same server, by an address that is not loopback
        environ = docker_login(tmp_path, host)
        with pytest.raises(ProblemsFound) as raised:
            open_registry(f'oci://{host}/charts', environ, plain_http=True, seconds=10).tags('web')
        assert problem_of(raised)[0] == 'the registry requires a login, which is not sent without TLS'
        assert {login for _, _, login in server.seen} == {''}
        allowed = open_registry(f'oci://{host}/charts', environ, plain_http=True, in_clear=True, seconds=10)
        assert allowed.tags('web') == ['1.0.0']


@pytest.mark.parametrize('place', ['file:///etc/passwd', 'ftp://other.example/'])
def test_a_redirect_to_something_else(place: str) -> None:
    told = f'refused: it redirects from http:// to {place.partition(":")[0]}://'
    with Fake(lambda request: reply(request, 302 if request.command == 'GET' else 202, Location=place)) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client().blob('web', CHART.digest)
        assert failed.value.stderr == told
        with pytest.raises(CommandFailed) as failed:
            server.client().upload('web', CHART.digest, b'x')
        assert failed.value.stderr == told


def test_a_redirect_from_tls_to_http(tmp_path: Path) -> None:
    with Running(tmp_path, tls=True) as server:  # for its certificate
        ca_file = server.ca_file
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, tmp_path / 'tls.key')
    with Fake(lambda request: reply(request, 302, Location='http://127.0.0.1:1/')) as fake:
        fake.socket = context.wrap_socket(fake.socket, server_side=True)
        with pytest.raises(CommandFailed) as failed:
            open_registry(f'oci://{fake.host}', {}, ca_file=ca_file).blob('web', CHART.digest)
    assert failed.value.stderr == 'refused: it redirects from https:// to http://'


def test_redirects_have_an_end() -> None:
    with Fake(lambda request: reply(request, 302, Location=request.path)) as server:
        with pytest.raises(CommandFailed, match='refused by the registry'):
            server.client().blob('web', CHART.digest)
        assert len(server.seen) == 6


def test_a_server_that_says_nothing() -> None:
    with Fake(lambda request: time.sleep(1.5)) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client(seconds=0.3).tags('web')
        assert failed.value.stderr == 'no response within 0.3 seconds'


def test_a_server_that_never_ends() -> None:
    def answers(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b'x' * (1 << 17))
            time.sleep(0.02)

    with Fake(answers) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client(seconds=0.3).tags('web')
        assert failed.value.stderr == 'the response takes more than 1.5 seconds'


@pytest.mark.parametrize('place', ['header', 'body'])
def test_a_server_that_sends_byte_by_byte(place: str) -> None:
    with ByteByByte(place) as server, pytest.raises(CommandFailed) as failed:
        open_registry(f'oci://{server.host}', {}, plain_http=True, seconds=0.1).tags('web')
    assert failed.value.stderr == 'the response takes more than 0.5 seconds'


def test_a_token_server_that_sends_byte_by_byte() -> None:
    with ByteByByte('header') as slow:
        challenge = f'Bearer realm="http://{slow.host}/token",service="x"'
        with (
            Fake(lambda request: reply(request, 401, Www_Authenticate=challenge)) as server,
            pytest.raises(CommandFailed) as failed,
        ):
            server.client(seconds=0.1).tags('web')
    assert failed.value.stderr == 'cannot log in: the response takes more than 0.5 seconds'


def test_no_server() -> None:
    with Fake(lambda request: None) as server:
        host = server.host
    with pytest.raises(CommandFailed) as failed:
        open_registry(f'oci://{host}', {}, plain_http=True).tags('web')
    assert failed.value.command == ('GET', f'http://{host}/v2/web/tags/list')
    assert failed.value.stderr.startswith('no response: ')
    assert 'refused' in failed.value.stderr
    assert '0x' not in failed.value.stderr


@pytest.mark.parametrize('text', [b'<html>', b'[]', b'{"tags": 3}'])
def test_a_server_that_is_no_registry(text: bytes) -> None:
    with Fake(lambda request: reply(request, 200, text)) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client().tags('web')
        assert failed.value.stderr == 'not a response of an OCI registry'


def test_a_registry_that_stores_something_else() -> None:
    def answers(request: BaseHTTPRequestHandler) -> None:
        reply(request, 201 if request.command == 'PUT' else 200, CHART.manifest.replace(b'"web"', b'"wep"'))

    with Fake(answers) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client().push_manifest('web', CHART.digest, CHART.manifest)
        assert failed.value.stderr == f'the registry did not store exactly {CHART.digest}'


def test_a_digest_that_the_registry_does_not_tell() -> None:
    with Fake(lambda request: reply(request, 200, b'{}')) as server:
        assert server.client().manifest_digest('web', '1.0.0') == f'sha256:{hashlib.sha256(b"{}").hexdigest()}'


def test_an_upload_without_a_place() -> None:
    with Fake(lambda request: reply(request, 404 if request.command == 'HEAD' else 202)) as server:
        with pytest.raises(CommandFailed) as failed:
            server.client().push_blob('web', b'x')
        assert failed.value.stderr == 'the registry named no place for the upload'


def test_tls_needs_the_authority(guarded: Server, plain: Server) -> None:
    hint = 'name its certificate authority with --ca-file, or use --plain-http if it speaks http'
    for host in (guarded.host, plain.host):
        with pytest.raises(ProblemsFound) as raised:
            open_registry(f'oci://{host}', {}).tags('web')
        message, told = problem_of(raised)
        assert message.startswith('no connection by TLS: ')
        assert told == hint


def test_docker_hub_has_another_name() -> None:
    registry = open_registry('oci://docker.io/shop', {})
    assert registry._url('web', 'tags', 'list') == 'https://registry-1.docker.io/v2/shop/web/tags/list'
