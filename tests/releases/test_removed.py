"""null in a registry file: what releases and charts have afterwards, who removed it, and what cannot be removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import registries as r
from charting import make_charts
from parts import git
from resolved import SCHEMAS, TEMPLATES, resolved
from rollouts import RELEASE, World
from starter import run_helm

from generator.checks.warnings import release_warnings
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path as Place
from generator.domain.problems import ProblemsFound
from generator.domain.values import Values
from generator.plan.forms import Form
from generator.registry.load import load_registry
from generator.releases.explain import explain_release
from generator.releases.resolve import resolve_pinned
from generator.values.removed import holds

FILE = 'registry/releases/prod/web.yaml'
NO_LIMIT = {'resources': {'limits': {'memory': None}}}
# With something of every kind that a release may remove.
MODEL: dict[str, Any] = {
    'route': {},
    'env': {'LEVEL': {'value': 'info'}, 'TOKEN': {'secret': 'hub', 'key': 'token'}},
    'parameters': {'threads': 4, 'mode': 'fast'},
    'args': ['--verbose'],
    'files': {'a.conf': {'content': 'x', 'mountPath': '/etc/a.conf'}},
    'scheduling': {
        'nodeSelector': {'disk': 'fast'},
        'tolerations': {'gpu': {'key': 'gpu', 'operator': 'Exists', 'effect': 'NoExecute', 'tolerationSeconds': 5}},
        'priorityClassName': 'high',
    },
    'containers': {
        'proxy': {
            'image': {'repository': 'envoy', 'tag': '1', 'digest': r.DIGEST},
            'command': ['envoy'],
            'ports': {'admin': {'containerPort': 9901, 'appProtocol': 'http'}},
            'preStopSeconds': 3,
            'resources': {'limits': {'cpu': '1', 'memory': '1Gi'}},
            'securityContext': {'runAsUser': 5},
            'mounts': {'tmp': {'mountPath': '/t', 'readOnly': True}},
        }
    },
    'values': {
        'affinity': {'podAntiAffinity': {'requiredDuringSchedulingIgnoredDuringExecution': [{'topologyKey': 'z'}]}},
        'imagePullSecrets': {'login': {}},
        'podAnnotations': {'example.com/a': 'b'},
        'service': {'annotations': {'example.com/a': 'b'}},
        'networkPolicy': {'ingress': {'shop': {'namespace': 'shop', 'podLabels': {'app': 'web'}}}},
        'global': {'region': {'name': 'eu'}},
    },
}

GRANTED = {'priorityClasses': ['high'], 'taints': ['gpu']}


def registry(values: Values, environment: Values | None = None, model: Values | None = None) -> r.Files:
    of_environment = {'values': environment} if environment else {}
    return {
        **r.settings(),
        **r.model(**(MODEL if model is None else model)),
        **r.following(**r.ENVOY, scheduling=GRANTED, ingress={'namespaces': ['shop']}, **of_environment),
        **r.release(values=values),
    }


def one(values: Values, environment: Values | None = None, model: Values | None = None) -> ResolvedRelease:
    (found,) = resolved(registry(values, environment, model))
    return found


def removals_of(release: ResolvedRelease) -> list[tuple[str, str, Place]]:
    """What `explain` tells as removed, where, and the place there."""
    rows = [origin for origin in explain_release(release) if origin.value is None]
    return [('.'.join(map(str, row.path)), row.file, row.source) for row in rows]


@pytest.mark.parametrize(
    ('values', 'removed'),
    [
        (NO_LIMIT, [['resources', 'limits', 'memory']]),
        ({'resources': {'limits': None}}, [['resources', 'limits']]),
        ({'env': {'TOKEN': None}}, [['env', 'TOKEN']]),
        ({'parameters': {'threads': None}}, [['parameters', 'threads']]),
        ({'containers': {'proxy': {'command': None}}}, [['containers', 'proxy', 'command']]),
        (
            {'networkPolicy': {'egress': {'dns': {'podLabels': None}}}},
            [['networkPolicy', 'egress', 'dns', 'podLabels']],
        ),
    ],
    ids=['scalar', 'map', 'entry', 'parameter', 'list', 'map-in-an-entry'],
)
def test_a_release_removes_what_its_chart_says(values: Values, removed: list[list[str]]) -> None:
    found = one(values)
    assert found.values['removed'] == removed
    assert found.values.keys() - one({}).values.keys() == {'removed'}, 'everything else is as without'
    assert not any(holds(found.merged, tuple(path)) for path in removed)
    assert removals_of(found) == [('.'.join(path), FILE, ('spec', 'values', *path)) for path in removed]


def test_what_the_chart_requires_becomes_empty_if_it_may_be() -> None:
    found = one({'nodeSelector': None, 'args': None, 'priorityClassName': None})
    assert {key: found.merged[key] for key in ('nodeSelector', 'args', 'priorityClassName')} == {
        'nodeSelector': {}, 'args': [], 'priorityClassName': '',
    }  # fmt: skip
    assert found.values['removed'] == [['nodeSelector', 'disk']]
    assert (found.values['args'], found.values['priorityClassName']) == ([], '')
    files = {
        origin.path[0]: origin.file for origin in explain_release(found) if origin.path[0] in ('args', 'nodeSelector')
    }
    assert files == {'args': FILE, 'nodeSelector': FILE}


def test_a_release_sets_again_what_its_environment_removes() -> None:
    found = one({'resources': {'limits': {'memory': '3Gi'}}}, environment=NO_LIMIT)
    assert found.merged['resources']['limits'] == {'memory': '3Gi'}
    assert 'removed' not in found.values
    assert removals_of(found) == []
    assert one({}, environment=NO_LIMIT).values['removed'] == [['resources', 'limits', 'memory']]
    again = one({'nodeSelector': {'zone': 'a'}}, environment={'nodeSelector': None})
    assert again.merged['nodeSelector'] == {'zone': 'a'}, 'nothing of the map that was removed comes back'


def test_what_a_model_removes_is_not_in_its_chart() -> None:
    sections = {
        'resources': {'limits': {'memory': None}},
        'startupProbe': {'timeoutSeconds': None},
        'scheduling': {'topologySpread': {'topologyKey': 'example.com/rack'}},
        'values': {'networkPolicy': {'egress': {'dns': None}}},
    }
    found = one({}, model=sections)
    gone: list[Place] = [
        ('resources', 'limits', 'memory'), ('startupProbe', 'timeoutSeconds'), ('networkPolicy', 'egress', 'dns'),
    ]  # fmt: skip
    assert not any(holds(found.chart.values, path) for path in gone)
    assert 'removed' not in found.values
    places = [
        ('spec', 'values', *path) if path[0] == 'networkPolicy' else ('spec', *path) for path in gone
    ]  # fmt: skip
    assert {(file, source) for _, file, source in removals_of(found)} == {
        ('registry/models/web.yaml', place) for place in places
    }


def test_a_model_removes_what_its_preset_says() -> None:
    preset = {'runtime': 'triton', 'versions': [r.version(artifact={**r.ARTIFACT, 'kind': 'onnx', 'size': '1Gi'})]}
    name = next(iter(one({}, model=preset).chart.values['parameters']))
    assert name not in one({}, model={**preset, 'parameters': {name: None}}).chart.values['parameters']


def without_the_list(folder: Path) -> None:
    """Publish chart 1.0.0 as a chartloom wrote it that did not know null."""
    values, schema = (folder / 'charts/web/1.0.0' / name for name in ('values.yaml', 'values.schema.json'))
    values.write_text(values.read_text().replace('removed: []\n', ''))
    document = json.loads(schema.read_text())
    del document['properties']['removed']
    schema.write_text(json.dumps(document))
    r.vouch(folder, 'web', '1.0.0')
    git(folder, 'commit', '--quiet', '--all', '--message', 'as an older chartloom wrote it')


def test_a_chart_without_the_list_is_refused_with_words(tmp_path: Path) -> None:
    """Charts of an older chartloom: their schema is closed, so helm would refuse every upgrade."""
    repository = r.Repository(tmp_path / 'repository', r.settings() | r.model() | r.environment('prod'))
    repository.publish()
    repository.write(r.model(versions=[r.version('1'), r.version('2')]))
    without_the_list(repository.folder)
    repository.write(r.release(version='1', chart='1.0.0', values={'priorityClassName': None, **NO_LIMIT}))
    with pytest.raises(ProblemsFound) as error:
        _ = repository.run().releases
    (found,) = error.value.problems
    assert (found.file, found.path) == (FILE, '$.spec.values.resources.limits.memory')
    assert found.message == "chart '1.0.0' of an older chartloom cannot remove its values"
    assert found.hint == "run 'chartloom pin --newest prod/web', or write a value"
    repository.write(r.release(version='1', chart='1.0.0', values={'priorityClassName': None}))
    assert repository.run().releases, 'what becomes empty is a value like others'


def test_what_is_not_there_is_a_warning_of_the_release() -> None:
    """No problem: a rollback to a chart that does not have it yet must pass."""
    found = one({'env': {'LEVLE': None}, 'parameters': {'threads': None}})
    (told,) = release_warnings([found], whole=False)
    assert (told.file, told.path) == (FILE, '$.spec.values.env.LEVLE')
    assert (told.message, told.hint) == ('there is nothing to remove', "did you mean 'LEVEL'?")
    assert [name for name, *_ in removals_of(found)] == ['parameters.threads']


def test_what_no_chart_of_an_environment_has_is_a_warning_of_the_environment() -> None:
    files = registry({}, environment={'env': {'LEVEL': None, 'OTHER': None}})
    files |= r.model('api') | r.release('prod', 'api')
    releases = resolved(files)
    assert [told.path for told in release_warnings(releases, whole=True)] == ['$.spec.values.env.OTHER']
    assert not list(release_warnings(releases, whole=False)), 'another release may have it'


def test_both_tracks_of_a_rollout_are_without_it() -> None:
    world = World({'canary': {'steps': [{'weight': 50}]}})
    world.set(RELEASE, values={'resources': {'limits': None}, 'env': {'LEVEL': None}})
    document = world.files[RELEASE]
    assert b'null' in document
    world.start()
    while world.rollout and world.rollout.stage != 'replace':
        found = world.resolved()
        assert ['resources', 'limits'] in found.values['removed']
        assert ['env', 'LEVEL'] in found.values['removed']
        tracks = found.merged['tracks']
        assert 'limits' not in found.merged['resources']
        assert 'resources' not in tracks['stable']['workload'], 'both versions have the same'
        assert tracks['stable']['workload']['env'] == {'GONE': {'value': 'x'}}
        world.advance()


def test_a_removed_part_of_a_route_is_a_change_of_the_route() -> None:
    def form(removed: list[list[str]]) -> Form:
        return Form({'kind': 'HelmRelease', 'spec': {'values': {'removed': removed}}})

    assert form([['route', 'annotations', 'a']]).routes != form([]).routes
    assert form([['env', 'A']]).routes == form([]).routes


def paths(values: Values, path: Place = ()) -> Iterator[Place]:
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from paths(value, (*path, key))


def refusals(every: list[Place]) -> dict[Place, list[str]]:
    """Why a release cannot remove each of these values, of the same charts; [] if it can."""
    files = registry({})
    found = load_registry(files, files.__getitem__, SCHEMAS)
    charts = {name: make_charts(model, found.settings, TEMPLATES) for name, model in found.models.items()}
    (release,) = found.releases.values()
    told: dict[Place, list[str]] = {}
    for path in every:
        removing = replace(release, spec={}, removed=(('spec', 'values', *path),))
        try:
            told[path] = []
            resolve_pinned(removing, found, charts, nothing_else)
        except ProblemsFound as error:
            told[path] = [str(problem) for problem in error.problems]
    return told


def nothing_else(model: str, entry: Any) -> Any:
    raise AssertionError('nothing is published')


def test_each_value_of_a_chart_can_be_removed_or_the_reason_is_told(helms: list[Path], tmp_path: Path) -> None:
    """And a chart that takes all of them out makes the same objects as one that never had them."""
    ours = {'removed', 'strategy', 'tracks', 'routing', 'partOf', 'fullnameOverride'}
    every = [path for path in paths(one({}).merged) if path[0] not in ours]
    told = refusals(every)
    for path, found in told.items():
        assert all(text.startswith(f'{FILE}::$.spec.values.') for text in found), path
        assert not found or '\n  hint: ' in found[0]
    free = [path for path, found in told.items() if not found]
    assert len(free) > 100
    leaves = [path for path in free if not any(other[: len(path)] == path != other for other in every)]
    values: dict[str, Any] = {}
    for path in leaves:
        here = values
        for step in path[:-1]:
            here = here.setdefault(str(step), {})
        here[str(path[-1])] = None
    found = one(values)
    assert len(found.values['removed']) > 50
    bare = tmp_path / 'bare'
    for folder in (tmp_path / 'web', bare):
        for name, data in found.chart.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    (bare / 'values.yaml').write_bytes(r.as_yaml({**found.merged, 'removed': []}))
    (bare / 'values.schema.json').unlink()
    for helm in helms:
        made, wanted = run_helm(helm, tmp_path / 'web', dict(found.values)), run_helm(helm, bare, {})
        assert made.returncode == 0, made.stderr
        assert made.stdout == wanted.stdout
