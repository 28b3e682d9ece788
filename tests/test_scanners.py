"""checkov and trivy check the example; docs/scanners.md lists the accepted findings, with the reason for each."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from parts import ROOT, part

EXAMPLE = ROOT / 'gitops_example'
TOOLS = ROOT / '.tools' / 'scanners'
ROW = re.compile(r'^\| ([A-Z0-9_-]*[0-9]+) \| (.+?) \| (.+) \|$', re.MULTILINE)
Finding = tuple[str, str]  # rule, name of the object without what its chart appends


def waivers() -> list[tuple[str, tuple[str, ...]]]:
    text = (ROOT / 'docs' / 'scanners.md').read_text(encoding='utf-8')
    found = [(rule, tuple(re.findall('`([^`]+)`', where))) for rule, where, _ in ROW.findall(text)]
    assert found
    return found


def judge(findings: Iterable[Finding], prefixes: tuple[str, ...]) -> tuple[set[Finding], set[str]]:
    """Findings without a waiver, and waivers of these rules that let nothing pass."""
    known = [waiver for waiver in waivers() if waiver[0].startswith(prefixes)]
    seen = set(findings)
    used = {
        (rule, pattern)
        for rule, patterns in known
        for pattern in patterns
        for its, name in seen
        if its == rule and fnmatch.fnmatch(name, pattern)
    }
    let_pass = {(its, name) for its, name in seen for rule, p in used if its == rule and fnmatch.fnmatch(name, p)}
    unused = {f'{rule} {pattern}' for rule, patterns in known for pattern in patterns if (rule, pattern) not in used}
    return seen - let_pass, unused


@pytest.fixture(scope='module')
def rendered(helm4: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the objects of each release of the example, as its agent would render them."""
    folder = tmp_path_factory.mktemp('rendered')
    for delivery in sorted(EXAMPLE.glob('delivery/*/*.yaml')):
        environment, model = delivery.parent.name, delivery.stem
        [chart] = set(re.findall(rf'charts/{model}/[0-9.]*[0-9]', delivery.read_text(encoding='utf-8')))
        values = EXAMPLE / 'values' / environment / f'{model}.yaml'
        command = [helm4, 'template', model, EXAMPLE / chart, '--values', values, '--namespace', 'ml']
        done = subprocess.run(command, capture_output=True, check=True)
        (folder / f'{environment}-{model}.yaml').write_bytes(done.stdout)
    return folder


def scanner(name: str) -> str:
    return part(name, shutil.which(name, path=f'{TOOLS / "bin"}:{os.environ["PATH"]}'), '`make scanners`')


def answer(command: list[Any]) -> Any:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def test_checkov(rendered: Path) -> None:
    whole = rendered.parent / 'all.yaml'
    whole.write_bytes(b''.join(file.read_bytes() for file in sorted(rendered.iterdir())))
    options = ['--framework', 'kubernetes', '--skip-download', '--output', 'json', '--quiet', '--soft-fail']
    report = answer([scanner('checkov'), '--file', whole, *options])
    assert report['summary']['resource_count'] > 100
    found = [(each['check_id'], each['resource'].rpartition('.')[2]) for each in report['results']['failed_checks']]
    assert judge(found, ('CKV',)) == (set(), set())


def test_trivy(rendered: Path) -> None:
    report = answer([scanner('trivy'), 'config', '--skip-check-update', '--quiet', '--format', 'json', rendered])
    assert len(report['Results']) == len(list(rendered.iterdir()))
    assert judge(misconfigurations(report), ('KSV', 'AVD')) == (set(), set())


def misconfigurations(report: Any) -> Iterator[Finding]:
    for result in report['Results']:
        for each in result.get('Misconfigurations', []):
            yield each['ID'], Path(result['Target']).stem.partition('-')[2]


def test_scanners_do_find_something(tmp_path: Path) -> None:
    """A pod as nobody should write one."""
    bad = tmp_path / 'bad' / 'pod.yaml'
    bad.parent.mkdir()
    container = {'name': 'a', 'image': 'nginx:latest', 'securityContext': {'privileged': True}}
    pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'bad'}, 'spec': {'containers': [container]}}
    bad.write_text(json.dumps(pod))
    report = answer([scanner('trivy'), 'config', '--skip-check-update', '--quiet', '--format', 'json', bad.parent])
    assert 'KSV017' in {rule for rule, _ in misconfigurations(report)}
    options = ['--framework', 'kubernetes', '--skip-download', '--output', 'json', '--quiet', '--soft-fail']
    failed = answer([scanner('checkov'), '--file', bad, *options])['results']['failed_checks']
    assert 'CKV_K8S_16' in {each['check_id'] for each in failed}
