"""Every value of a release is told with the file and line that wrote it last, whichever layer that is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from parts import ROOT

from generator.releases.explain import explain_release
from generator.values.merge import leaves

Rows = dict[str, dict[str, Any]]

MODEL = """\
apiVersion: chartloom/v1
kind: Model
metadata:
  name: ranker
spec:
  team: shop
  description: Ranks
  runtime: tensorflow-serving
  versions:
  - version: "1"
    image: registry.example/server:1@{digest}
    artifact:
      uri: https://models.example/m.tar.gz
      sha256: "{sha}"
      kind: saved-model
      size: 100Mi
    signature:
      inputs:
        x: {{dtype: int8, shape: [2]}}
      outputs: {{}}
  resources:
    requests:
      cpu: "2"
    accelerators:
      nvidia.com/gpu: 1
  replicas: 4
  autoscaling:
    minReplicas: 3
  traffic:
    timeout: 3s
  parameters:
    level: info   # overridden below
    threads: 4
  env:
    REGION:
      value: eu
  containers:
    proxy:
      image:
        registry: docker.io
        repository: envoy
        digest: {digest}
      resources:
        requests: {{cpu: 100m}}
  scheduling:
    priorityClassName: high
  values:
    minReadySeconds: 5
"""
ENVIRONMENT = """\
apiVersion: chartloom/v1
kind: Environment
metadata:
  name: prod
spec:
  cluster: {name: prod, server: "https://kubernetes.default.svc"}
  kubernetes: "1.36"
  namespace: ml
  agent: argocd
  follow: newest
  router: gateway-api
  gateway:
    name: public
    namespace: gateways
  domain: shop.example
  monitoring:
    namespace: watch
  scheduling:
    priorityClasses: [high]
  artifactStores:
    https:
      cidr: 10.0.0.0/24
  registryMirrors:
    docker.io: mirror.example/hub
  strategy:
    rolling:
      maxSurge: 2
  values:
    revisionHistoryLimit: 9
    env:
      REGION:
        value: overridden again
    parameters:
      level: warn
"""
APPLICATION = """\
apiVersion: chartloom/v1
kind: Application
metadata:
  name: shop
spec:
  members:
  - ranker
  - web
  hostname: www
  routes:
    rank:
      model: ranker
      path: /rank
      port: http
    calls:
      model: ranker
      grpcService: a.B
"""
RELEASE = """\
apiVersion: chartloom/v1
kind: Release
metadata: {name: ranker}
spec:
  values:
    env: {REGION: {value: us}, PLACE: {value: here}}
    parameters:
      peers:
      - one
      - two
