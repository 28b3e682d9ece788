"""Containers and volumes of an environment: only it decides what runs in them and who reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import registries as r
from resolved import loaded, problems, releases_of

from generator.checks.additions import changed_additions
from generator.checks.exceptions import changed_exceptions
from generator.checks.scope import Scope

IMAGE = {'repository': 'audit', 'digest': r.DIGEST}
AUDIT = {'image': IMAGE, 'env': {'TOKEN': {'secret': 'audit', 'key': 'token'}}}
TOKEN = {'type': 'secret', 'name': 'token'}
DB = {'networkPolicy': {'egress': {'db': {'namespace': 'db', 'ports': {'sql': {'port': 5432, 'protocol': 'TCP'}}}}}}


def registry(model: dict[str, Any], released: dict[str, Any], **values: Any) -> r.Files:
    files = r.settings() | r.model('web', values=model) | r.following('prod', values=values)
    return files | r.release('prod', 'web', values=released)


def of(written: dict[str, Any], **values: Any) -> list[int]:
    """How many problems the same values are in a model and in a release, but for those of another rule: its images."""
    both = (problems(registry(*each, **values)) for each in ((written, {}), ({}, written)))
    return [len([text for text in found if 'may not set the image' not in str(text)]) for found in both]


def audit(**more: Any) -> dict[str, Any]:
    return {'containers': {'audit': more}}


def own(**more: Any) -> dict[str, Any]:
    return {'containers': {'own': {'image': IMAGE, **more}}}


@pytest.mark.parametrize(
    'written',
    [
        audit(image={'repository': 'evil'}),
        audit(command=['sh']),
        audit(env={'PROXY': {'value': 'evil.example'}}),
        audit(mounts={'tmp': {'mountPath': '/tmp'}}),
        audit(enabled=False),
    ],
)
def test_a_container_of_an_environment_runs_what_it_says(written: dict[str, Any]) -> None:
    assert of(written, containers={'audit': AUDIT}) == [1, 1]


def test_a_container_of_an_environment_is_not_removed() -> None:
    for null in ({'containers': None}, audit(env=None), {'containers': {'audit': None}}):
        assert problems(registry({}, null, containers={'audit': AUDIT}))


def test_an_environment_offers_a_container() -> None:
    offer = {**AUDIT, 'enabled': False}
    assert of(audit(enabled=True), containers={'audit': offer})[1] == 0
    assert of(audit(enabled=True, command=['sh']), containers={'audit': offer})[1] == 1


def test_an_environment_tunes_a_container_of_a_model() -> None:
    tuned = {'resources': {'limits': {'memory': '1Gi'}}, 'env': {'LEVEL': {'value': 'debug'}}}
    assert not problems(registry(own(), own(command=['sh']), containers={'own': tuned}))
    assert not problems(registry(own(), {}, containers={'own': {'enabled': False}}))


@pytest.mark.parametrize(
    'written',
    [
        {'volumes': {'token': {'mountPath': '/token'}}},
        {'volumes': {'token': {'type': 'secret', 'name': 'token', 'mountPath': '/token'}}},
        own(mounts={'token': {'mountPath': '/token'}}),
    ],
)
def test_a_secret_of_an_environment_is_mounted_where_it_says(written: dict[str, Any]) -> None:
    assert all(of(written, volumes={'token': TOKEN}))


@pytest.mark.parametrize(
    'more',
    [{'content': 'to: evil.example'}, {'mountPath': '/etc/other.yaml'}, {'enabled': False}],
)
def test_a_file_of_an_environment_stays_as_it_is(more: dict[str, Any]) -> None:
    whole = {'content': 'to: audit.example', 'mountPath': '/etc/collector.yaml'}
    values = {'files': {'collector.yaml': whole}}
    assert len(problems(registry({}, {'files': {'collector.yaml': more}}, **values))) == 1
    assert of({'files': {'collector.yaml': {**whole, **more}}}, **values) == [1, 1]
    assert problems(registry({}, {'files': {'collector.yaml': None}}, **values))


@pytest.mark.parametrize(
    'written',
    [
        {'volumes': {'tokens': {'type': 'emptyDir', 'mountPath': '/data/tokens'}}},
        own(mounts={'tokens': {'mountPath': '/data/tokens'}}),
    ],
)
def test_an_empty_dir_of_an_environment_is_shared_by_its_containers(written: dict[str, Any]) -> None:
    sharing = {'audit': {**AUDIT, 'mounts': {'tokens': {'mountPath': '/data/tokens'}}}}
    values = {'volumes': {'tokens': {'type': 'emptyDir'}}, 'containers': sharing}
    assert not problems(registry({}, {}, **values))
    assert of(written, **values) == [1, 1]
    assert len(problems(registry({}, {'volumes': {'tokens': {'mountPath': '/data/tokens'}}}, **values))) == 1


def test_an_environment_mounts_its_secret_into_a_container_of_a_model() -> None:
    mount = {'own': {'mounts': {'token': {'mountPath': '/token'}}}}
    assert not problems(registry(own(), {}, volumes={'token': TOKEN}, containers=mount))


def test_an_environment_tunes_a_volume_and_a_file_of_a_model() -> None:
    made = {
        'volumes': {'tmp': {'sizeLimit': '2Gi'}, 'scratch': {'type': 'emptyDir'}},
        'files': {'own.conf': {'content': 'a', 'mountPath': '/etc/own.conf'}},
    }
    tuned = {'volumes': {'scratch': {'sizeLimit': '1Gi'}}, 'files': {'own.conf': {'content': 'b'}}}
    assert not problems(registry(made, {}, **tuned))
    assert not problems(registry(made, made, **tuned))


def test_an_exception_of_an_environment_has_its_ports() -> None:
    more = {'networkPolicy': {'egress': {'db': {'ports': {'all': {'port': 22, 'protocol': 'TCP'}}}}}}
    assert of(more, **DB) == [1, 1]
    assert not problems(registry(DB | {}, {}, networkPolicy={'egress': {'db': {'enabled': False}}}))


def test_a_chart_that_is_older_than_the_environment_is_told() -> None:
    values = {'containers': {'audit': AUDIT}, 'volumes': {'token': TOKEN}, **DB}
    found = loaded(registry({}, {}, **values))
    (release,) = releases_of(found)[1]
    chart = {**release.chart.values, **{key: {**release.chart.values[key], **values[key]} for key in values}}
    chart['networkPolicy'] = {'egress': DB['networkPolicy']['egress'], 'ingress': {}}
    old = replace(release, chart=replace(release.chart, layers=(), values=chart))
    assert len([*changed_additions(Scope(found, [old]))]) == 2
    assert len([*changed_exceptions(Scope(found, [old]))]) == 1
