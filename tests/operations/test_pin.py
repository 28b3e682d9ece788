"""`chartloom pin`: the pins that are written; the rest of a release's file does not change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom, clone, faster_writer, install, published_at
from parts import git

from generator.domain.problems import ProblemsFound
from generator.operations.pin_choice import Scope, choose_pins

# Charts: 1.0.0 of version 1, 1.1.0 of version 2, and, after a change of the model, 1.1.1 of version 2.
VERSIONS = [r.version('1'), r.version('2')]


@pytest.fixture
def repository(tmp_path: Path) -> r.Repository:
    files = r.settings() | r.model(versions=VERSIONS) | r.environment('prod') | r.following('dev')
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(r.model(versions=VERSIONS, replicas=9))
    repository.publish()
    return repository


def pins(repository: r.Repository, *names: str, **options: Any) -> list[tuple[str, str, str]]:
    """The chosen pins; options other than `newest` are those of the scope."""
    run, newest = repository.run(), options.pop('newest', False)
    choice = choose_pins(run.registry, run.charts, Scope(names, **options), run.clock, newest=newest)
    return [(pin.release.name, pin.version, pin.chart) for pin in choice.pins]


ALL: dict[str, Any] = {'everything': True}
NEWEST = ('prod/web', '2', '1.1.1')
# What a release in prod says, and what becomes of it: by itself, when it is named, and when it shall move on.
CASES: dict[str, tuple[dict[str, Any], Any, Any, Any]] = {
    'nothing': ({}, NEWEST, NEWEST, NEWEST),
    'a version alone': ({'version': '1'}, ('prod/web', '1', '1.0.0'), ('prod/web', '1', '1.0.0'), NEWEST),
    'the newest version alone': ({'version': '2'}, NEWEST, NEWEST, NEWEST),
    'a chart alone': ({'chart': '1.0.0'}, ('prod/web', '1', '1.0.0'), ('prod/web', '1', '1.0.0'), NEWEST),
    'an older chart alone': ({'chart': '1.1.0'}, ('prod/web', '2', '1.1.0'), NEWEST, NEWEST),
    'both': ({'version': '1', 'chart': '1.0.0'}, None, None, NEWEST),
    'an older chart of its version': ({'version': '2', 'chart': '1.1.0'}, None, NEWEST, NEWEST),
    'a chart of another version': (
        {'version': '1', 'chart': '1.1.0'},
        ('prod/web', '1', '1.0.0'),
        ('prod/web', '1', '1.0.0'),
        NEWEST,
    ),
    'a chart that there is not': ({'version': '2', 'chart': '7.0.0'}, NEWEST, NEWEST, NEWEST),
    'the newest of all': ({'version': '2', 'chart': '1.1.1'}, None, None, None),
}


@pytest.mark.parametrize('case', CASES)
def test_what_is_pinned(repository: r.Repository, case: str) -> None:
    spec, alone, named, newest = CASES[case]
    repository.write(r.release('prod', 'web', **spec))
    assert pins(repository) == ([alone] if alone else [])
    assert pins(repository, 'prod/web') == ([named] if named else [])
    assert pins(repository, 'prod/web', newest=True) == ([newest] if newest else [])
    for scope in (ALL, {'environments': ('prod',)}):
        assert pins(repository, **scope) == ([named] if named else [])
        assert pins(repository, newest=True, **scope) == ([newest] if newest else [])
    assert pins(repository, newest=True, environments=('dev',)) == []


def test_a_release_that_follows_has_no_pin_until_it_is_held(repository: r.Repository) -> None:
    repository.write(r.release('dev', 'web'))
    assert pins(repository) == []
    for scope in (ALL, {'environments': ('dev',)}):
        assert pins(repository, newest=True, **scope) == []
    assert pins(repository, 'dev/web') == [('dev/web', '2', '1.1.1')]
    repository.write(r.release('dev', 'web', version='1'))
    assert pins(repository) == [('dev/web', '1', '1.0.0')]
    assert pins(repository, newest=True, **ALL) == []


def test_only_what_is_named_moves(repository: r.Repository) -> None:
    repository.write(
        r.release('prod', 'web', version='2', chart='1.1.0') | r.release('dev', 'web', version='2', chart='1.1.0')
    )
    assert pins(repository, 'dev/web') == [('dev/web', '2', '1.1.1')]


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
    with pytest.raises(
        ProblemsFound, match=r"registry/environments: environment 'prd' not found\n  hint: did you mean"
    ):
        pins(repository, environments=('prd',))


@pytest.mark.parametrize('spec', [{'version': '1'}, {'chart': '1.0.0'}])
def test_a_version_that_left_the_model_is_no_version_to_pin(repository: r.Repository, spec: dict[str, str]) -> None:
    repository.write(r.model(versions=VERSIONS[1:], replicas=9) | r.release('prod', 'web', **spec))
    with pytest.raises(ProblemsFound, match=r"version '1' of model 'web' not found"):
        pins(repository)


def test_a_pin_makes_the_release_whole(repository: r.Repository) -> None:
    """The command that a problem names is the one that mends it."""
    repository.write(r.release('prod', 'web', version='1'))
    with pytest.raises(ProblemsFound, match=r"hint: run 'chartloom pin'$"):
        repository.generate()
    command = [sys.executable, '-m', 'generator', 'pin', 'prod/web']
    subprocess.run(command, cwd=repository.folder, check=True, capture_output=True)
    repository.generate()
    assert repository.read('delivery/prod/web.yaml')['spec']['source']['path'] == 'charts/web/1.0.0'


def test_the_command_keeps_comments_and_layout(repository: r.Repository) -> None:
    text = (
        '# why this is here\n\napiVersion: chartloom/v1\nkind:   Release\nmetadata: {name: web}   # the model\n'
        'spec:\n    # pods in three zones\n    values:\n          replicaCount:   5\n'
        '          securityContext: {capabilities: {drop: [ ALL ]}}\n'
    )
    repository.write({'registry/releases/prod/web.yaml': text.encode()})
    before = repository.tree()
    command = [sys.executable, '-m', 'generator', 'pin']
    done = subprocess.run(command, cwd=repository.folder, check=True, capture_output=True, text=True)
    assert 'prod/web: no pin → 2 (chart 1.1.1)' in done.stdout
    after = repository.tree()
    changed = {path for path in after if after[path] != before.get(path)}
    assert {path for path in changed if path.startswith('registry/')} == {'registry/releases/prod/web.yaml'}
    assert git(repository.folder, 'status', '--porcelain') == '', 'it is one commit with what follows from it'
    wanted = text.replace('spec:\n', 'spec:\n    version: "2"\n    chart: "1.1.1"\n')
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


PROD = ('eu', 'us')


@pytest.fixture
def fleet(origin: Path, tmp_path: Path) -> Checkout:
    """Two models in three pinned environments and one that follows; a version of web is new, and not committed."""
    files = r.settings() | r.following('dev') | r.release('dev', 'web')
    for name in ('staging', *PROD):
        files |= r.environment(name) | r.release(name, 'web', version='1', chart='1.0.0')
        files |= r.release(name, 'api', version='1', chart='1.0.0')
    files |= r.model('web', versions=VERSIONS[:1]) | r.model('api', versions=VERSIONS[:1])
    here = published_at(origin, tmp_path / 'here', files=files)
    here.write(r.model('web', versions=VERSIONS))
    return here


def pinned(here: Checkout, *arguments: str) -> dict[str, Any]:
    done = chartloom(here.folder, 'pin', *arguments, '--output', 'json')
    assert (done.returncode, done.stderr) == (0, '')
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def moved(answer: dict[str, Any]) -> list[str]:
    return [row['release'] for row in answer['pins']]


SCOPE = '--newest requires the releases to move: ENV/MODEL, --env ENV or --all'
ONE = 'ENV/MODEL, --env and --all exclude each other'
REFUSED = [
    (['--newest'], SCOPE),
    (['--newest', '--dry-run'], SCOPE),
    (['--newest', '--repo', 'file:///nowhere'], SCOPE),
    (['eu/web', '--env', 'us'], ONE),
    (['eu/web', '--all', '--newest'], ONE),
    (['--env', 'us', '--all'], ONE),
]


@pytest.mark.parametrize(('arguments', 'message'), REFUSED)
def test_the_newest_version_requires_a_scope(fleet: Checkout, arguments: list[str], message: str) -> None:
    before = fleet.everything()
    done = chartloom(fleet.folder, 'pin', *arguments)
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr.endswith(f'\n\nError: {message}\n')
    assert fleet.everything() == before


def test_an_environment_moves_alone(fleet: Checkout) -> None:
    answer = pinned(fleet, '--newest', '--env', 'staging')
    assert moved(answer) == ['staging/web']
    assert fleet.git('log', '-1', '--format=%s') == 'Pin staging/web: 1 (chart 1.0.0) → 2 (chart 1.1.0)'
    assert 'Chartloom-Operation: pin --newest --env staging' in fleet.git('log', '-1', '--format=%B').splitlines()
    assert fleet.status() == []  # the model's file is part of the commit
    assert moved(pinned(fleet, '--newest', '--env', 'staging')) == []
    done = chartloom(fleet.folder, 'pin', '--newest', '--env', 'staging')
    assert done.stdout == 'nothing to do: no pin moves\n'
    done = chartloom(fleet.folder, 'pin', '--newest', '--env', 'prd')
    assert done.stderr.startswith("registry/environments: environment 'prd' not found\n")


def test_several_environments_and_all(fleet: Checkout) -> None:
    fleet.write(r.model('api', versions=VERSIONS))
    both = pinned(fleet, '--env', 'us', '--env', 'eu', '--newest', '--dry-run')
    assert moved(both) == ['eu/api', 'eu/web', 'us/api', 'us/web']
    assert moved(pinned(fleet, '--env', 'us', '--newest')) == ['us/api', 'us/web']
    assert fleet.git('log', '-1', '--format=%s') == 'Pin 2 releases of us'
    assert moved(pinned(fleet, '--all', '--newest')) == ['eu/api', 'eu/web', 'staging/api', 'staging/web']
    assert fleet.git('log', '-1', '--format=%s') == 'Pin 4 releases'
    assert 'Chartloom-Operation: pin --newest --all' in fleet.git('log', '-1', '--format=%B').splitlines()
    assert fleet.status() == []


def test_a_scope_without_newest_moves_to_the_newest_chart_of_each_version(fleet: Checkout) -> None:
    fleet.write(r.model('web', versions=VERSIONS[:1], replicas=9))
    (row,) = pinned(fleet, '--env', 'eu')['pins']
    assert (row['release'], row['version'], row['chart']) == ('eu/web', '1', '1.0.1')


def test_other_changes_stop_an_environment(fleet: Checkout) -> None:
    fleet.write(r.environment('us', namespace='elsewhere'))
    done = chartloom(fleet.folder, 'pin', '--newest', '--env', 'eu')
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == (
        'registry/environments/us.yaml: changed, and not part of this operation\n'
        "  hint: commit it first ('chartloom generate --commit'), or undo it with 'git restore'\n"
    )
    # Every release has its pin: 'pin' without names would commit nothing.
    assert chartloom(fleet.folder, 'generate', '--commit').returncode == 0
    assert fleet.status() == []


def test_what_follows_or_rolls_stays_and_is_named(origin: Path, tmp_path: Path) -> None:
    strategy = {'canary': {'steps': [{'weight': 20}]}}
    files = {
        **r.settings(),
        **r.model('web', versions=VERSIONS, route={}, strategy=strategy),
        **r.model('api', versions=VERSIONS),
        **r.following('dev'),
        **r.environment('eu', **r.GATEWAY),
        **r.release('dev', 'web', version='1', chart='1.0.0', strategy={'rolling': {}}),
        **r.release('dev', 'api'),
        **r.release('eu', 'web', version='1', chart='1.0.0'),
        **r.release('eu', 'api', version='1', chart='1.0.0'),
    }
    here = published_at(origin, tmp_path / 'here', files=files)
    assert chartloom(here.folder, 'rollout', 'start', 'eu/web').returncode == 0
    answer = pinned(here, '--newest', '--all', '--dry-run')
    assert (moved(answer), [row['release'] for row in answer['skipped']]) == (['eu/api'], ['dev/web', 'eu/web'])
    done = chartloom(here.folder, 'pin', '--newest', '--all')
    assert done.stdout.splitlines()[:3] == [
        'eu/api: 1 (chart 1.0.0) → 2 (chart 1.1.0)',
        "dev/web stays: its pin holds it back in an environment that follows; to move it, run 'chartloom pin dev/web'",
        'eu/web stays: a rollout to 2 is in progress and moves the pin when it ends',
    ]
    assert moved(pinned(here, '--newest', 'dev/web')) == ['dev/web']


def test_on_a_remote_the_scope_is_applied_again_when_the_branch_moves(
    fleet: Checkout, origin: Path, tmp_path: Path
) -> None:
    fleet.git('commit', '--quiet', '--all', '--message', 'version 2')
    fleet.git('push', '--quiet', 'origin', 'main')
    other = clone(origin, tmp_path / 'other')
    # The other writer removes a release in between.
    hook = faster_writer(origin, other).replace(
        'git commit --quiet --allow-empty',
        'git rm --quiet registry/releases/us/api.yaml values/us/api.yaml delivery/us/api.yaml && git commit --quiet',
    )
    install(tmp_path / 'hooks', 'pre-push', hook)
    env = {'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'core.hooksPath', 'GIT_CONFIG_VALUE_0': str(tmp_path / 'hooks')}
    arguments = ('pin', '--newest', '--env', 'us', '--repo', str(origin), '--output', 'json')
    done = chartloom(tmp_path, *arguments, env=env)
    assert done.returncode == 0, done.stderr + done.stdout
    answer = json.loads(done.stdout)
    assert (moved(answer), answer['pushed']) == (['us/web'], True)
    subjects = git(origin, 'log', '-2', '--format=%s', 'main').splitlines()
    assert subjects == ['Pin us/web: 1 (chart 1.0.0) → 2 (chart 1.1.0)', 'faster']
