"""`chartloom bump`: new versions of models, their charts and what follows the newest, in one commit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, faster_writer, install, published_at, remote_change, start
from parts import git

from generator.domain.words import cut

MODEL = 'registry/models/web.yaml'
IMAGE = f'registry.example/server:2@sha256:{"2" * 64}'
OTHER = f'registry.example/server:2@sha256:{"3" * 64}'
# What a team wrote, with comments.
TEXT = f"""\
# yaml-language-server: $schema=../schemas/model.json
apiVersion: chartloom/v1
kind: Model
metadata: {{name: web}}
spec:
  runtime: custom
  versions:  # oldest first
  - version: "1"
    image: registry.example/server:1@{r.DIGEST}
    # Scores since 2025.
    signature:
      inputs:
        user: {{dtype: int64, shape: [-1]}}
        age: {{dtype: int8, shape: [-1]}}
      outputs: {{}}
  team: shop
  description: Answers
"""
FILES = {
    **r.settings(), **r.model('api', 'tensorflow-serving', [r.version('1', artifact={**r.ARTIFACT, 'size': '64Mi'})]),
    MODEL: TEXT.encode(), **r.following('dev'), **r.following('test'), **r.environment('prod'),
    **r.release('dev', 'web'), **r.release('dev', 'api'), **r.release('test', 'web', version='1', chart='1.0.0'),
    **r.release('prod', 'web', version='1', chart='1.0.0'),
}  # fmt: skip
ARTIFACT = {'uri': 'https://models.example/2.tar.gz', 'sha256': '4' * 64, 'size': '65Mi'}


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    return published_at(origin, tmp_path / 'here', files=FILES)


def bump(here: Checkout, *words: str, code: int = 0) -> dict[str, Any]:
    """Run the command to its end; refused, it changes nothing."""
    before = here.everything()
    done = chartloom(here.folder, 'bump', '--output', 'json', *words)
    assert (done.returncode, done.stderr) == (code, '')
    assert code == 0 or here.everything() == before
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(here: Checkout, *words: str) -> list[str]:
    found = bump(here, *words, code=1)['problems']
    return ['::'.join(filter(None, (p['file'], p['path']))) + f': {p["message"]} ({p["hint"]})' for p in found]


def bumps(here: Checkout, *entries: Any) -> str:
    file = here.top.parent / 'bumps.yaml'
    file.write_bytes(r.as_yaml({'bumps': list(entries)}))
    return str(file)


def test_a_version_is_released_in_one_commit(here: Checkout) -> None:
    found = bump(here, 'web', '2', '--image', IMAGE, '--notes', 'Better\nand faster', '--push')
    (row,) = found['bumps']
    assert {key: row[key] for key in ('model', 'version', 'added', 'chart', 'class', 'pods')} == {
        'model': 'web', 'version': '2', 'added': True, 'chart': '1.1.0', 'class': 'minor', 'pods': 'restart',
    }  # fmt: skip
    assert (row['environments'], row['held']) == (
        ['dev'], [{'environment': 'test', 'reason': 'its pin holds it at 1'}],
    )  # fmt: skip
    assert (found['changed'], found['pushed'], found['commit']) == (True, True, here.head())
    assert here.status() == []
    assert {path for path in here.files() if not path.startswith('charts/web/')} == {MODEL, 'delivery/dev/web.yaml'}
    added = (
        f'  - version: "2"\n    image: {IMAGE}\n    signature:\n      inputs:\n'
        '        user: {dtype: int64, shape: [-1]}\n        age: {dtype: int8, shape: [-1]}\n      outputs: {}\n'
        '    notes: |-\n      Better\n      and faster\n'
    )
    assert here.read(MODEL) == TEXT.replace('  team:', f'{added}  team:')
    assert here.git('log', '-1', '--format=%B').strip() == (
        'Release web 2\n\n'
        'Chart 1.1.0 (minor), pods restart:\n'
        '* model version 1 → 2\n'
        '* image.tag 1 → 2\n* image.digest sha256:111111111111… → sha256:222222222222…\n'
        'Reaches dev, which follows the newest version.\n'
        'Does not reach test: its pin holds it at 1.\n\n'
        '> Better\n> and faster\n\n'
        'New charts:\n* web 1.1.0\n\n'
        'Changed releases:\n* dev/web: chart 1.0.0 → 1.1.0, model version 1 → 2\n\n'
        f'Registry:\n* {MODEL}\n\n'
        f'Chartloom-Operation: bump web 2 --image {IMAGE}'
    )
    assert 'Better and faster' in here.read('charts/web/1.1.0/README.md')


def test_again_is_no_change(here: Checkout) -> None:
    words = ('web', '2', '--image', IMAGE, '--bump', 'major', '--released', '2026-12-01')
    assert bump(here, *words)['bumps'][0]['chart'] == '2.0.0'
    head = here.head()
    for again in (words, ('web', '2'), ('web', '2', '--after', '1')):
        found = bump(here, *again, '--push')
        (row,) = found['bumps']
        assert (found['changed'], found['commit'], here.head()) == (False, '', head)
        assert (row['added'], row['chart'], row['environments']) == (False, '2.0.0', ['dev'])
    done = chartloom(here.folder, 'bump', *words)
    assert done.stdout == 'web 2 is released already, with the same content (chart 2.0.0)\n'


def test_a_version_that_is_there_does_not_change(here: Checkout) -> None:
    bump(here, 'web', '2', '--image', IMAGE, '--notes', 'a')
    hint = '(a version never changes: release the new one under another name)'
    signature = here.top.parent / 'signature.yaml'
    signature.write_text('{inputs: {user: {dtype: int32, shape: [-1]}}, outputs: {}}')
    words = ('--image', OTHER, '--notes', 'b', '--artifact', 'https://a.example/b', '--signature', str(signature))
    says = "version '2' of model 'web' has another"
    assert refused(here, 'web', '2', *words, '--after', '2') == [
        "--after: version '2' of model 'web' is not listed after '2' (it is there: remove this)",
        f"--artifact: {says} artifact: none, not {{'uri': 'https://a.example/b'}} {hint}",
        f"--image: {says} image: '{IMAGE}', not '{OTHER}' {hint}",
        (
            f"--notes: {says} notes: 'a', not 'b' (change it in {MODEL}: its chart gets a new version, pods do not"
            ' restart)'
        ),
        f"--signature::$.inputs.age: {says} signature.inputs.age: {{'dtype': 'int8', 'shape': [-1]}}, not none {hint}",
        f"--signature::$.inputs.user.dtype: {says} signature.inputs.user.dtype: 'int64', not 'int32' {hint}",
    ]


def test_a_hotfix_is_listed_behind_its_version(here: Checkout) -> None:
    bump(here, 'web', '2', '--image', IMAGE, '--push')
    delivered = here.read('delivery/dev/web.yaml')
    found = bump(here, 'web', '1.1', '--image', OTHER, '--after', '1')
    assert (found['bumps'][0]['chart'], found['bumps'][0]['environments']) == ('1.2.0', [])
    assert here.read('delivery/dev/web.yaml') == delivered
    assert [line for line in here.read(MODEL).split('\n') if 'version:' in line] == [
        '  - version: "1"', '  - version: "1.1"', '  - version: "2"',
    ]  # fmt: skip
    message = here.git('log', '-1', '--format=%B')
    assert '\n* model version 1 → 1.1\n' in message
    assert '\nIt follows 1; the newest version stays 2.\nReaches no environment by itself.\n' in message
    # Behind the newest it is the newest.
    assert bump(here, 'web', '2.1', '--image', OTHER, '--after', '2')['bumps'][0]['environments'] == ['dev']


def test_an_artifact_takes_over_what_its_content_does_not_change(here: Checkout) -> None:
    artifact = ('--artifact', ARTIFACT['uri'], '--sha256', ARTIFACT['sha256'], '--size', ARTIFACT['size'])
    metrics = here.top.parent / 'metrics.json'
    metrics.write_text('{"recall@20": 1e-05}')
    bump(here, 'api', '2', *artifact, '--metrics', str(metrics))
    new = here.repository()
    spec = r.open_run(new, ['api']).registry.models['api'].newest.spec
    assert spec['artifact'] == {**ARTIFACT, 'kind': 'saved-model'}
    assert (spec['image'], spec['metrics']) == (r.version('1')['image'], {'recall@20': 0.00001})


# A command without a file, and the problems that it tells.
WRONG: dict[str, tuple[tuple[str, ...], list[str]]] = {
    'nothing new': (
        ('web', '2'),
        [
            ("bump: neither image nor artifact is given: version '2' would run what '1' runs (give the new image, or"
            ' the new artifact with its sha256)')
        ],
    ),
    'no such model': (('wbe', '2', '--image', IMAGE), ["MODEL: model 'wbe' not found (did you mean 'web'?)"]),
    'no such version': (
        ('web', '1.1', '--image', IMAGE, '--after', '1.0'),
        ["--after: version '1.0' of model 'web' not found (known here: 1)"],
    ),
    'formats': (
        ('web', '-2', '--image', 'A b', '--artifact', 'x', '--sha256', '1', '--released', 'now'),
        [
            '--artifact: invalid format', '--image: invalid format', '--released: invalid format',
            '--sha256: invalid format', 'VERSION: invalid format',
        ],
    ),
    'no kind': (
        ('web', '2', '--artifact', ARTIFACT['uri'], '--sha256', ARTIFACT['sha256']),
        [
            ("--artifact: the artifact has no 'kind' (write artifact.kind in a file for --file: '1' has no artifact to"
            ' take it from)')
        ],
    ),
    'no size': (
        ('api', '2', '--artifact', ARTIFACT['uri'], '--sha256', ARTIFACT['sha256']),
        [
            ("--size: the artifact has no size; that of version '1' has one, by which pods reserve space"
            ' (add it, for example 64Mi)')
        ],
    ),
    'no checksum': (
        ('api', '2', '--artifact', ARTIFACT['uri'], '--size', '1Mi'),
        ['--artifact: the downloaded artifact has no sha256 (add sha256, the output of'],
    ),
    'an image without digest is no problem of a version, a wrong artifact is': (
        ('api', '2', '--artifact', 'https://models.example/2.zip', '--sha256', '4' * 64, '--size', '1Mi'),
        ["--artifact: kind 'saved-model' is unpacked from .tar, .tar.gz or .tgz, found '.zip' (pack it again"],
    ),
}  # fmt: skip


def test_what_is_wrong_is_told_at_its_option(here: Checkout) -> None:
    for case, (words, wanted) in WRONG.items():
        told = refused(here, words[0], *words[2:], '--', words[1])
        assert [line[: len(start)] for line, start in zip(told, wanted, strict=True)] == wanted, case


NIGHT: list[dict[str, Any]] = [
    {'model': 'web', 'version': '2', 'image': IMAGE, 'notes': 'one'},
    {'model': 'api', 'version': '2', 'artifact': ARTIFACT},
    {'model': 'web', 'version': '3', 'image': OTHER, 'signature': {'inputs': {}, 'outputs': {}}},
    {'model': 'web', 'version': '1'},
]


def test_many_are_one_commit(here: Checkout) -> None:
    found = bump(here, '--file', bumps(here, *NIGHT), '--push')
    rows = [(row['model'], row['version'], row['added'], row['environments']) for row in found['bumps']]
    assert rows == [
        ('web', '2', True, []), ('api', '2', True, ['dev']), ('web', '3', True, ['dev']), ('web', '1', False, []),
    ]  # fmt: skip
    assert here.git('rev-parse', 'HEAD~1') == here.git('rev-list', '--max-parents=0', 'HEAD')
    message = here.git('log', '-1', '--format=%B').strip()
    assert message.startswith(
        'Release 3 model versions\n\n'
        '* web 2: chart 1.1.0 (minor), pods restart; reaches no environment by itself\n'
        '* api 2: chart 1.1.0 (minor), pods restart; reaches dev\n'
        '* web 3: chart 2.0.0 (major), pods restart; reaches dev, not test: its pin holds it at 1\n'
        '  * signature: inputs.age is not set any more, was {dtype: int8, shape: [-1]}\n'
    ), message
    assert message.endswith('\nChartloom-Operation: bump --file bumps.yaml')
    assert not bump(here, '--file', bumps(here, *NIGHT))['changed']


def test_all_or_nothing_unless_the_blocked_are_skipped(here: Checkout) -> None:
    wrong = [
        {'model': 'web', 'version': '1', 'image': OTHER},
        {'model': 'wbe', 'version': '1', 'image': OTHER},
        {'model': 'api', 'version': '3', 'artifact': {**ARTIFACT, 'uri': 'https://a.example/m.zip'}},
    ]
    file = bumps(here, *wrong, NIGHT[0])
    other = f"version '1' of model 'web' has another image: '{r.version('1')['image']}', not '{OTHER}'"
    told = [
        (f'{file}::$.bumps[0].image', other),
        (f'{file}::$.bumps[1].model', "model 'wbe' not found"),
        (
            f'{file}::$.bumps[2].artifact.uri',
            "kind 'saved-model' is unpacked from .tar, .tar.gz or .tgz, found '.zip'",
        ),
    ]
    assert [line.rpartition(' (')[0] for line in refused(here, '--file', file)] == [f'{p}: {m}' for p, m in told]
    assert len(refused(here, '--file', bumps(here, *wrong), '--skip-blocked')) == 3
    found = bump(here, '--file', bumps(here, *wrong, NIGHT[0]), '--skip-blocked')
    assert [(row['model'], row['version']) for row in found['bumps']] == [('web', '2')]
    assert [(p['file'] + '::' + p['path'], p['message']) for row in found['blocked'] for p in row['problems']] == told
    assert here.status() == []
    assert (
        '\n\nNot released, because of problems:\n'
        f"* web 1: {cut(other, 150)}\n* wbe 1: model 'wbe' not found\n* api 3: kind 'saved-model' is unpacked"
    ) in here.git('log', '-1', '--format=%B')
    done = chartloom(here.folder, 'bump', '--file', file, '--skip-blocked')
    assert (done.returncode, done.stderr.split('\n')[2:4]) == (
        0, ['wbe 1 is not released:', f'  {told[1][0]}: {told[1][1]}'],
    )  # fmt: skip


def test_a_file_of_bumps_is_closed(here: Checkout) -> None:
    file = here.top.parent / 'bumps.yaml'
    file.write_text(
        'bumps:\n- modle: web\n  model: web\n  version: 2\n  artifact: {url: "https://a.example", uri: x}\n'
        '  metrics: {recall: [1]}\n- {model: web, version: "2", bump: mayor, signature: {inputs: {a: {dtype: int7,'
        ' shape: []}}, outputs: {}}}\n'
    )
    assert [line.removeprefix(f'{file}::$.bumps') for line in refused(here, '--file', str(file))] == [
        (
            "[0].artifact.uri: invalid format: 'x' (URI of the files: https://…, s3://<bucket>/<key>, gs://…, hf://"
            '<owner>/<name>@<commit> to download, oci://<image>@sha256:… or pvc://<claim>/<path with the version> to'
            ' mount; no . or .. in a path)'
        ),
        "[0].artifact.url: unknown key 'url' (did you mean 'uri'?)",
        (
            '[0].metrics.recall: expected a number or a string, found a list: [1] (write a number or a string; quote'
            ' text that contains ": " or starts with { or [)'
        ),
        "[0].modle: unknown key 'modle' (did you mean 'model'?)",
        '[0].version: expected a string, found a number: 2 (quote it: version: "2")',
        "[1].bump: unknown bump 'mayor' (did you mean 'major'?)",
        "[1].signature.inputs.a.dtype: unknown dtype 'int7' (did you mean 'int8'?)",
    ]
    twice = bumps(here, NIGHT[0], NIGHT[1], NIGHT[0])
    assert refused(here, '--file', twice) == [
        f"{twice}::$.bumps[2].version: version '2' of model 'web' is already in this file (keep one of them)"
    ]
    broken = here.top.parent / 'bumps.json'
    for text, wrong in (('{"bumps": [{"a": NaN}]}', 'NaN is not a number'), ('{', 'Expecting property name')):
        broken.write_text(text)
        (line,) = refused(here, '--file', str(broken))
        assert line.startswith(f'{broken}: invalid JSON: {wrong}')
    broken.write_text(json.dumps({'bumps': [{**NIGHT[0], 'metrics': {'loss': 1e-05}}]}).replace('0.00001', '1e-05'))
    assert bump(here, '--file', str(broken), '--dry-run')['changed']


def test_a_file_with_other_changes_is_not_released(here: Checkout) -> None:
    here.append(MODEL, '  replicas: 9\n')
    says = "changed, and not part of this operation (set it aside with 'git stash -u', or use --repo URL)"
    assert refused(here, 'web', '2', '--image', IMAGE) == [f'{MODEL}: {says}']
    assert refused(here, '--file', bumps(here, NIGHT[0]), '--skip-blocked') == [f'{MODEL}: {says}']
    assert bump(here, 'api', '2', '--image', IMAGE)['changed']
    assert here.status() == [f' M {MODEL}']


def test_anchors_are_told_as_everywhere(here: Checkout) -> None:
    here.write({MODEL: TEXT.replace('versions:', 'versions: &all')})
    here.git('commit', '--quiet', '--all', '--message', 'anchor')
    (line,) = refused(here, 'web', '2', '--image', IMAGE)
    assert line.startswith(f'{MODEL}::$.spec.versions: ')


def test_problems_elsewhere_stop_nothing(here: Checkout) -> None:
    here.write({'registry/models/api.yaml': b'nonsense', 'registry/releases/dev/api.yaml': b'nonsense'})
    here.git('commit', '--quiet', '--all', '--message', 'nonsense')
    assert bump(here, 'web', '2', '--image', IMAGE)['changed']
    found = bump(here, '--file', bumps(here, NIGHT[2], NIGHT[1]), '--skip-blocked')
    assert [(row['model'], row['version']) for row in found['bumps']] == [('web', '3')]
    assert {p['file'] for row in found['blocked'] for p in row['problems']} == {
        'registry/models/api.yaml', 'registry/releases/dev/api.yaml',
    }  # fmt: skip


def test_what_helm_refuses_is_not_released(here: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helm that refuses one chart, as a newer one might."""
    install(
        tmp_path / 'bin',
        'helm',
        f'#!/bin/sh\n[ "$1" = lint ] && echo "$@" | grep -q web/ && exit 1\nexec {os.environ["HELM"]} "$@"\n',
    )
    monkeypatch.setenv('HELM', str(tmp_path / 'bin' / 'helm'))
    (line,) = refused(here, 'web', '2', '--image', IMAGE)
    assert line.startswith('charts/web/1.1.0: helm lint: ')
    found = bump(here, '--file', bumps(here, *NIGHT[:2]), '--skip-blocked')
    assert [row['model'] for row in found['bumps']] == ['api']