"""
FILES = {
    'registry/models/ranker.yaml': MODEL.format(digest=r.DIGEST, sha='2' * 64).encode(),
    'registry/environments/prod.yaml': ENVIRONMENT.encode(),
    'registry/applications/shop.yaml': APPLICATION.encode(),
    'registry/releases/prod/ranker.yaml': RELEASE.encode(),
} | r.settings() | r.model() | r.release()  # fmt: skip

STARTER, PRESET = 'chart_templates/model-server/values.yaml', 'chart_templates/runtimes/tensorflow-serving.yaml'
OF_MODEL, OF_ENVIRONMENT, OF_APPLICATION, OF_RELEASE = (f for f in FILES if 'web' not in f and 'settings' not in f)
# Value → the file, and what stands on the line that is named: its own, or that of the nearest thing around it.
LAYERS = {
    'fullnameOverride': (OF_MODEL, 'name: ranker'),
    'service.type': (STARTER, 'type: ClusterIP'),
    'networkPolicy.egress.dns.ports.udp.port': (STARTER, 'port: 53'),
    'preStopSeconds': (PRESET, 'preStopSeconds: 15'),
    'parameters.model_name': (PRESET, 'parameters: [model_name]'),
    "files['monitoring.config'].mountPath": (PRESET, 'mountPath: /etc/tensorflow-serving'),
    'team': (OF_MODEL, 'team: shop'),
    'image.repository': (OF_MODEL, 'image: registry.example/server:1'),
    'image.digest': (OF_MODEL, 'image: registry.example/server:1'),
    'artifact.sha256': (OF_MODEL, 'sha256: "222'),
    'artifact.uri': (OF_MODEL, 'uri: https://models'),
    'artifact.sizeLimit': (OF_MODEL, 'size: 100Mi'),
    'artifact.path': (OF_MODEL, 'uri: '),  # the artifact begins there
    'networkPolicy.egress.artifact-store.ports.store.port': (OF_MODEL, 'uri: https://models'),
    'resources.requests.cpu': (OF_MODEL, 'cpu: "2"'),
    "resources.limits['nvidia.com/gpu']": (OF_MODEL, 'nvidia.com/gpu: 1'),
    'tolerations.nvidia-com-gpu.effect': (OF_MODEL, 'nvidia.com/gpu: 1'),
    'replicaCount': (OF_MODEL, 'replicas: 4'),
    'autoscaling.minReplicas': (OF_MODEL, 'minReplicas: 3'),
    'autoscaling.maxReplicas': (STARTER, 'maxReplicas: 10'),
    'route.timeout': (OF_MODEL, 'timeout: 3s'),
    'parameters.threads': (OF_MODEL, 'threads: 4'),
    'containers.proxy.image.repository': (OF_MODEL, 'repository: envoy'),
    'priorityClassName': (OF_MODEL, 'priorityClassName: high'),
    'minReadySeconds': (OF_MODEL, 'minReadySeconds: 5'),
    'test.body': (OF_MODEL, 'inputs:'),  # the signature begins there
    'partOf': (OF_APPLICATION, 'name: shop'),
    "networkPolicy.ingress.web.podLabels['app.kubernetes.io/name']": (OF_APPLICATION, '- web'),
    'networkPolicy.ingress.gateway.namespace': (OF_ENVIRONMENT, 'namespace: gateways'),
    'networkPolicy.ingress.monitoring.namespace': (OF_ENVIRONMENT, 'namespace: watch'),
    'networkPolicy.egress.artifact-store.cidr': (OF_ENVIRONMENT, 'cidr: 10.0.0.0/24'),
    'route.gateway.name': (OF_ENVIRONMENT, 'name: public'),
    'route.hostnames': (OF_APPLICATION, 'hostname: www'),
    'route.enabled': (OF_APPLICATION, 'hostname: www'),
    'grpcRoute.hostnames': (OF_APPLICATION, 'hostname: www'),
    'route.rules.rank.path': (OF_APPLICATION, 'path: /rank'),
    'route.rules.main.enabled': (OF_APPLICATION, 'rank:'),  # the routes begin there
    'grpcRoute.methods.calls.service': (OF_APPLICATION, 'model: ranker'),  # the route begins there
    'containers.proxy.image.registry': (OF_ENVIRONMENT, 'docker.io: mirror'),
    'strategy.type': (OF_ENVIRONMENT, 'rolling:'),
    'strategy.rolling.maxSurge': (OF_ENVIRONMENT, 'maxSurge: 2'),
    'strategy.rolling.maxUnavailable': (STARTER, 'maxUnavailable: 0'),
    'revisionHistoryLimit': (OF_ENVIRONMENT, 'revisionHistoryLimit: 9'),
    'parameters.level': (OF_ENVIRONMENT, 'level: warn'),
    'env.REGION.value': (OF_RELEASE, 'REGION: {value: us}'),
    'env.PLACE.value': (OF_RELEASE, 'PLACE: {value: here}'),
    'parameters.peers': (OF_RELEASE, '- one'),
}


def explained(folder: Path, release: str, *key: str) -> Rows:
    command = [sys.executable, '-m', 'generator', 'explain', f'release/{release}', *key, '--output', 'json']
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {row['key']: row for row in json.loads(done.stdout)['values']}


def line(folder: Path, row: dict[str, Any]) -> str:
    """The line that a row names, of the repository or of the tool."""
    assert row['line'] > 0, row
    file = folder / row['file'] if (folder / row['file']).exists() else ROOT / row['file']
    return file.read_text().splitlines()[row['line'] - 1]


@pytest.fixture(scope='module')
def draft(tmp_path_factory: pytest.TempPathFactory) -> r.Repository:
    """Nothing is generated yet."""
    return r.Repository(tmp_path_factory.mktemp('draft') / 'repository', FILES)


@pytest.fixture(scope='module')
def rows(draft: r.Repository) -> Rows:
    return explained(draft.folder, 'prod/ranker')


@pytest.mark.parametrize('key', LAYERS)
def test_each_layer_is_named_by_file_and_line(draft: r.Repository, rows: Rows, key: str) -> None:
    file, text = LAYERS[key]
    assert rows[key]['file'] == file
    assert text in line(draft.folder, rows[key])


def test_every_value_has_a_place(draft: r.Repository, rows: Rows) -> None:
    run = draft.run()
    release = next(release for release in run.releases if release.release.model == 'ranker')
    assert [json.dumps(row['value']) for row in rows.values()] == [
        json.dumps(value) for _, value in leaves(release.merged)
    ]
    assert {origin.path for origin in explain_release(release)} == {path for path, _ in leaves(release.merged)}
    assert all(line(draft.folder, row).strip() for row in rows.values())


def test_a_key_asks_for_what_stands_below_it(draft: r.Repository) -> None:
    found = list(explained(draft.folder, 'prod/ranker', 'autoscaling'))
    assert found[:3] == ['autoscaling.enabled', 'autoscaling.type', 'autoscaling.minReplicas']
    assert all(key.startswith('autoscaling.') for key in found)
    assert list(explained(draft.folder, 'prod/ranker', 'team')) == ['team']


@pytest.mark.parametrize(
    ('key', 'hint'),
    [
        ('credentials', "did you mean 'artifact.credentials'?"),
        ('limits.memory', "did you mean 'resources.limits.memory'?"),
        ('artifact.credential', "did you mean 'artifact.credentials'?"),
        ('resources.limit.cpu', "did you mean 'resources.limits'?"),
        ('resourcs', "did you mean 'resources'?"),
        ('autoscaling.zzzzzzzz', 'known here: '),
        ('zzzzzzzz', 'leave the key out to see all'),
    ],
)
def test_a_key_that_no_value_has_is_told_with_the_nearest(draft: r.Repository, key: str, hint: str) -> None:
    command = [sys.executable, '-m', 'generator', 'explain', 'release/prod/ranker', key]
    done = subprocess.run(command, cwd=draft.folder, capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f'prod/ranker::$.{key}: value not found\n  hint: {hint}')


def test_null_is_told_with_the_line_that_removes(tmp_path: Path) -> None:
    written = RELEASE + '    resources:\n      limits:\n        memory:   # as much as the node has\n'
    files = FILES | {OF_RELEASE: written.encode()}
    repository = r.Repository(tmp_path / 'repository', files)
    row = explained(repository.folder, 'prod/ranker', 'resources')['resources.limits.memory']
    assert (row['value'], row['file']) == (None, OF_RELEASE)
    assert line(repository.folder, row) == '        memory:   # as much as the node has'
    command = [sys.executable, '-m', 'generator', 'explain', 'release/prod/ranker', 'resources.limits.memory']
    shown = subprocess.run([*command, '--path', repository.folder], capture_output=True, text=True, check=True).stdout
    assert re.search(rf'^resources\.limits\.memory +removed +{OF_RELEASE}:{row["line"]}$', shown, re.MULTILINE)


def test_a_models_own_host_name_is_told_before_and_after_its_chart_is_published(tmp_path: Path) -> None:
    own = {'hostname': 'own', 'grpc': {}}
    ports = {'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}}
    files = r.settings() | r.model(route=own, ports=ports) | r.environment('prod', **r.GATEWAY)
    files['registry/models/web.yaml'] = yaml.safe_dump(yaml.safe_load(files['registry/models/web.yaml'])).encode()
    repository = r.Repository(tmp_path / 'repository', files | r.release(version='1', chart='1.0.0'))
    rows = explained(repository.folder, 'prod/web')
    assert rows['route.hostnames']['file'] == 'registry/models/web.yaml'
    assert 'hostname: own' in line(repository.folder, rows['route.hostnames'])
    assert rows['grpcRoute.hostnames']['file'] == 'registry/models/web.yaml'
    repository.publish()
    repository.write(r.model(route={'hostname': 'other'}))
    rows = explained(repository.folder, 'prod/web')
    assert rows['route.hostnames']['file'] == 'charts/web/1.0.0/Chart.yaml'
    assert 'chartloom.dev/hostname: own' in line(repository.folder, rows['route.hostnames'])
    assert 'chartloom.dev/grpc-hostname: own-grpc' in line(repository.folder, rows['grpcRoute.hostnames'])


def test_of_an_older_chart_its_own_values_are_named(tmp_path: Path) -> None:
    files = FILES | {'registry/environments/prod.yaml': ENVIRONMENT.replace('  follow: newest\n', '').encode()}
    pinned = RELEASE.replace('spec:\n', 'spec:\n  version: "1"\n  chart: "1.0.0"\n')
    files |= {'registry/releases/prod/ranker.yaml': pinned.encode()} | r.release(version='1', chart='1.0.0')
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(
        {'registry/models/ranker.yaml': files['registry/models/ranker.yaml'].replace(b'threads: 4', b'threads: 8')}
    )
    rows = explained(repository.folder, 'prod/ranker')
    baked = 'charts/ranker/1.0.0/values.yaml'
    assert (rows['parameters.threads']['value'], rows['parameters.threads']['file']) == (4, baked)
    assert line(repository.folder, rows['parameters.threads']) == '  threads: 4'
    assert rows['service.type']['file'] == rows['team']['file'] == baked
    assert rows['parameters.peers']['file'] == OF_RELEASE


@pytest.mark.parametrize('published', [False, True])
def test_every_line_of_the_example_says_what_it_is_named_for(tmp_path: Path, published: bool) -> None:
    """Where the place itself stands in the file, its value stands on the line; judged without our reader."""
    repository = r.Repository(tmp_path / 'repository', r.example())
    if published:
        repository.publish()
    exact = 0
    for release in ('prod/fund-recommender', 'edge/shop-api', 'local/product-recommender'):
        for row in explained(repository.folder, release).values():
            text = line(repository.folder, row)
            file = repository.folder / row['file'] if (repository.folder / row['file']).exists() else ROOT / row['file']
            node = place(yaml.compose(file.read_text(), yaml.CSafeLoader), row['path'])
            if isinstance(node, yaml.ScalarNode):
                exact += 1
                assert node.start_mark.line == row['line'] - 1, row
                assert '\\' in text or node.style in ('|', '>') or str(node.value) in text, row
            elif node is not None:
                assert node.start_mark.line == row['line'] - 1, row
    assert exact > 300


def test_the_file_of_the_environment_that_wrote_an_inherited_value_is_named(tmp_path: Path) -> None:
    eu = {
        'inherits': 'prod', 'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'ml',
        'follow': 'newest', 'values': {'replicaCount': 2, 'nodeSelector': None},
    }  # fmt: skip
    prod = {
        'values': {'replicaCount': 3, 'revisionHistoryLimit': 7},
        'registryMirrors': {'registry.example': 'm.example'},
    }
    files = r.settings() | r.model() | r.following('prod', **prod) | r.release('eu')
    files |= {'registry/environments/eu.yaml': r.document('Environment', 'eu', eu)}
    folder = r.Repository(tmp_path / 'repository', files).folder
    rows = explained(folder, 'eu/web')
    own, other = (f'registry/environments/{name}.yaml' for name in ('eu', 'prod'))
    wanted = {'replicaCount': (2, own), 'revisionHistoryLimit': (7, other), 'image.registry': ('m.example', other)}
    assert {key: (rows[key]['value'], rows[key]['file']) for key in wanted} == wanted
    assert 'revisionHistoryLimit' in line(folder, rows['revisionHistoryLimit'])


def place(node: yaml.Node, path: str) -> yaml.Node | None:
    """The node at a shown path, by PyYAML's own tree."""
    found: yaml.Node | None = node
    steps = re.findall(r"\['[^']*'\]|\[[0-9]+\]|[^.\[\]]+", path.removeprefix('$'))
    for step in (step.strip('[]').strip("'") for step in steps):
        if isinstance(found, yaml.MappingNode):
            found = next((value for key, value in found.value if key.value == step), None)
        elif isinstance(found, yaml.SequenceNode) and step.isdigit():
            found = found.value[int(step)] if int(step) < len(found.value) else None
        else:
            return None
    return found
