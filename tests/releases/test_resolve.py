"""Releases find their chart by their pin, are checked by that chart's own schema, and tell all problems at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
from parts import git

from generator.domain.problems import Problem, ProblemsFound
from generator.values.emptied import without_empty_maps as bare
from generator.values.merge import difference, merge

FILE = 'registry/releases/prod/web.yaml'


@pytest.fixture
def repository(tmp_path: Path) -> r.Repository:
    """Version 1 as chart 1.0.0, version 2 as 1.1.0, published; prod is pinned by each test."""
    files = (
        r.settings() | r.model(versions=[r.version('1'), r.version('2')]) | r.environment('prod') | r.following('dev')
    )
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    return repository


def problems(repository: r.Repository) -> list[Problem]:
    with pytest.raises(ProblemsFound) as error:
        _ = repository.run().releases
    return list(error.value.problems)


def chart(repository: r.Repository) -> str:
    (release,) = repository.run().releases
    return release.chart.version


@pytest.mark.parametrize(
    ('spec', 'path', 'message', 'hint'),
    [
        ({}, '$.spec', 'the release is not pinned', "run 'chartloom pin'"),
        ({'version': '1'}, '$.spec', "no chart is pinned for version '1'", "run 'chartloom pin'"),
        ({'chart': '1.0.0'}, '$.spec', 'a chart is pinned without its model version', "run 'chartloom pin'"),
        (
            {'version': '3', 'chart': '1.0.0'},
            '$.spec.version',
            "version '3' of model 'web' not found",
            'known here: 1, 2',
        ),
        (
            {'version': '1', 'chart': '1.0.9'},
            '$.spec.chart',
            "chart '1.0.9' of model 'web' not found",
            "did you mean '1.0.0'?",
        ),
        (
            {'version': '1', 'chart': '1.1.0'},
            '$.spec.chart',
            "chart '1.1.0' serves version '2', not '1'",
            "run 'chartloom pin'",
        ),
    ],
)
def test_a_pin_that_names_no_chart_is_told(
    repository: r.Repository, spec: dict[str, str], path: str, message: str, hint: str
) -> None:
    repository.write(r.release(**spec))
    assert problems(repository) == [Problem(FILE, path, message, hint)]


def test_a_pin_chooses_its_chart(repository: r.Repository) -> None:
    for version, number in (('1', '1.0.0'), ('2', '1.1.0')):
        repository.write(r.release(version=version, chart=number))
        assert chart(repository) == number


def test_following_takes_the_last_version_and_its_newest_chart_and_a_pin_there_holds(repository: r.Repository) -> None:
    repository.write(r.release('dev'))
    assert chart(repository) == '1.1.0'
    repository.write(r.model(versions=[r.version('1'), r.version('2'), r.version('3')]))
    assert chart(repository) == '1.2.0'
    repository.write(r.model(versions=[r.version('1'), r.version('3'), r.version('2')]))
    assert chart(repository) == '1.1.0', 'the last entry is the newest, whatever its name'
    repository.write(r.release('dev', version='1', chart='1.0.0'))
    assert chart(repository) == '1.0.0'


def test_a_version_that_left_the_model_is_missed_by_its_pin(repository: r.Repository) -> None:
    repository.write(r.model(versions=[r.version('2')]) | r.release(version='1', chart='1.0.0'))
    assert problems(repository) == [
        Problem(FILE, '$.spec.version', "version '1' of model 'web' not found", 'known here: 2'),
    ]


def test_a_pinned_chart_is_read_from_what_is_published_and_not_from_the_work_tree(repository: r.Repository) -> None:
    repository.write(r.release(version='1', chart='1.0.0'))
    values = repository.folder / 'charts/web/1.0.0/values.yaml'
    values.write_text(values.read_text().replace('replicaCount: 2', 'replicaCount: 7'))
    (release,) = repository.run().releases
    assert release.merged['replicaCount'] == 2


def edit_published(repository: r.Repository, name: str, change: Any) -> None:
    """Publish chart 1.0.0 of another tool: the same folder, with one file that an older or newer chartloom wrote."""
    file = repository.folder / 'charts/web/1.0.0' / name
    file.write_text(change(file.read_text()))
    r.vouch(repository.folder, 'web', '1.0.0')
    git(repository.folder, 'commit', '--quiet', '--all', '--message', 'as another chartloom wrote it')


def test_a_release_is_checked_by_the_schema_of_its_own_chart(repository: r.Repository) -> None:
    def with_another_key(text: str) -> str:
        schema = json.loads(text)
        schema['properties']['warmUp'] = {'type': 'integer', 'description': 'Requests before the pod is ready.'}
        return json.dumps(schema)

    edit_published(repository, 'values.schema.json', with_another_key)
    repository.write(r.release(version='1', chart='1.0.0', values={'warmUp': 3}))
    (release,) = repository.run().releases
    assert release.values == {'warmUp': 3}
    repository.write(r.release(version='2', chart='1.1.0', values={'warmUp': 3}))
    (found,) = problems(repository)
    assert (found.file, found.path) == (FILE, '$.spec.values.warmUp')


def limited(*path: str, **limits: Any) -> Callable[[str], str]:
    """A schema with limits on a value that chartloom derives, as charts of another chartloom may have them."""

    def change(text: str) -> str:
        schema = found = json.loads(text)
        for step in path:
            found = found[step]
        found.update(limits)
        return json.dumps(schema)

    return change


@pytest.mark.parametrize(
    ('environment', 'change', 'source', 'path'),
    [
        (
            {'secretStore': {'name': 'vault'}},
            limited('properties', 'externalSecrets', 'properties', 'secrets', maxProperties=0),
            '$.spec.secretStore',
            '$.externalSecrets.secrets',
        ),
        (
            {'engine': 'argo-rollouts', 'strategy': {'blueGreen': {}}},
            limited('properties', 'strategy', 'properties', 'rollout', maxProperties=0),
            '$.spec.strategy',
            '$.strategy.rollout',
        ),
        (
            {'registryMirrors': {'registry.example': 'mirror.example'}},
            limited('$defs', 'image', 'properties', 'registry', pattern='^(|docker[.]io|registry[.]example)$'),
            '$.spec.registryMirrors',
            '$.image.registry',
        ),
    ],
    ids=['secrets', 'engine', 'mirrors'],
)
def test_what_is_derived_is_checked_by_the_schema_of_the_chart_too(
    tmp_path: Path, environment: dict[str, Any], change: Callable[[str], str], source: str, path: str
) -> None:
    """It is reported where the registry says what it follows from: nobody wrote the value itself."""
    model = {'env': {'TOKEN': {'secret': 'hf', 'key': 'token'}}}
    files = r.settings() | r.model(**model) | r.environment('prod', **environment)
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(r.release(version='1', chart='1.0.0'))
    repository.write(r.model(**model, versions=[r.version('1'), r.version('2')]))
    assert repository.run().releases
    edit_published(repository, 'values.schema.json', change)
    (found,) = problems(repository)
    assert (found.file, found.path) == ('registry/environments/prod.yaml', source)
    assert found.message.startswith(f"a derived value does not fit chart '1.0.0': {path}: ")
    assert found.hint == "run 'chartloom pin --newest prod/web'"


def test_a_chart_of_another_contract_is_refused_with_words(repository: r.Repository) -> None:
    edit_published(repository, 'Chart.yaml', lambda text: text.replace('values-contract: "1"', 'values-contract: "9"'))
    repository.write(r.release(version='1', chart='1.0.0'))
    (found,) = problems(repository)
    assert found.message == "chart '1.0.0' has values contract '9', this chartloom supports '1'"
    assert found.hint == 'use a newer chartloom'


def test_a_chart_folder_that_is_gone_is_read_from_history(repository: r.Repository) -> None:
    git(repository.folder, 'rm', '-r', '--quiet', 'charts/web/1.0.0')
    git(repository.folder, 'commit', '--quiet', '--message', 'gone')
    repository.write(r.release(version='1', chart='1.0.0'))
    assert chart(repository) == '1.0.0'


def test_the_problems_of_all_releases_are_told_at_once(repository: r.Repository) -> None:
    repository.write(r.release('prod', values={'replicaCount': 'many'}) | r.release('dev', values={'replcaCount': 1}))
    found = problems(repository)
    assert {problem.file for problem in found} == {FILE, 'registry/releases/dev/web.yaml'}


def test_values_are_what_leads_from_the_chart_to_the_merged_whole(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'example', r.example())
    releases = repository.run().releases
    assert [release.release.name for release in releases] == sorted(release.release.name for release in releases)
    for release in releases:
        schema = release.chart.schema
        assert bare(merge(release.chart.values, release.values), schema) == bare(release.merged, schema)
        assert bare(difference(release.chart.values, release.merged), schema) == release.values
        merged: dict[str, Any] = dict(release.chart.values)
        for layer in release.layers:
            values: Any = layer.values
            for step in reversed(layer.target):
                values = {step: values}
            merged = merge(merged, values)
        assert merged == release.merged