def test_a_dry_run_writes_nothing(here: Checkout) -> None:
    before = here.everything()
    found = bump(here, 'web', '2', '--image', IMAGE, '--dry-run')
    assert (found['changed'], found['bumps'][0]['chart'], here.everything()) == (True, '1.1.0', before)


def test_without_a_checkout(origin: Path, here: Checkout, tmp_path: Path) -> None:
    """Also of a member of an application: the others are read without the new file, which git does not have."""
    files = r.application('shop', ['web', 'api']) | r.release('dev', 'api', values={'replicaCount': 2})
    remote_change(origin, tmp_path / 'other', files)
    words = ('web', '2', '--image', IMAGE, '--repo', f'file://{origin}', '--push')
    for filters in ('true', 'false'):
        git(origin, 'config', 'uploadpack.allowFilter', filters)
        nowhere = Checkout(tmp_path / filters)
        nowhere.top.mkdir()
        done = chartloom(nowhere.top, 'bump', *words, '--output', 'json')
        assert (done.returncode, done.stderr) == (0, '')
        found = json.loads(done.stdout)
        assert (found['changed'], found['pushed']) == (filters == 'true', filters == 'true')
        assert found['bumps'][0]['environments'] == ['dev']
    assert git(origin, 'log', '-1', '--format=%s', 'main') == 'Release web 2'
    here.git('pull', '--quiet')
    assert MODEL in here.files()


