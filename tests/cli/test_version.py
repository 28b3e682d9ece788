"""`chartloom version`: the versions for a bug report."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from gitops import chartloom
from parts import ROOT

from generator import __version__


def test_versions_of_all_that_takes_part(tmp_path: Path, helm: Path) -> None:
    told = json.loads(chartloom(tmp_path, 'version', '-o', 'json', env={'HELM': str(helm)}).stdout)
    assert told['chartloom'] == {'version': __version__, 'path': str(ROOT / 'generator')}
    assert told['python']['version'] == platform.python_version()
    assert told['helm'] == {'version': helm.parent.name.removeprefix('helm-'), 'path': str(helm)}
    assert told['git']['version'][0].isdigit()
    assert told['platform'] == platform.platform()
    assert {'click', 'jinja2', 'jsonschema-rs', 'ruamel.yaml'} <= told['libraries'].keys()
    assert not {'pytest', 'mypy'} & told['libraries'].keys()
    lines = chartloom(tmp_path, 'version', env={'HELM': str(helm)}).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ['chartloom', 'python', 'helm', 'git', 'platform', 'libraries']
    assert lines[2].split()[1:] == [told['helm']['version'], f'({helm})']


def test_what_is_missing_or_broken_stops_nothing(tmp_path: Path) -> None:
    broken = tmp_path / 'helm'
    broken.write_text('#!/bin/sh\nexit 9\n')
    broken.chmod(0o755)
    for environ, helm, line in (
        ({'HELM': '', 'PATH': str(tmp_path / 'empty')}, {'version': '', 'path': ''}, 'helm       not found'),
        ({'HELM': str(broken)}, {'version': '', 'path': str(broken)}, f'helm       unknown version ({broken})'),
    ):
        done = chartloom(tmp_path, 'version', '--output', 'json', env=environ)
        assert (done.returncode, json.loads(done.stdout)['helm']) == (0, helm)
        assert line in chartloom(tmp_path, 'version', env=environ).stdout.splitlines()
    assert chartloom(tmp_path, '--version').stdout == f'chartloom, version {__version__}\n'
