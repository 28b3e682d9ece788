"""`chartloom pin`: the pins that are written; the rest of a release's file does not change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import registries as r
from parts import git

from generator.domain.problems import ProblemsFound
from generator.operations.pin import choose_pins

# Charts: 1.0.0 of version 1, 1.0.1 of version 2, and, after a change of the model, 1.0.2 of version 2.
VERSIONS = [r.version('1'), r.version('2')]


@pytest.fixture
def repository(tmp_path: Path) -> r.Repository:
    files = r.settings() | r.model(versions=VERSIONS) | r.environment('prod') | r.following('dev')
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(r.model(versions=VERSIONS, replicas=9))
    repository.publish()
    return repository


def pins(repository: r.Repository, *names: str, newest: bool = False) -> list[tuple[str, str, str]]:
    run = repository.run()
    return [
        (pin.release.name, pin.version, pin.chart)
        for pin in choose_pins(run.registry, run.charts, names, newest=newest)
    ]


NEWEST = ('prod/web', '2', '1.0.2')
# What a release in prod says, and what becomes of it: by itself, when it is named, and when it shall move on.
CASES: dict[str, tuple[dict[str, Any], Any, Any, Any]] = {
    'nothing': ({}, NEWEST, NEWEST, NEWEST),
    'a version alone': ({'version': '1'}, ('prod/web', '1', '1.0.0'), ('prod/web', '1', '1.0.0'), NEWEST),
    'the newest version alone': ({'version': '2'}, NEWEST, NEWEST, NEWEST),
    'a chart alone': ({'chart': '1.0.0'}, ('prod/web', '1', '1.0.0'), ('prod/web', '1', '1.0.0'), NEWEST),
    'an older chart alone': ({'chart': '1.0.1'}, ('prod/web', '2', '1.0.1'), NEWEST, NEWEST),
    'both': ({'version': '1', 'chart': '1.0.0'}, None, None, NEWEST),
    'an older chart of its version': ({'version': '2', 'chart': '1.0.1'}, None, NEWEST, NEWEST),
    'a chart of another version': (
        {'version': '1', 'chart': '1.0.1'},
        ('prod/web', '1', '1.0.0'),
        ('prod/web', '1', '1.0.0'),
        NEWEST,
    ),
    'a chart that there is not': ({'version': '2', 'chart': '7.0.0'}, NEWEST, NEWEST, NEWEST),
    'the newest of all': ({'version': '2', 'chart': '1.0.2'}, None, None, None),
}


@pytest.mark.parametrize('case', CASES)
def test_what_is_pinned(repository: r.Repository, case: str) -> None:
    spec, alone, named, newest = CASES[case]
    repository.write(r.release('prod', 'web', **spec))
    assert pins(repository) == ([alone] if alone else [])
    assert pins(repository, 'prod/web') == ([named] if named else [])
    assert pins(repository, 'prod/web', newest=True) == ([newest] if newest else [])
    assert pins(repository, newest=True) == ([newest] if newest else [])


def test_a_release_that_follows_has_no_pin_until_it_is_held(repository: r.Repository) -> None:
    repository.write(r.release('dev', 'web'))
    assert pins(repository) == []
    assert pins(repository, newest=True) == []
    assert pins(repository, 'dev/web') == [('dev/web', '2', '1.0.2')]
    repository.write(r.release('dev', 'web', version='1'))
    assert pins(repository) == [('dev/web', '1', '1.0.0')]


def test_only_what_is_named_moves(repository: r.Repository) -> None:
    repository.write(
        r.release('prod', 'web', version='2', chart='1.0.1') | r.release('dev', 'web', version='2', chart='1.0.1')
    )
    assert pins(repository, 'dev/web') == [('dev/web', '2', '1.0.2')]


def test_all_problems_are_told_at_once(repository: r.Repository) -> None:
    repository.write(r.release('prod', 'web', version='3') | r.release('dev', 'web', version='1.O'))
    with pytest.raises(ProblemsFound) as error:
        pins(repository)
    assert [(p.file, p.path, p.message) for p in error.value.problems] == [
        ('registry/releases/dev/web.yaml', '$.spec.version', "version '1.O' of model 'web' not found"),
        ('registry/releases/prod/web.yaml', '$.spec.version', "version '3' of model 'web' not found"),
    ]
    with pytest.raises(ProblemsFound, match=r"release 'prod/wbe' not found\n  hint: did you mean 'prod/web'\?"):
        pins(repository, 'prod/wbe')


@pytest.mark.parametrize('spec', [{'version': '1'}, {'chart': '1.0.0'}])
def test_a_version_that_left_the_model_is_no_version_to_pin(repository: r.Repository, spec: dict[str, str]) -> None:
    repository.write(r.model(versions=VERSIONS[1:], replicas=9) | r.release('prod', 'web', **spec))
    with pytest.raises(ProblemsFound, match=r"version '1' of model 'web' not found"):
        pins(repository)


def test_a_pin_makes_the_release_whole(repository: r.Repository) -> None:
    """The command that a problem names is the one that mends it."""
    repository.write(r.release('prod', 'web', version='1'))
    with pytest.raises(ProblemsFound, match=r"hint: run 'chartloom pin prod/web'"):
        repository.generate()
    command = [sys.executable, '-m', 'generator', 'pin', 'prod/web']
    subprocess.run(command, cwd=repository.folder, check=True, capture_output=True)
    repository.generate()
    assert repository.read('delivery/prod/web.yaml')['spec']['source']['path'] == 'charts/web/1.0.0'


def test_the_command_keeps_comments_and_layout(repository: r.Repository) -> None:
    text = (
        '# why this is here\n\napiVersion: chartloom/v1\nkind:   Release\nmetadata: {name: web}   # the model\n'
        'spec:\n    # pods in three zones\n    values:\n          replicaCount:   5\n          args: [ a,b ]\n'
    )
    repository.write({'registry/releases/prod/web.yaml': text.encode()})
    before = repository.tree()
    command = [sys.executable, '-m', 'generator', 'pin']
    done = subprocess.run(command, cwd=repository.folder, check=True, capture_output=True, text=True)
    assert 'prod/web: no pin → 2 (chart 1.0.2)' in done.stdout
    after = repository.tree()
    changed = {path for path in after if after[path] != before.get(path)}
    assert {path for path in changed if path.startswith('registry/')} == {'registry/releases/prod/web.yaml'}
    assert git(repository.folder, 'status', '--porcelain') == '', 'it is one commit with what follows from it'
    wanted = text.replace('spec:\n', 'spec:\n    version: "2"\n    chart: "1.0.2"\n')
    assert after['registry/releases/prod/web.yaml'].decode() == wanted


def test_a_pin_takes_along_what_it_pins_and_nothing_else(repository: r.Repository) -> None:
    """What has no pin cannot be generated: where more is new than a release and its model, all of it is one commit."""
    repository.write(r.release('prod', 'web', version='1') | r.environment('staging'))
    command = [sys.executable, '-m', 'generator', 'pin']
    done = subprocess.run([*command, 'prod/web'], cwd=repository.folder, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('registry/environments/staging.yaml: changed, and not part of this operation\n')
    assert "hint: run 'chartloom pin' without names" in done.stderr
    subprocess.run(command, cwd=repository.folder, check=True, capture_output=True)
    assert git(repository.folder, 'status', '--porcelain') == ''
    repository.write(r.release('dev', 'web', version='1'))
    subprocess.run([*command, 'dev/web'], cwd=repository.folder, check=True, capture_output=True)
    assert git(repository.folder, 'status', '--porcelain') == ''
    assert git(repository.folder, 'log', '-1', '--format=%s') == 'Pin dev/web: no pin → 1 (chart 1.0.0)'
