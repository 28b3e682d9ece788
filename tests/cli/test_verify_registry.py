"""`chartloom verify --registry`: an OCI registry that lacks charts, or has others than the ledgers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, published
from oci import Fake, Running, Server, reply
from pruned import pruned
from publishing import OTHER, address, publish, push, with_registry


@pytest.fixture(scope='module')
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Running(tmp_path_factory.mktemp('plain')) as server:
        yield server


def verify(here: Checkout, *options: str, code: int = 0) -> dict[str, Any]:
    done = chartloom(here.folder, 'verify', '--registry', '--plain-http', *options, '-o', 'json', env=dict(os.environ))
    assert (done.returncode, done.stderr) == (code, ''), done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_registry_with_exactly_the_published_charts(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    publish(here, '--plain-http', '--tag')
    told = verify(here)
    assert (told['valid'], told['chartsInRegistry'], told['warnings'], told['problems']) == (True, 2, [], [])
    assert verify(here, 'web')['chartsInRegistry'] == 1
    done = chartloom(here.folder, 'verify', '--registry', '--plain-http')
    assert ', 2 charts compared with the OCI registry: 0 problems' in done.stdout


def test_charts_that_are_missing_and_tags_that_are_wrong(plain: Server, tmp_path: Path) -> None:
    here = with_registry(plain, tmp_path / 'here')
    digest = publish(here, 'web', '--plain-http')['pushed'][0]['digest']
    push(plain, here, OTHER, '1.0.0')
    push(plain, here, OTHER, '9.0.0')
    told = verify(here, code=1)
    missing, moved = told['problems']
    assert missing['file'] == f'{address(here)}/api'
    assert missing['message'].startswith('chart 1.0.0 not found: sha256:')
    assert missing['hint'] == "run 'chartloom publish'"
    assert moved['message'] == f"tag '1.0.0' is {OTHER.digest}, the chart of the ledger is {digest}"
    [warning] = told['warnings']
    assert warning['file'] == f'{address(here)}/web'
    assert warning['message'] == 'the ledger has no charts for these tags: 9.0.0'
    assert warning['hint'] == 'find out who pushed them'


def test_bytes_that_were_changed_in_the_registry(tmp_path: Path, helm: Path) -> None:
    with Running(tmp_path / 'registry') as server:
        here = with_registry(server, tmp_path / 'here')
        digest = publish(here, 'web', '--plain-http')['pushed'][0]['digest']
        manifest = json.loads(server.blob_file(digest).read_bytes())
        archive, config = manifest['layers'][0]['digest'], manifest['config']['digest']
        file = server.blob_file(archive)
        file.write_bytes(file.read_bytes().replace(b'kind: Deployment', b'kind: DaemonSet '))
        server.blob_file(config).unlink()
        problems = verify(here, 'web', code=1)['problems']
        assert [problem['message'] for problem in problems] == [
            f'archive of chart 1.0.0 has other bytes than {archive}',
            f'config of chart 1.0.0 not found: {config}',
        ]
        hint = "delete it in the registry, then run 'chartloom publish'"
        assert {problem['hint'] for problem in problems} == {hint}
        command = [helm, 'template', 'web', f'{address(here)}/web@{digest}', '--plain-http']
        assert subprocess.run(command, capture_output=True).returncode == 1, 'helm refuses them, too'


def test_a_manifest_that_was_changed_in_the_registry(tmp_path: Path) -> None:
    """Another registry may give out what docker-registry refuses."""
    here = published(tmp_path / 'here')

    def answers(request: BaseHTTPRequestHandler) -> None:
        reply(request, 200, b'{"tags": []}' if 'tags' in request.path else b'{}')

    with Fake(answers) as fake:
        here.write(r.settings(charts={'registry': f'oci://{fake.host}/charts'}))
        assert here.commit().commit
        problems = verify(here, 'web', code=1)['problems']
    assert problems[-1]['message'].startswith('manifest of chart 1.0.0 has other bytes than sha256:')


def test_pruned_charts_are_compared_where_they_have_a_tag(plain: Server, tmp_path: Path) -> None:
    here, _ = pruned(tmp_path / 'here')
    here.write(r.settings(charts={'keep': 1, 'registry': f'oci://{plain.host}/{tmp_path.name.replace("_", "-")}'}))
    assert here.commit().commit
    publish(here, '--plain-http')
    push(plain, here, OTHER, '1.0.1')
    told = verify(here, code=1)
    assert told['chartsInRegistry'] == 3
    assert [problem['message'].split()[:2] for problem in told['problems']] == [['chart', '1.0.1'], ['tag', "'1.0.1'"]]


def test_no_registry_in_the_settings(tmp_path: Path) -> None:
    done = chartloom(published(tmp_path / 'here').folder, 'verify', '--registry')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith('registry/settings.yaml::$.spec.charts.registry: no OCI registry for charts\n')
