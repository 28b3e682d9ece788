"""Warnings: a command shows those about its models and its changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import chartloom

from generator.domain.problems import Problem
from generator.plan.touched import about


def nginx(name: str) -> dict[str, Any]:
    gateway = {'name': 'nginx', 'namespace': 'ingress-nginx'}
    return {'router': 'nginx', 'gateway': gateway, 'domain': f'{name}.example'}


STRATEGY = {'canary': {'steps': [{'weight': 20}]}}
# Three environments with a warning each, and a model with one.
FILES = {
    **r.settings(),
    **r.model('old', runtime='torchserve', test={'path': '/ping'}),
    **r.model('web', versions=[r.version('1'), r.version('2')], strategy=STRATEGY, route={}),
    **r.following('dev', **nginx('dev')),
    **r.environment('prod', **nginx('prod')),
    **r.following('lab', **nginx('lab')),
    **r.release('dev', 'web', strategy={'rolling': {}}),
    **r.release('lab', 'old'),
    **r.release('prod', 'web', version='1', chart='1.0.0'),
}  # fmt: skip
DEV, LAB, PROD = (f'registry/environments/{name}.yaml' for name in ('dev', 'lab', 'prod'))
OLD = 'registry/models/old.yaml'


@pytest.fixture
def here(tmp_path: Path) -> r.Repository:
    return r.Repository(tmp_path / 'repository', FILES)


def warned(here: r.Repository, *arguments: str) -> list[str]:
    """The files that a command warns about: the same as data and as text."""
    done = chartloom(here.folder, *arguments, '--output', 'json')
    assert done.returncode == 0, done.stdout
    return [found['file'] for found in json.loads(done.stdout)['warnings']]


def test_who_looks_at_everything_sees_every_warning(here: r.Repository) -> None:
    assert warned(here, 'plan') == [DEV, LAB, PROD, OLD]
    assert warned(here, 'generate', '--commit') == [DEV, LAB, PROD, OLD]
    assert warned(here, 'verify') == [DEV, LAB, PROD, OLD]
    text = chartloom(here.folder, 'verify').stderr
    assert [line.split(': ')[1].partition('::')[0] for line in text.splitlines()[::2]][:3] == [DEV, LAB, PROD]


@pytest.mark.parametrize(('model', 'files'), [('web', [DEV, PROD]), ('old', [LAB, OLD])])
@pytest.mark.parametrize('command', ['plan', 'generate', 'verify'])
def test_who_names_a_model_sees_those_of_it_and_its_environments(
    here: r.Repository, command: str, model: str, files: list[str]
) -> None:
    if command == 'verify':
        here.publish()
    assert warned(here, command, model) == files


def test_who_changes_something_sees_those_of_what_changes(here: r.Repository) -> None:
    here.publish()
    assert warned(here, 'generate') == []
    here.write(r.release('lab', 'old', values={'replicaCount': 3}))
    assert warned(here, 'generate') == [LAB, OLD]
    for _ in range(2):  # without and with the cache
        assert warned(here, 'generate') == []
    assert warned(here, 'generate', '--commit') == [LAB, OLD]
    (here.folder / DEV).write_text((here.folder / DEV).read_text() + '# a remark\n')
    assert warned(here, 'generate', '--commit') == [DEV]


def test_an_operation_on_a_release_shows_those_of_the_release(here: r.Repository) -> None:
    here.publish()
    assert warned(here, 'rollout', 'start', 'prod/web') == [PROD]


def test_what_is_about_no_registry_file_stays() -> None:
    removal = Problem('--allow-removal', '', "'x' removes nothing")
    other = Problem(PROD, '$', 'x')
    assert about([other, removal], ['web'], ['dev/web'], []) == [removal]


CHANGED: list[tuple[str, list[str]]] = [
    ('charts/old/1.0.0/Chart.yaml', [OLD]),
    ('charts/old/versions.yaml', [OLD]),
    ('values/lab/old.yaml', [LAB, OLD]),
    ('delivery/lab/old.yaml', [LAB, OLD]),
    ('registry/rollouts/lab/old.yaml', [LAB, OLD]),
    ('bootstrap/lab.yaml', [LAB]),
    (PROD, [PROD]),
    ('README.md', []),
]


@pytest.mark.parametrize(('path', 'files'), CHANGED)
def test_what_a_changed_file_belongs_to(path: str, files: list[str]) -> None:
    known: list[Any] = [Problem(file, '$', 'x') for file in (DEV, LAB, PROD, OLD)]
    assert [found.file for found in about(known, (), (), [path])] == files
