"""Usage errors as text and as JSON; --help; a program that is not found."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from gitops import chartloom, published
from parts import ROOT

from generator.cli import GROUPS, VERBS

ASKED = (('--output', 'json'), ('--output=json',), ('-o', 'json'), ('-ojson',))


@pytest.mark.parametrize(
    ('arguments', 'message', 'hint'),
    [
        (('generat',), "no such command 'generat'", "did you mean 'generate'?"),
        (('x',), "no such command 'x'", "run 'chartloom --help'"),
        (('generate', '--comit'), "no such option '--comit'", "did you mean '--commit'?"),
        (('generate', '--push'), '--push requires --commit', "run 'chartloom generate --help'"),
        (('rollout', 'start'), "missing argument 'ENV/MODEL'", "run 'chartloom rollout start --help'"),
        (('rollout', 'x'), "no such command 'x'", "run 'chartloom rollout --help'"),
        (('explain', 'web'), "invalid release 'web': write release/ENV/MODEL", "run 'chartloom explain --help'"),
        (('completion', 'tcsh'), '', "run 'chartloom completion --help'"),
    ],
)
def test_a_usage_error_as_text_and_as_data(tmp_path: Path, arguments: tuple[str, ...], message: str, hint: str) -> None:
    done = chartloom(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, '')
    assert re.match(r"Usage: chartloom .*\nTry 'chartloom .*--help' for help.\n\nError: .*\n$", done.stderr)
    for asked in ASKED:
        done = chartloom(tmp_path, *arguments, *asked)
        assert (done.returncode, done.stderr) == (2, '')
        [problem] = json.loads(done.stdout)['problems']
        assert (problem['file'], problem['path'], problem['hint']) == ('', '', hint)
        assert problem['message'] == message or not message


@pytest.mark.parametrize(
    ('words', 'data'),
    [
        (('-o', 'json', '--bad'), True),
        (('--output', 'text', '--bad', '-o', 'json'), True),  # the last one counts
        (('-o', 'json', '--bad', '--output', 'text'), False),
        (('--bad', '--', '-o', 'json'), False),
        (('--bad', '-o'), False),
    ],
)
def test_where_output_may_stand(tmp_path: Path, words: tuple[str, ...], data: bool) -> None:
    done = chartloom(tmp_path, 'plan', *words)
    assert (done.returncode, done.stdout.startswith('{'), done.stderr.startswith('Usage:')) == (2, data, not data)


def test_every_command_takes_output_by_its_letter(tmp_path: Path) -> None:
    groups = {'rollout': 'status', 'host': 'move', 'environment': 'copy', 'model': 'rename'}
    for verb in VERBS:
        helped = chartloom(tmp_path, verb, *([groups[verb]] if verb in groups else []), '-h').stdout
        assert '-o, --output [text|json]' in helped, verb


def test_help_is_grouped(tmp_path: Path) -> None:
    done = chartloom(tmp_path, '--help')
    assert (done.returncode, done.stderr) == (0, '')
    heads = re.findall(r'^(\S.*):$', done.stdout, re.MULTILINE)
    assert heads == ['Daily work', 'Registry and charts', 'Setting up', 'Options']
    told = re.findall(r'^  ([\w-]+)  +[A-Z]', done.stdout.partition('Options:')[0], re.MULTILINE)
    assert told == [verb for verbs in GROUPS.values() for verb in verbs]
    files = {path.stem for path in (ROOT / 'generator/cli').glob('*.py')}
    assert {verb.replace('-', '_') for verb in told} <= files
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    assert [verb for verb in told if f'| `chartloom {verb}' not in readme] == []
    assert chartloom(tmp_path).returncode == 2  # as helm and git do, nothing is said and shown is the help
    assert chartloom(tmp_path).stderr == done.stdout


def test_a_helm_that_is_missing_is_a_command_that_failed(tmp_path: Path) -> None:
    here = published(tmp_path)
    for environ, name in (({'HELM': 'gone'}, 'gone'), ({'HELM': '', 'PATH': only_git(tmp_path / 'bin')}, 'helm')):
        done = chartloom(here.folder, 'verify', env=environ)
        assert (done.returncode, done.stdout) == (3, '')
        assert done.stderr.startswith(f'command: {name} version\ncode: 127\n')
        failed = json.loads(chartloom(here.folder, 'verify', '-o', 'json', env=environ).stdout)['failed']
        assert (failed['code'], 'install Helm 3.17 or newer' in failed['stderr']) == (127, True)
        examined = chartloom(here.folder, 'doctor', env=environ)
        assert (examined.returncode, 'install Helm 3.17 or newer' in examined.stdout) == (1, True)


def test_a_git_that_is_missing_is_one_too(tmp_path: Path) -> None:
    for verb in (['plan'], ['init'], ['generate', '--repo', 'file:///nowhere']):
        done = chartloom(tmp_path, *verb, env={'PATH': str(tmp_path)})
        assert (done.returncode, done.stdout) == (3, '')
        assert done.stderr.endswith('git not found on PATH: install git 2.30 or newer\n')


def only_git(folder: Path) -> str:
    """A PATH with git and without helm."""
    import shutil

    folder.mkdir(exist_ok=True)
    if not (folder / 'git').exists():
        os.symlink(str(shutil.which('git')), folder / 'git')
    return str(folder)
