"""Every runtime × artifact delivery × router, from one registry, with Helm 3 and 4; objects are checked strictly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from gitops import chartloom
from resolved import predicted

from generator.charts.starter import load_templates
from generator.pipeline.run import Run, open_run
from generator.pipeline.verify import helm_releases
from generator.tools.git.opening import open_repository
from generator.tools.helm.binary import find_helm, lint, template

RUNTIMES = load_templates().runtimes
DIGEST = f'sha256:{"3" * 64}'
FILES = {'a.json': '4' * 64, 'b/c.bin': '5' * 64}
# How an artifact comes, and what of it a version says beside its kind.
DELIVERIES: dict[str, dict[str, Any]] = {
    'baked': {},
    'https': {'uri': 'https://models.example/m', 'sha256': '2' * 64, 'size': '900Mi'},
    's3': {'uri': 's3://models/m', 'files': FILES},
    'gs': {'uri': 'gs://models/m', 'sha256': '2' * 64},
    'hf': {'uri': 'hf://org/m@' + '0a1b' * 10, 'files': FILES},
    'oci': {'uri': f'oci://ghcr.io/org/m@{DIGEST}'},
    'oras': {'uri': f'oci://ghcr.io/org/m@{DIGEST}', 'delivery': 'download'},
    'claim': {'uri': 'pvc://models/m/1'},
}
GATEWAY: Any = {'gateway': {'name': 'public', 'namespace': 'gateways'}, 'domain': 'shop.example'}
MONITORING = {'namespace': 'monitoring', 'podMonitor': True, 'rules': True, 'dashboards': True}
IDENTITY = {'issuer': 'https://idp.example', 'jwksUri': 'https://idp.example/jwks'}
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    'plain': {'agent': 'flux', 'kubernetes': '1.35'},
    'gateway': {
        'router': 'gateway-api', **GATEWAY, 'gateway': {**GATEWAY['gateway'], 'controller': 'envoy-gateway'},
        'identity': IDENTITY, 'monitoring': MONITORING, 'secretStore': {'name': 'vault'}, 'kubernetes': '1.36',
    },
    'mesh': {
        'router': 'istio', **GATEWAY, 'identity': IDENTITY, 'agent': 'flux', 'kubernetes': '1.37',
        'mesh': {'mode': 'sidecar'}, 'workloadIdentity': {'kind': 'gke'}, 'dns': {'kind': 'node-local'},
    },
    'legacy': {'router': 'nginx', **GATEWAY, 'tls': {'issuer': {'name': 'letsencrypt'}}, 'kubernetes': '1.35'},
}  # fmt: skip


def cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, runtime and version of each model."""
    for runtime, preset in sorted(RUNTIMES.items()):
        kinds = sorted(preset.spec.get('artifacts', {}))
        for delivery, artifact in DELIVERIES.items():
            if artifact and (not kinds or (is_many(artifact) and is_one(preset.spec['artifacts'][kinds[0]]))):
                continue
            more = {'artifact': {**artifact, 'kind': kinds[0]}} if artifact else {}
            yield f'{runtime}-{delivery}', runtime, r.version(**more)


def is_many(artifact: dict[str, Any]) -> bool:
    return 'files' in artifact or 'delivery' in artifact


def is_one(form: Any) -> bool:
    """A file without a directory of its own: TorchServe's archives."""
    return not form['unpack'] and '/' not in form['path']


def nameless(item: Any) -> str:
    name = item['metadata']['labels']['app.kubernetes.io/name']
    return json.dumps(item, sort_keys=True).replace(name, 'name')


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    files = {**r.settings()}
    for name, environment in ENVIRONMENTS.items():
        files |= r.following(name, **environment)
    for name, runtime, version in cases():
        slo, env = {'availability': 99.9, 'p99': '200ms'}, {'TOKEN': {'secret': 'token', 'key': 'token'}}
        files |= r.model(name, runtime=runtime, versions=[version], route={}, slo=slo, env=env)
        for environment in ENVIRONMENTS:
            files |= r.release(environment, name)
    repository = r.Repository(tmp_path_factory.mktemp('matrix') / 'repository', files)
    done = chartloom(repository.folder, 'generate', '--commit')
    assert done.returncode == 0, done.stderr
    return open_run(open_repository(repository.folder))


def test_every_combination_renders_on_both_helms(run: Run, helms: list[Path], strict: Callable[..., None]) -> None:
    releases = helm_releases(run)
    assert len(releases) == len(ENVIRONMENTS) * len(list(cases()))
    names = {(each.environment.namespace, each.release.model): predicted(each) for each in run.releases}
    made: list[list[Any]] = []
    for binary in helms:
        objects = []
        for rendered in template(find_helm({'HELM': str(binary), 'PATH': ''}), releases):
            assert rendered.problem is None, rendered.problem
            documents = [each for each in yaml.load_all(rendered.text, yaml.CSafeLoader) if each]
            known = names[rendered.release.namespace, rendered.release.name]
            assert {(each['kind'], each['metadata']['name']) for each in documents} <= known
            objects += [(rendered.release.kube_version, document) for document in documents]
        made.append(objects)
    assert made[0] == made[1], 'the helms differ'
    # Objects of one form differ in nothing but their names: looking at one of them is enough.
    alike = {(version, nameless(item)): item for version, item in made[0]}
    for (version, _), item in alike.items():
        strict(item, version)
    counts = Counter(item['kind'] for _, item in made[0])
    print(f'{len(releases)} releases, {len(made[0])} objects: {dict(sorted(counts.items()))}')
    models = len(list(cases()))
    assert counts['Deployment'] == len(releases)
    assert counts['HTTPRoute'] == counts['VirtualService'] == counts['Ingress'] == counts['Certificate'] == models
    assert counts['ExternalSecret'] == models


def test_every_chart_lints(run: Run, helms: list[Path]) -> None:
    charts = {
        chart.folder: run.repository.root / chart.folder for c in run.charts.values() for chart in c.charts.values()
    }
    for binary in helms:
        assert lint(find_helm({'HELM': str(binary), 'PATH': ''}), charts) == []
