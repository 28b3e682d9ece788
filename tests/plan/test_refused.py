"""Ways of a release that Flagger was seen never to end, though both ends are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategy_cases as s
import yaml
from gitops import chartloom
from parts import git

from generator.documents.write import seal

ENVIRONMENTS = ['fl-gw-argocd', 'fl-gw-flux']
FILE = 'registry/releases/{}/canary.yaml'
LEAVES = 'leaves engine flagger in one commit: Flagger would delete its pods while the others have 0 replicas'
WAITS = 'with leavesFlagger its Canary waits for its Deployment, which is removed first: it would never end'
each_agent = pytest.mark.parametrize('environment', ENVIRONMENTS)


def release(environment: str, **spec: Any) -> r.Files:
    return r.release(environment, 'canary', version='1', chart='1.0.0', **spec)


def published(tmp_path: Path, environment: str, **spec: Any) -> r.Repository:
    files = r.settings() | s.environment(environment) | s.model('canary') | release(environment, **spec)
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    return repository


def told(repository: r.Repository, *args: str) -> list[str]:
    done = chartloom(repository.folder, *args)
    assert done.returncode == 1, done.stderr
    return [line for line in done.stderr.splitlines() if not line.startswith('warning:')]


@each_agent
def test_it_leaves_flagger_in_two_commits(tmp_path: Path, environment: str) -> None:
    repository = published(tmp_path, environment)
    repository.write(release(environment, engine='native'))
    for command in (('generate', '--commit'), ('plan',), ('verify',)):
        lines = told(repository, *command)
        place = lines.index(f'{FILE.format(environment)}: {LEAVES}')
        hint = (
            'write leavesFlagger: true, keep the engine, push that, and change the engine when the agent has applied it'
        )
        assert lines[place + 1] == f'  hint: {hint}'
    repository.write(release(environment, leavesFlagger=True))
    repository.publish()
    repository.write(release(environment, engine='native'))
    assert chartloom(repository.folder, 'generate', '--commit').returncode == 0


@each_agent
def test_a_canary_that_gives_pods_back_is_not_removed_with_them(tmp_path: Path, environment: str) -> None:
    repository = published(tmp_path, environment, leavesFlagger=True)
    (repository.folder / FILE.format(environment)).unlink()
    removal = ('generate', '--commit', '--allow-removal', f'{environment}/canary')
    assert told(repository, *removal) == [
        f'{FILE.format(environment)}: {WAITS}',
        '  hint: commit it without leavesFlagger, then remove it when that is applied',
    ]
    repository.write(release(environment))
    repository.publish()
    (repository.folder / FILE.format(environment)).unlink()
    assert chartloom(repository.folder, *removal).returncode == 0


@each_agent
def test_the_primary_keeps_its_scaledobject(tmp_path: Path, environment: str) -> None:
    keda = {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(load{job="$JOB"})'}}
    repository = published(tmp_path, environment)
    repository.write(release(environment, values={'autoscaling': keda}))
    repository.publish()  # KEDA takes over the primary's autoscaler by its name
    repository.write(release(environment))
    assert told(repository, 'generate')[0] == (
        f'{FILE.format(environment)}: scales by CPU or not at all instead of by load: '
        'Flagger keeps the ScaledObject of its primary'
    )


def test_drift_is_looked_for_until_flagger_has_gone(tmp_path: Path) -> None:
    """The chart's Service and route are removed with Flagger's, and 10 minutes would pass until they come back."""
    for number, (spec, interval) in enumerate(
        [({'leavesFlagger': True}, '30s'), ({'leavesFlagger': True, 'engine': 'native'}, '30s'), ({}, '10m')]
    ):
        repository = published(tmp_path / str(number), 'fl-gw-flux', **spec)
        delivery = yaml.safe_load((repository.folder / 'delivery/fl-gw-flux/canary.yaml').read_bytes())
        assert delivery['spec']['interval'] == interval
    repository = published(tmp_path / 'left', 'fl-gw-flux', leavesFlagger=True, engine='native')
    (warning,) = [each for each in repository.run().warnings if 'leavesFlagger' in each.message]
    assert warning.hint == 'remove it when the Canary is gone'


def test_a_file_of_another_form_is_no_obstacle(tmp_path: Path) -> None:
    """The seal is a hash that everybody can make, and an older chartloom may have written another form."""
    forms = ['engine: flagger', 'spec: 1\na: "engine: flagger"', 'spec: {values: [1]} # engine: flagger']
    forms += ['spec: {values: {strategy: x}} # engine: flagger', 'spec: {values: {strategy: {engine: [flagger]}}}']
    forms += ['[1] # engine: flagger', 'kind: Application\nmetadata: x\nspec: {source: 1} # engine: flagger']
    canary = 'canary: {revertOnDeletion: true, autoscalerRef: 1}'
    forms += [f'kind: HelmRelease\nspec:\n  values:\n    strategy:\n      engine: flagger\n      {canary}', '[broken']
    for number, form in enumerate(forms):
        repository = published(tmp_path / str(number), 'fl-gw-flux')
        sealed = seal('registry/elsewhere.yaml', f'{form}\n# tracks: strategy:\n')
        (repository.folder / 'delivery/fl-gw-flux/canary.yaml').write_bytes(sealed)
        git(repository.folder, 'commit', '--quiet', '--all', '--message', 'another form')
        repository.write(release('fl-gw-flux', values={'replicaCount': 3}))
        done = chartloom(repository.folder, 'plan')
        assert 'Traceback' not in done.stderr, form
        assert done.returncode in (0, 1), form
