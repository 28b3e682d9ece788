"""Who decides on the number of pods: a HorizontalPodAutoscaler by CPU, or KEDA by the load that a runtime tells of."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml

from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound

Values = dict[str, Any]
Strict = Callable[..., None]

ADDRESS = 'http://prometheus-operated.watch:9090'
WATCHED = {'namespace': 'watch', 'podMonitor': True, 'prometheus': ADDRESS}
BY_LOAD = {'metric': 'load', 'minReplicas': 3, 'maxReplicas': 6}


def repository(folder: Path, monitoring: Values | None = None, runtime: str = 'triton', **model: Any) -> r.Repository:
    watched = {'monitoring': monitoring} if monitoring else {}
    whole = r.settings() | r.following('prod', **watched) | r.release('prod', 'web')
    return r.Repository(folder / 'repository', whole | r.model('web', runtime, **model))


def resolved(folder: Path, monitoring: Values | None = None, **model: Any) -> ResolvedRelease:
    [found] = repository(folder, monitoring, **model).run().releases
    return found


def told(folder: Path, monitoring: Values | None = None, **model: Any) -> list[str]:
    with pytest.raises(ProblemsFound) as caught:
        assert not repository(folder, monitoring, **model).run().releases
    return [f'{problem.file}::{problem.path}: {problem.message}' for problem in caught.value.problems]


def objects(helm: Path, folder: Path, monitoring: Values | None = None, **model: Any) -> dict[str, Values]:
    """What helm renders of the release, by kind."""
    made = repository(folder, monitoring, **model)
    made.generate()
    [release] = made.run().releases
    chart = made.folder / release.chart.folder
    command = [helm, 'template', 'web', chart, '--namespace', 'ml-prod', '--values', '-']
    done = subprocess.run(command, input=r.as_yaml(release.values), capture_output=True)
    assert done.returncode == 0, done.stderr
    return {found['kind']: found for found in yaml.safe_load_all(done.stdout) if found}


def test_by_cpu_it_is_a_horizontal_pod_autoscaler(helms: list[Path], tmp_path: Path, strict: Strict) -> None:
    rendered = [
        objects(binary, tmp_path / binary.parent.name, autoscaling={'minReplicas': 3, 'target': 60}) for binary in helms
    ]
    assert rendered[0] == rendered[1]
    found = rendered[1]
    assert 'ScaledObject' not in found
    assert 'replicas' not in found['Deployment']['spec']
    spec = found['HorizontalPodAutoscaler']['spec']
    strict(found['HorizontalPodAutoscaler'], '1.33')
    assert (spec['minReplicas'], spec['maxReplicas']) == (3, 10)
    assert spec['metrics'][0]['resource']['target'] == {'type': 'Utilization', 'averageUtilization': 60}
    assert spec['behavior']['scaleDown']['policies'] == [{'type': 'Pods', 'value': 1, 'periodSeconds': 60}]


def test_by_load_it_is_a_scaled_object(helms: list[Path], tmp_path: Path, strict: Strict) -> None:
    rendered = [objects(binary, tmp_path / binary.parent.name, WATCHED, autoscaling=BY_LOAD) for binary in helms]
    assert rendered[0] == rendered[1]
    found = rendered[1]
    assert 'HorizontalPodAutoscaler' not in found, 'KEDA makes it'
    assert 'replicas' not in found['Deployment']['spec']
    strict(found['ScaledObject'], '1.33')
    spec = found['ScaledObject']['spec']
    assert spec['scaleTargetRef'] == {
        'apiVersion': found['Deployment']['apiVersion'],
        'kind': 'Deployment',
        'name': found['Deployment']['metadata']['name'],
    }
    assert (spec['minReplicaCount'], spec['maxReplicaCount']) == (3, 6)
    assert spec['fallback'] == {'failureThreshold': 3, 'replicas': 3, 'behavior': 'currentReplicasIfHigher'}
    [trigger] = spec['triggers']
    assert trigger['type'] == 'prometheus'
    assert all(isinstance(value, str) for value in trigger['metadata'].values())
    assert trigger['metadata']['serverAddress'] == ADDRESS
    assert trigger['metadata']['threshold'] == '8', "the runtime's own"
    assert trigger['metadata']['ignoreNullValues'] == 'false'
    assert trigger['metadata']['query'] == (
        '(sum(nv_inference_pending_request_count{job="ml-prod/web"})) or 0 * count(up{job="ml-prod/web"} == 1)'
    )
    behavior = spec['advanced']['horizontalPodAutoscalerConfig']['behavior']
    assert behavior['scaleDown']['policies'] == [{'type': 'Pods', 'value': 1, 'periodSeconds': 60}]


@pytest.mark.parametrize('autoscaling', [None, {**BY_LOAD, 'enabled': False}, {'enabled': False}])
def test_nothing_scales_unless_it_is_switched_on(helm4: Path, tmp_path: Path, autoscaling: Values | None) -> None:
    model = {'autoscaling': autoscaling} if autoscaling else {}
    found = objects(helm4, tmp_path, WATCHED, replicas=4, **model)
    assert 'ScaledObject' not in found
    scaler = found['HorizontalPodAutoscaler']['spec']
    assert scaler['minReplicas'] == scaler['maxReplicas'] == 4
    assert 'replicas' not in found['Deployment']['spec']


def test_a_target_is_of_what_is_scaled_by(tmp_path: Path) -> None:
    by_load = resolved(tmp_path / 'load', WATCHED, autoscaling={**BY_LOAD, 'target': 2.5}).merged['autoscaling']
    assert (by_load['type'], by_load['keda']['threshold']) == ('keda', 2.5)
    assert by_load['targetCPUUtilizationPercentage'] == 70
    by_cpu = resolved(tmp_path / 'cpu', autoscaling={'metric': 'cpu', 'target': 55}).merged['autoscaling']
    assert (by_cpu['type'], by_cpu['targetCPUUtilizationPercentage']) == ('hpa', 55)
    assert by_cpu['enabled'] is True


def test_load_is_all_that_needs_to_be_said(tmp_path: Path) -> None:
    found = resolved(tmp_path, WATCHED, autoscaling={'metric': 'load'}).merged['autoscaling']
    assert (found['enabled'], found['type'], found['minReplicas'], found['maxReplicas']) == (True, 'keda', 2, 10)


def test_only_who_asks_prometheus_is_told_its_address(tmp_path: Path) -> None:
    assert 'autoscaling' not in resolved(tmp_path, WATCHED, autoscaling={'minReplicas': 2}).values


def test_an_overlay_may_bring_a_query_of_its_own(tmp_path: Path) -> None:
    own = {'autoscaling': {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(jobs)', 'threshold': 3}}}
    monitoring = {'namespace': 'watch', 'prometheus': ADDRESS}
    of_model = resolved(tmp_path / 'model', monitoring, runtime='custom', values=own).merged['autoscaling']
    made = repository(tmp_path / 'release', monitoring, runtime='custom')
    made.write(r.release('prod', 'web', values=own))
    [of_release] = made.run().releases
    assert of_model == of_release.merged['autoscaling']
    assert of_model['keda']['serverAddress'] == ADDRESS


def test_a_request_for_cpu_is_wanted_where_cpu_is_scaled_by(tmp_path: Path) -> None:
    worker = {'containers': {'worker': {'image': {'repository': 'worker', 'digest': r.DIGEST}}}}
    message = "autoscaling by CPU requires a cpu request of container 'worker'"
    assert [message in text for text in told(tmp_path / 'cpu', WATCHED, autoscaling={}, **worker)] == [True]
    assert resolved(tmp_path / 'load', WATCHED, autoscaling=BY_LOAD, **worker)


@pytest.mark.parametrize(
    ('monitoring', 'place', 'message'),
    [
        (None, '$.spec', 'scales by a query, but the address of Prometheus is not set'),
        ({'namespace': 'watch', 'podMonitor': True}, '$.spec.monitoring', 'the address of Prometheus is not set'),
        ({'namespace': 'watch', 'prometheus': ADDRESS}, '$.spec.monitoring', 'but podMonitor is off'),
    ],
)
def test_scaling_by_load_needs_prometheus(tmp_path: Path, monitoring: Values | None, place: str, message: str) -> None:
    found = told(tmp_path, monitoring, autoscaling=BY_LOAD)
    assert all(text.startswith(f"registry/environments/prod.yaml::{place}: 'prod/web' ") for text in found)
    assert any(message in text for text in found)


def test_a_runtime_without_a_known_load_is_told(tmp_path: Path) -> None:
    [found] = told(tmp_path, WATCHED, runtime='custom', autoscaling=BY_LOAD)
    place = 'registry/models/web.yaml::$.spec.autoscaling.metric'
    assert found == f"{place}: the load metric of runtime 'custom' is unknown"


def test_a_part_of_a_percent_is_no_target_for_cpu(tmp_path: Path) -> None:
    found = told(tmp_path, autoscaling={'target': 0.5})
    assert found
    assert all(text.startswith('registry/models/web.yaml::$.spec.autoscaling.target: ') for text in found)
