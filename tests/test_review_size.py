"""The size of a chart version, and of a pull request with nine of them, is limited so that people can review it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import registries as r
from charting import make_charts
from gitops import Checkout, new

from generator.charts.starter import load_templates
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings

TEMPLATES = load_templates()
SETTINGS = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
# Of a chart version. Nine of them, with their releases, fit the limits of a forge below. Bytes: Istio's mesh, forms of
# parameters and removed values took 9 KB more, of templates and of the keys of the schema.
MOST_FILES, MOST_BYTES, MOST_LINES = 9, 108 * 1024, 1_960
# What a forge shows of a request.
FORGE_FILES, FORGE_BYTES, FORGE_LINES = 300, 1024 * 1024, 20_000
EXAMPLE = sorted(path.parent for path in (r.EXAMPLE / 'charts').glob('*/*/Chart.yaml'))
# What makes a chart large: alerts and a dashboard of all objectives, routes, accelerators.
LARGE: dict[str, Any] = {
    'slo': {'availability': 99.95, 'p99': '60ms'},
    'route': {'hostname': 'm', 'rules': {'predictions': {'path': '/v2/models'}}, 'auth': 'jwt'},
    'resources': {
        'requests': {'cpu': '2', 'memory': '4Gi'}, 'limits': {'memory': '6Gi'}, 'accelerators': {'nvidia.com/gpu': 1},
    },
    'traffic': {'requestsPerSecond': 80, 'timeout': '500ms'},
}  # fmt: skip
TENSORS = {
    'inputs': {'customer': {'dtype': 'float32', 'shape': [-1, 64]}, 'holdings': {'dtype': 'int64', 'shape': [-1, 32]}},
    'outputs': {'scores': {'dtype': 'float32', 'shape': [-1, 100]}},
}


def size(files: Mapping[str, bytes]) -> tuple[int, int, int]:
    """Files, bytes and lines."""
    return len(files), sum(map(len, files.values())), sum(data.count(b'\n') for data in files.values())


def of_example() -> dict[str, tuple[int, int, int]]:
    return {'/'.join(path.parts[-2:]): size(r.tree(path)) for path in EXAMPLE}


def of_presets() -> dict[str, tuple[int, int, int]]:
    """Charts of every runtime, with each kind of artifact that it takes, and without one."""
    return {
        f'{runtime} {kind}': size(of_runtime(runtime, kind))
        for runtime, preset in TEMPLATES.runtimes.items()
        for kind in ('', *preset.spec['artifacts'])
    }


def of_runtime(runtime: str, kind: str) -> Mapping[str, bytes]:
    artifact = {'artifact': {**r.ARTIFACT, 'kind': kind, 'size': '2Gi'}} if kind else {}
    version = r.version('1.4.0', signature=TENSORS, **artifact)
    spec = {'team': 'shop', 'description': 'Answers', 'runtime': runtime, 'versions': [version], **LARGE}
    model = Model('web', 'registry/models/web.yaml', spec, (ModelVersion('1.4.0', version['image'], version),))
    return make_charts(model, SETTINGS, TEMPLATES).charts['1.0.0'].files


each_set = pytest.mark.parametrize('charts', [of_example, of_presets])


@each_set
def test_a_chart_version_has_few_files(charts: Callable[[], dict[str, tuple[int, int, int]]]) -> None:
    assert len(charts()) > 10
    assert {name: found for name, found in charts().items() if found[0] > MOST_FILES} == {}


@each_set
def test_a_chart_version_is_small(charts: Callable[[], dict[str, tuple[int, int, int]]]) -> None:
    large = {name: found for name, found in charts().items() if found[1] > MOST_BYTES or found[2] > MOST_LINES}
    assert large == {}


def nine_models(*versions: str) -> r.Files:
    found: r.Files = {}
    for number in range(9):
        name = f'model-{number}'
        listed = [
            r.version(version, artifact={**r.ARTIFACT, 'kind': 'onnx', 'uri': f'https://m.example/{version}.onnx'},
                      signature=TENSORS, metrics={'ndcg@10': 0.41}, notes='Quarterly retraining')
            for version in versions
        ]  # fmt: skip
        route = {**LARGE['route'], 'hostname': name}
        found |= r.model(name, 'triton', listed, **{**LARGE, 'route': route}) | r.release('staging', name)
    return found


def request(here: Checkout) -> tuple[int, int, int]:
    """Files, bytes and lines of what the last commit changes, as a forge shows it."""
    diff = subprocess.run(['git', 'diff', 'HEAD~1', 'HEAD'], cwd=here.top, check=True, capture_output=True).stdout
    counted = [line.split('\t') for line in here.git('diff', '--numstat', 'HEAD~1', 'HEAD').splitlines()]
    return len(counted), len(diff), sum(int(added) + int(removed) for added, removed, _ in counted)


@pytest.fixture(scope='module')
def nine(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A repository whose last commit brings a new version of nine models to an environment that follows the newest."""
    environment = r.following(
        'staging', monitoring={'namespace': 'monitoring', 'podMonitor': True, 'rules': True}, **GATEWAY
    )
    here = new(tmp_path_factory.mktemp('nine') / 'repository', {**r.settings(), **environment, **nine_models('41')})
    assert here.commit().commit
    here.write(nine_models('41', '42'))
    assert here.commit().commit
    return here


def test_a_request_holds_nine_new_versions_and_few_files(nine: Checkout) -> None:
    changed = nine.files()
    for start, end in (
        ('charts/', '/Chart.yaml'),
        ('charts/', '/versions.yaml'),
        ('delivery/staging/', '.yaml'),
        ('registry/models/', '.yaml'),
    ):
        assert sum(path.startswith(start) and path.endswith(end) for path in changed) == 9, start
    assert request(nine)[0] == len(changed) <= FORGE_FILES


def test_a_forge_shows_all_of_that_request(nine: Checkout) -> None:
    _, written, lines = request(nine)
    assert lines <= FORGE_LINES
    assert written <= FORGE_BYTES


GATEWAY: dict[str, Any] = {
    **r.GATEWAY,
    'gateway': {**r.GATEWAY['gateway'], 'controller': 'envoy-gateway'},  # type: ignore[dict-item]
    'identity': {'issuer': 'https://id.example', 'jwksUri': 'https://id.example/keys'},
}
