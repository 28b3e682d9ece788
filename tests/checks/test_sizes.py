"""How large values, files and charts may be: the last byte that passes, the first that does not, and what it names."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import chartloom
from parts import git
from resolved import problems, resolved
from rollouts import RELEASE, World

from generator.checks import sizes
from generator.checks.sizes import size_problems
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound
from generator.strategies.ahead import merged_at, stages_ahead
from generator.values.merge import difference
from generator.values.sizes import CHART, FILES, OBJECTS, largest, object_size, shown, yaml_size

NOTES = ('podAnnotations', 'notes')
HEADERS = {f'x-{number}': 'v' * 256 for number in range(8)}


def registry(text: str = '', strategy: Any = None, environment: Any = None, **model: Any) -> r.Files:
    """One release whose values contain a text."""
    own: dict[str, Any] = {'strategy': strategy} if strategy else {}
    if text:
        own['values'] = {NOTES[0]: {NOTES[1]: text}}
    pinned = r.release('prod', 'web', version='1', chart='1.0.0', **own)
    return {**r.settings(), **r.model('web', **model), **r.environment('prod', **(environment or {})), **pinned}


def one(files: r.Files) -> ResolvedRelease:
    (found,) = resolved(files)
    return found


def test_values_of_a_delivery_object_have_64_kib() -> None:
    room = 65_536 - yaml_size(one(registry('x')).values) + 1
    found = one(registry('x' * room))
    assert yaml_size(found.values) == sizes.VALUES == 65_536
    (told,) = problems(registry('x' * (room + 1)))
    assert told == (
        "registry/releases/prod/web.yaml::$.spec.values.podAnnotations.notes: the values of release 'prod/web' have"
        ' 65,537 bytes, an agent takes 65,536: podAnnotations.notes 66 kB\n'
        '  hint: put what is large into the model, the image or a volume: values of a model are in its chart'
    )


def test_the_largest_keys_and_their_files_are_named() -> None:
    environment = {'values': {'env': {'LONG': {'value': 'x' * 30_000}, 'SHORT': {'value': 'x'}}}}
    (told,) = problems(registry('x' * 60_000, environment=environment))
    assert told.startswith('registry/releases/prod/web.yaml::$.spec.values.podAnnotations.notes: ')
    assert 'podAnnotations.notes 60 kB, env.LONG.value 30 kB (registry/environments/prod.yaml)' in told


def test_many_small_values_are_named_by_the_key_above_them() -> None:
    values = {'env': {f'NAME_{number}': {'value': 'x' * 20} for number in range(90)}, 'args': ['x']}
    assert largest(values) == [('env',)]
    assert largest({f'key{number:02}': 'x' for number in range(40)}) == [('key00',)]
    assert shown(values, ('env',)) == f'env {round(object_size(values["env"]) / 1000)} kB'


@pytest.mark.parametrize(
    'text', ['a\n' * 4_000, '\x01' * 8_000, '<' * 8_000, '\U0001f600' * 2_000, 'é' * 4_000, '" ' * 4_000]
)
def test_what_is_not_measured_is_surely_small(text: str) -> None:
    """The most that values, and their chart, may become: they are measured from an eighth of the limit on."""
    values = {'tracks': {'stable': {'workload': {'files': {'notes.txt': {'content': text}}}}}}
    assert yaml_size(values) <= sizes.VALUES
    assert CHART + object_size(values) <= OBJECTS


ISTIO = {'router': 'istio', 'gateway': {'name': 'public', 'namespace': 'istio-ingress'}, 'domain': 'shop.example'}
GRPC = {'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}}


def paths(count: int) -> dict[str, Any]:
    return {'route': {'rules': {f'r{number:02}': {'path': f'/v{number}'} for number in range(count)}}}


def methods(count: int) -> dict[str, Any]:
    found = {f'm{number:02}': {'service': f'shop.S{number}'} for number in range(count)}
    return {'route': {'grpc': {'methods': found}}, 'ports': GRPC}


@pytest.mark.parametrize(
    ('environment', 'routes', 'fit', 'path'), [(ISTIO, paths, 11, 'rules'), (r.ENVOY, methods, 21, 'grpc.methods')]
)
def test_headers_of_a_step_count_in_each_rule(environment: Any, routes: Any, fit: int, path: str) -> None:
    """While they are sent to the new version, each path and each method has a second match with all headers."""
    strategy = {'canary': {'steps': [{'headers': HEADERS}]}}
    found = one(registry(strategy=strategy, environment=environment, **routes(fit)))
    ahead = [difference(found.chart.values, merged_at(found, stage)) for stage in stages_ahead(found)]
    assert 58_000 < max(map(yaml_size, ahead)) <= sizes.VALUES
    (told,) = problems(registry(strategy=strategy, environment=environment, **routes(fit + 1)))
    assert told.startswith(f'registry/models/web.yaml::$.spec.route.{path}')
    assert "the values of release 'prod/web', in a rollout, have" in told
    assert told.endswith('write fewer rules of routes, or fewer headers of steps')


def files_of(**contents: str) -> dict[str, Any]:
    return {name: {'mountPath': f'/etc/{name}', 'content': text} for name, text in contents.items()}


def test_the_files_of_a_server_have_128_kib_with_their_names() -> None:
    assert FILES == 131_072
    room = FILES - len('big') - len('small') - len('é'.encode())
    assert problems(registry(files=files_of(big='x' * room, small='é'))) == []
    (told,) = problems(registry(files=files_of(big='x' * (room + 1), small='é')))
    assert told.startswith('registry/models/web.yaml::$.spec.files.big.content: the files have 131,073 bytes')
    assert 'a pod takes 131,072: big 131 kB, small 0 kB' in told


def test_a_file_that_is_removed_takes_no_space() -> None:
    files = registry(files=files_of(big='x' * 130_000))
    values = {'files': {'big': {'enabled': False}, **files_of(other='x' * 60_000)}}
    assert problems({**files, **r.release('prod', 'web', version='1', chart='1.0.0', values=values)}) == []


def test_a_chart_leaves_room_for_its_releases() -> None:
    def chart(length: int) -> r.Files:
        return registry(values={NOTES[0]: {NOTES[1]: 'x' * length}})

    room = CHART - object_size(one(chart(1)).chart.values) + 1
    assert problems(chart(room)) == []
    (told,) = problems(chart(room + 1))
    assert told == (
        'registry/models/web.yaml::$.spec.values.podAnnotations.notes: the values of the chart have 196,609 bytes,'
        f' 196,608 is the limit: podAnnotations.notes {round((room + 1) / 1000)} kB\n'
        '  hint: put what is large into the image or a volume'
    )


def test_objects_are_measured_as_kubernetes_writes_them() -> None:
    """Go escapes <, > and &, in the annotation of client-side apply as well."""
    room = (OBJECTS - object_size(one(registry('x')).merged) + len('x')) // 6
    assert problems(registry('<' * room)) == []
    assert (
        'in objects of Kubernetes, which have room for 245,760: podAnnotations.notes'
        in problems(registry('&' * (room + 1)))[0]
    )


def test_the_secret_of_a_helm_release_has_room_for_the_largest() -> None:
    """Chart, values and the objects of two tracks, of text that hardly compresses; a Secret has 1 MiB."""
    random.seed(1)
    letters = string.ascii_letters + string.digits + string.punctuation.translate(str.maketrans('', '', '"\\<>&'))

    def text(size: int) -> str:
        return ''.join(random.choices(letters, k=size))

    found = one(registry())
    packed = {path: base64.b64encode(data).decode() for path, data in found.chart.files.items()}
    objects = text(OBJECTS)
    release = {
        'chart': {'files': packed, 'values': text(CHART)}, 'config': text(sizes.VALUES), 'manifest': [objects, objects]
    }  # fmt: skip
    held = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    assert len(held) < 1_048_576


def test_a_rollout_that_would_need_too_large_values_is_refused_before_its_first_commit() -> None:
    """The live track's pods keep their values, which differ from the new chart's, next to the new ones."""
    world = World({'canary': {'steps': [{'weight': 50}]}})
    big = {'podAnnotations': {'notes': 'x' * 60_000}}
    world.set(RELEASE, values=big)
    world.start()
    world.resolved()  # both versions have it in common
    world = World({'canary': {'steps': [{'weight': 50}]}})
    world.old = _with_text(world.old, 'x' * 70_000)
    world.start()
    with pytest.raises(ProblemsFound) as refused:
        world.resolved()
    (told,) = map(str, refused.value.problems)
    assert told.startswith("registry/releases/prod/web.yaml::$.spec: the values of release 'prod/web', in a rollout,")
    assert 'tracks.stable.workload.podAnnotations.notes 70 kB' in told
    assert told.endswith(
        'let both versions have it in common, or change all pods at once, without a rollout:'
        " 'chartloom pin --newest prod/web'"
    )
    world.abort()
    world.resolved()  # nothing blocks an abort


def _with_text(chart: Any, text: str) -> Any:
    """A chart whose pods have one more annotation."""
    from dataclasses import replace

    return replace(chart, values={**chart.values, NOTES[0]: {NOTES[1]: text}})


def test_rollout_start_makes_no_commit(tmp_path: Path) -> None:
    def model(*versions: str, notes: str) -> r.Files:
        own = {NOTES[0]: {NOTES[1]: notes}}
        return r.model('web', versions=map(r.version, versions), values=own, route={})

    strategy = {'canary': {'steps': [{'weight': 50}]}}
    pinned = r.release('prod', 'web', version='1', chart='1.0.0', strategy=strategy)
    files = {**r.settings(), **model('1', notes='x' * 70_000), **r.environment('prod', **r.ENVOY), **pinned}
    here = r.Repository(tmp_path / 'repository', files)
    here.publish()
    here.write(model('1', '2', notes='short'))
    here.publish()
    head = git(here.folder, 'rev-parse', 'HEAD')
    told = chartloom(here.folder, 'rollout', 'start', 'prod/web')
    assert (told.returncode, told.stdout) == (1, '')
    assert 'tracks.stable.workload.podAnnotations.notes 70 kB' in told.stderr
    assert git(here.folder, 'rev-parse', 'HEAD') == head
    assert git(here.folder, 'status', '--porcelain') == ''


def test_small_values_are_not_measured() -> None:
    assert list(size_problems(one(registry('x')))) == []