def test_bots_at_once_lose_nothing(origin: Path, here: Checkout, tmp_path: Path) -> None:
    """Two that release versions of one model, and a third writer who is faster than the first try."""
    other = clone(origin, tmp_path / 'writer')
    install(tmp_path / 'hooks', 'pre-push', faster_writer(origin, other))
    git(tmp_path, 'config', '--global', 'core.hooksPath', str(tmp_path / 'hooks'))
    words = ('--image', IMAGE, '--repo', f'file://{origin}', '--output', 'json')
    bots = [start(tmp_path, 'bump', 'web', version, *words) for version in ('2', '3')]
    assert [(bot.communicate()[1], bot.returncode) for bot in bots] == [('', 0), ('', 0)]
    git(tmp_path, 'config', '--global', '--unset', 'core.hooksPath')
    here.git('pull', '--quiet')
    released = [line for line in here.git('log', '--reverse', '--format=%s').split('\n') if line.startswith('Release')]
    versions = [line.split('"')[1] for line in here.read(MODEL).split('\n') if 'version:' in line]
    assert versions[1:] == [subject.removeprefix('Release web ') for subject in released]
    assert sorted(versions) == ['1', '2', '3']
    assert not here.generate().changed


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        ((), 'expected MODEL and VERSION, or --file'),
        (('web',), 'expected MODEL and VERSION, or --file'),
        (('web', '2', '--sha256', '1'), '--sha256 and --size require --artifact'),
        (('web', '2', '--skip-blocked'), '--skip-blocked requires --file'),
        (('web', '2', '--file', __file__), '--file excludes MODEL, VERSION and the options of one version'),
    ],
)
def test_usage(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = chartloom(tmp_path, 'bump', *words)
    assert (done.returncode, done.stderr.strip().split('\n')[-1]) == (2, f'Error: {says}')


def test_packs_of_many_commits_become_one(here: Checkout) -> None:
    """A clone in which nothing but chartloom runs does not fill with packs."""
    for key, value in (('gc.autoPackLimit', '3'), ('gc.autoDetach', 'false')):
        here.git('config', key, value)
    for number in range(2, 10):
        bump(here, 'web', str(number), '--image', IMAGE)
    packs = list((here.folder / '.git/objects/pack').glob('*.pack'))
    assert len(packs) <= 4
    here.git('fsck', '--no-dangling')
