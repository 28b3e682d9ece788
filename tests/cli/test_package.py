"""`chartloom package`: archives that helm reads like the folder, and charts that are not those of the ledger."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, changed_model, chartloom, new, published
from pruned import pruned

CHART = 'charts/web/1.0.0'


def package(here: Checkout, *arguments: str) -> dict[str, str]:
    done = chartloom(here.folder, 'package', *arguments, '-o', 'json')
    assert (done.returncode, done.stderr) == (0, ''), done.stdout
    told: dict[str, str] = json.loads(done.stdout)
    return told


def refused(here: Checkout, *arguments: str) -> str:
    before = here.everything()
    done = chartloom(here.folder, 'package', *arguments)
    assert (done.returncode, done.stdout) == (1, '')
    assert here.everything() == before, 'nothing is written'
    return done.stderr


def ask(helm: Path, *arguments: str | Path) -> bytes:
    return subprocess.run([helm, *arguments], check=True, capture_output=True).stdout


def test_helm_reads_the_archive_like_the_folder(tmp_path: Path, helm: Path) -> None:
    here = published(tmp_path / 'here')
    archive, folder = Path(package(here, 'web', '--to', str(tmp_path / 'new/folder'))['path']), here.folder / CHART
    assert archive == tmp_path / 'new/folder/web-1.0.0.tgz'
    values = ('--set', 'replicaCount=3', '--kube-version', '1.36')
    rendered = ask(helm, 'template', 'web', archive, *values)
    assert rendered == ask(helm, 'template', 'web', folder, *values)
    assert b'kind: Deployment' in rendered
    assert ask(helm, 'lint', '--strict', archive)
    for part, file in (('values', 'values.yaml'), ('readme', 'README.md')):
        assert ask(helm, 'show', part, archive).strip() == (folder / file).read_bytes().strip()
    assert ask(helm, 'show', 'chart', archive) == ask(helm, 'show', 'chart', folder)


def test_what_is_told(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    told = package(here, 'web')
    data = (here.folder / 'web-1.0.0.tgz').read_bytes()
    assert told['archive'] == f'sha256:{hashlib.sha256(data).hexdigest()}'
    assert told['chart'].removeprefix('sha256:') in here.read('charts/web/versions.yaml')
    done = chartloom(here.folder, 'package', 'web', '1.0.0')
    lines = [f'  {name:<8}  {told[name]}' for name in ('archive', 'chart', 'manifest')]
    assert (done.returncode, done.stdout.splitlines()) == (0, ['web-1.0.0.tgz', *lines])


def test_files_of_the_disk_decide_nothing_but_by_their_content(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    first = package(here, 'web')
    for number, path in enumerate((here.folder / CHART).rglob('*')):
        path.chmod(0o700)
        os.utime(path, (number * 1e8, number * 1e8))
    (here.folder / 'web-1.0.0.tgz').unlink()
    done = chartloom(
        here.folder, 'package', 'web', through=['sh', '-c', 'umask 077; exec "$@"', 'sh'], env={'TZ': 'Asia/Tokyo'}
    )
    assert first['manifest'] in done.stdout
    assert first['archive'] == f'sha256:{hashlib.sha256((here.folder / "web-1.0.0.tgz").read_bytes()).hexdigest()}'


def test_a_draft_is_the_newest_chart(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    here.write(changed_model())
    here.generate()
    assert [package(here, 'web', *more)['version'] for more in ((), ('1.0.0',))] == ['1.0.1', '1.0.0']
    here.append('charts/web/1.0.1/values.yaml', '# edited\n')
    told = "charts/web/1.0.1: differs from the digest in versions.yaml\n  hint: run 'chartloom generate'\n"
    assert refused(here, 'web') == told


def test_a_pruned_chart_is_restored_from_git(tmp_path: Path) -> None:
    here, before = pruned(tmp_path / 'here')
    told = package(here, 'web', '1.0.1', '--to', str(tmp_path))
    assert not (here.folder / 'charts/web/1.0.1').exists()
    here.write({path: data for path, data in before.items() if path.startswith('charts/web/1.0.1/')})
    assert package(here, 'web', '1.0.1', '--to', str(tmp_path)) == told
    assert package(here, 'web', '--to', str(tmp_path))['version'] == '1.0.3'


def test_a_chart_of_a_model_that_is_gone(tmp_path: Path) -> None:
    here = published(tmp_path / 'here', {**r.settings(), **r.model('web'), **r.model('api'), **r.environment()})
    here.remove('registry/models/web.yaml')
    assert here.commit().commit
    assert package(here, 'web', '--to', str(tmp_path))['version'] == '1.0.0'


def test_files_that_are_not_those_of_the_ledger(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    chart = here.folder / CHART
    here.append(f'{CHART}/values.yaml', '# more\n')
    here.write({f'{CHART}/values.schema.json': '{}', f'{CHART}/more.yaml': ''})
    (chart / 'README.md').unlink()
    (chart / 'templates/NOTES.txt').unlink()
    (chart / 'templates/NOTES.txt').symlink_to('/etc/passwd')
    text = here.read(f'{CHART}/Chart.yaml')
    here.write({f'{CHART}/Chart.yaml': text.replace('version: 1.0.0', 'version: 1.0.7')})
    lines = refused(here, 'web').splitlines()
    assert all(line.startswith('  hint: restore it as published and commit that: ') for line in lines[1::2])
    differs, end = 'differs from the chart of the ledger: line', here.read(f'{CHART}/values.yaml').count('\n')
    line = text.split('\n').index('version: 1.0.0') + 1
    schema = lines.pop(8)
    assert schema.startswith(f"{CHART}/values.schema.json: {differs} 1 '{{' → '{{}}', line 2 ")
    lines.pop(8)
    assert lines[::2] == [
        f"{CHART}/Chart.yaml: {differs} {line} 'version: 1.0.0' → 'version: 1.0.7'",
        f'{CHART}/README.md: file of a chart not found',
        f'{CHART}/more.yaml: not a file of this chart version',
        f'{CHART}/templates/NOTES.txt: expected a file, found a link',
        f"{CHART}/values.yaml: {differs} {end} nothing → '# more'",
    ]


def test_a_ledger_that_was_changed_with_the_chart_vouches_for_nothing(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    other = published(tmp_path / 'other', {**r.settings(), **r.model('web', replicas=7), **r.environment()})
    for path, data in other.tree().items():
        if path.startswith('charts/web/'):
            here.write({path: data})
    assert f'{CHART}/values.yaml: differs from the chart of the ledger' in refused(here, 'web')


def test_charts_that_do_not_exist(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    ledger = 'charts/web/versions.yaml'
    told = f"{ledger}: no chart '1.0.9' of model 'web'\n  hint: did you mean '1.0.0'?\n"
    assert refused(here, 'web', '1.0.9') == told
    told = "charts/wep/versions.yaml: no charts of model 'wep'\n  hint: did you mean 'web'?\n"
    assert refused(here, 'wep') == told
    told = f"{ledger}: no charts of model 'web'\n  hint: run 'chartloom generate'\n"
    assert refused(new(tmp_path / 'new'), 'web') == told


@pytest.mark.parametrize(
    'arguments', [('web', '--to', 'registry/settings.yaml'), ('web', '--to', 'registry/settings.yaml/x')]
)
def test_a_folder_that_cannot_be(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    here = published(tmp_path / 'here')
    done = chartloom(here.folder, 'package', *arguments)
    assert done.returncode in (1, 2)
    assert 'settings.yaml' in done.stderr


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ('name: web', 'name: ../../escaped'),
        ('version: 1.0.0', 'version: 1.1.0'),
        ('apiVersion: v2\nname: web', 'apiVersion: v2'),
    ],
)
def test_a_chart_that_calls_itself_otherwise(tmp_path: Path, old: str, new: str) -> None:
    """Somebody wrote the ledger, too: the name would be that of a file, and an address in a registry."""
    here = published(tmp_path / 'here')
    text = here.read(f'{CHART}/Chart.yaml')
    assert old in text
    here.write({f'{CHART}/Chart.yaml': text.replace(old, new, 1)})
    r.vouch(here.folder, 'web', '1.0.0')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'By hand')
    assert f"{CHART}/Chart.yaml: expected chart 'web 1.0.0', found '" in refused(here, 'web', '--to', str(tmp_path))


def test_an_archive_follows_no_link_of_a_request(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    elsewhere = tmp_path / 'elsewhere'
    elsewhere.mkdir()
    (here.top / 'dist').symlink_to(elsewhere)
    done = chartloom(here.folder, 'package', 'web', '--to', 'dist')
    assert (done.returncode, 'expected no link of the repository' in done.stderr) == (1, True)
    assert not list(elsewhere.iterdir())
