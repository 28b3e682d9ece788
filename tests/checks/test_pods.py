"""Rights, nodes and ranks of pods: what models and releases may have, and what only an environment may give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import registries as r
from resolved import loaded, problems, releases_of

from generator.charts.starter import load_templates
from generator.checks.placement import placement_problems
from generator.checks.pods import pod_security
from generator.checks.scope import Scope

ROOT = {'podSecurityContext': {'runAsNonRoot': False, 'runAsUser': 0}}
REQUIRED, PREFERRED = (f'{kind}DuringSchedulingIgnoredDuringExecution' for kind in ('required', 'preferred'))
HOST = 'kubernetes.io/hostname'
NAME = 'app.kubernetes.io/name'
OWN = {'key': NAME, 'operator': 'In', 'values': ['web']}
MESH = {'mesh': {'mode': 'sidecar'}}
SIDE = {'image': {'repository': 'registry.example/side', 'digest': r.DIGEST}}


def registry(model: dict[str, Any], released: dict[str, Any], **environment: Any) -> r.Files:
    files = r.settings() | r.model('web', values=model) | r.following('prod', **environment)
    return files | r.release('prod', 'web', values=released)


def of(written: dict[str, Any], **environment: Any) -> list[str]:
    """What is told of the same values in a model and in a release; both are alike.

    But for the image of a container, which a release may not set: another rule says so.
    """
    texts = [
        [text for text in problems(registry(*each, **environment)) if 'may not set the image' not in text]
        for each in ((written, {}), ({}, written))
    ]
    assert len(texts[0]) == len(texts[1])
    return texts[1]


@pytest.mark.parametrize(
    'written',
    [
        ROOT,
        {'podSecurityContext': None},
        {'podSecurityContext': {'seccompProfile': None}},
        {'podSecurityContext': {'runAsNonRoot': None}},
        {'podSecurityContext': {'fsGroup': 0}},
        {'securityContext': {'runAsUser': 0}},
        {'securityContext': {'allowPrivilegeEscalation': True}},
        {'securityContext': {'capabilities': None}},
        {'securityContext': {'capabilities': {'add': ['SYS_ADMIN']}}},
    ],
)
def test_only_an_environment_gives_rights_over_the_node(written: dict[str, Any]) -> None:
    assert of(written)
    assert not problems(registry({}, {}, values=written))


def test_the_environment_has_the_last_word_unless_a_release_goes_on() -> None:
    assert not problems(registry({}, {}, values=ROOT))
    assert problems(registry({}, {'podSecurityContext': {'runAsUser': 0}}, values=ROOT))


def test_a_sidecar_drops_all_capabilities_as_the_server_does() -> None:
    def own(**context: Any) -> dict[str, Any]:
        image = {'repository': 'own', 'digest': r.DIGEST}
        return {'containers': {'own': {'image': image, 'securityContext': {'capabilities': context}}}}

    assert of(own(drop=[]))
    assert of(own(drop=['NET_RAW']))
    assert not of(own(add=['NET_BIND_SERVICE']))
    assert not of(own(drop=['ALL']))


@pytest.mark.parametrize(
    'written',
    [
        {'podSecurityContext': {'runAsUser': 5000, 'runAsGroup': 0, 'fsGroup': 5000}},
        {'podSecurityContext': {'runAsUser': None}},  # Kubernetes refuses an image that runs as root
        {'podSecurityContext': {'runAsUser': 1337}},
        {'securityContext': {'readOnlyRootFilesystem': False, 'capabilities': {'add': ['NET_BIND_SERVICE']}}},
    ],
)
def test_what_the_profile_permits_is_free(written: dict[str, Any]) -> None:
    assert not of(written)


@pytest.mark.parametrize(
    'written',
    [
        {'podSecurityContext': {'runAsUser': 1337}},
        {'podSecurityContext': {'runAsUser': None}},
        {'securityContext': {'runAsGroup': 1337}},
    ],
)
def test_no_user_passes_the_sidecar_of_a_mesh(written: dict[str, Any]) -> None:
    assert of(written, **MESH)
    assert not problems(registry({}, {}, values=written, **MESH))


@pytest.mark.parametrize('name', [name for name in load_templates().runtimes if name not in ('tflite', 'onnx')])
def test_every_runtime_fits(name: str) -> None:
    files = r.settings() | r.following('prod', **MESH) | r.release('prod', 'web') | r.model('web', runtime=name)
    assert not [text for text in problems(files) if 'ecurityContext' in text]


def anti(kind: str, **term: Any) -> dict[str, Any]:
    found = {'topologyKey': HOST, **term}
    weighed = {'weight': 1, 'podAffinityTerm': found}
    return {'affinity': {'podAntiAffinity': {kind: [found if kind == REQUIRED else weighed]}}}


def node(key: str, operator: str = 'In') -> dict[str, Any]:
    rule = {'key': key, 'operator': operator, 'values': ['a']}
    return {'affinity': {'nodeAffinity': {REQUIRED: {'nodeSelectorTerms': [{'matchExpressions': [rule]}]}}}}


def beside(selector: dict[str, Any]) -> dict[str, Any]:
    return {'affinity': {'podAffinity': {REQUIRED: [{'topologyKey': HOST, 'labelSelector': selector}]}}}


NODES = """
    topology.topolvm.io/node alpha.eksctl.io/instance-id karpenter.sh/nodepool topology.hostpath.csi/node
    openebs.io/nodename linbit.com/hostname
""".split()


@pytest.mark.parametrize(
    ('written', 'fits'),
    [
        ({'tolerations': {'all': {'operator': 'Exists'}}}, False),
        ({'tolerations': {'own': {'key': 'dedicated', 'value': 'x'}}}, False),
        ({'tolerations': {'gpu': {'key': 'nvidia.com/gpu', 'operator': 'Exists'}}}, True),
        ({'tolerations': {'own': {'key': 'huawei.com/Ascend910', 'operator': 'Exists'}}}, False),
        (
            {
                'tolerations': {'own': {'key': 'huawei.com/Ascend910', 'operator': 'Exists'}},
                'resources': {'limits': {'huawei.com/Ascend910-slice': '1'}},
            },
            None,
        ),
        (
            {
                'tolerations': {'own': {'key': 'huawei.com/Ascend910', 'operator': 'Exists'}},
                'resources': {'limits': {'huawei.com/Ascend910': '0'}},
            },
            False,
        ),
        (
            {
                'tolerations': {'own': {'key': 'huawei.com/Ascend910', 'operator': 'Exists'}},
                'containers': {'side': {**SIDE, 'resources': {'limits': {'huawei.com/Ascend910': '1'}}}},
            },
            True,
        ),
        ({'priorityClassName': 'system-node-critical'}, False),
        ({'runtimeClassName': 'host'}, False),
        ({'nodeSelector': {'node-role.kubernetes.io/control-plane': ''}}, False),
        ({'nodeSelector': {'kubernetes.io/hostname': 'a'}}, False),
        ({'nodeSelector': {'topology.kubernetes.io/zone': 'a'}}, True),
        (node(HOST), False),
        (node(HOST, 'NotIn'), False),
        (node('node-role.kubernetes.io/control-plane', 'NotIn'), True),
        *(({'nodeSelector': {key: 'a'}}, False) for key in NODES),
        *(({'nodeSelector': {key: 'a'}}, True) for key in ('node.kubernetes.io/instance-type', 'disk', 'node')),
        (beside({'matchLabels': {NAME: 'other'}}), False),
        (beside({}), False),
        (beside({'matchLabels': {NAME: 'web'}}), True),
        (anti(REQUIRED, labelSelector={}), False),
        (anti(REQUIRED, labelSelector={'matchLabels': {NAME: 'other'}}), False),
        (anti(REQUIRED, labelSelector={'matchLabels': {NAME: 'web'}}, namespaces=['pay']), False),
        (anti(REQUIRED, labelSelector={'matchLabels': {NAME: 'web'}}), True),
        (
            anti(REQUIRED, labelSelector={'matchExpressions': [{'key': NAME, 'operator': 'In', 'values': ['web']}]}),
            True,
        ),
        (anti(REQUIRED), True),
        (anti(PREFERRED, labelSelector={}), True),
        ({'terminationGracePeriodSeconds': 3601}, False),
        ({'preStopSeconds': 3600, 'terminationGracePeriodSeconds': 3600}, None),
    ],
)
def test_where_pods_run(written: dict[str, Any], fits: bool | None) -> None:
    """None: another rule has something to say."""
    found = of(written)
    if fits is not None:
        assert (not found) is fits
        assert fits or not problems(registry({}, {}, values=written))


def test_members_of_an_application_run_beside_each_other() -> None:
    files = registry(beside({'matchLabels': {NAME: 'api'}}), {})
    assert len(problems(files)) == 1
    assert not problems(files | r.model('api') | r.application('shop', ['web', 'api']))


@pytest.mark.parametrize(
    'written', [{'limits': None}, {'limits': {'memory': None}}, {'limits': {'memory': '0'}, 'requests': None}, None]
)
def test_a_release_keeps_the_limits_of_its_environment(written: dict[str, Any] | None) -> None:
    own = {'resources': {'limits': {'memory': '2Gi'}}}
    (told,) = problems(registry({}, {'resources': written}, values=own))
    assert 'it removes the limit of memory' in told
    assert not problems(
        registry({'resources': {'limits': None}}, {'resources': {'limits': {'memory': '4Gi'}}}, values=own)
    )
    assert not problems(registry({}, {'resources': written})), 'who makes no limit requires none'


def test_an_empty_volume_has_a_size() -> None:
    volume = {'type': 'emptyDir', 'mountPath': '/scratch'}
    for size in ({}, {'sizeLimit': ''}):
        assert len(of({'volumes': {'scratch': {**volume, **size}}})) == 1
    limited = {'volumes': {'scratch': {**volume, 'sizeLimit': '1Gi'}}}
    assert not of(limited)
    assert len(problems(registry(limited, {'volumes': {'scratch': {'sizeLimit': None}}}))) == 1
    assert not problems(registry({}, {}, values={'volumes': {'scratch': volume}}))


def test_an_environment_grants_classes_and_taints() -> None:
    grants = {'scheduling': {'priorityClasses': ['high'], 'runtimeClasses': ['nvidia'], 'taints': ['dedicated']}}
    tolerations = {'own': {'key': 'dedicated', 'operator': 'Exists'}}
    written = {'priorityClassName': 'high', 'runtimeClassName': 'nvidia', 'tolerations': tolerations}
    assert not of(written, **grants)
    assert len(of(written)) == 3
    sandbox = {'runtimeClassName': 'gvisor'}
    assert problems(registry({}, {'runtimeClassName': None}, values=sandbox))
    assert not problems(registry({'runtimeClassName': 'nvidia'}, {}, values=sandbox, **grants))


@pytest.mark.parametrize(
    ('written', 'own'),
    [
        ({'nodeSelector': {'pool': 'pay'}}, {'nodeSelector': {'pool': 'ml'}}),
        ({'nodeSelector': {'pool': None}}, {'nodeSelector': {'pool': 'ml'}}),
        ({'nodeSelector': None}, {'nodeSelector': {'pool': 'ml'}}),
        (node('zone'), node('pool')),
        ({'affinity': None}, node('pool')),
        ({'affinity': None}, anti(REQUIRED, labelSelector={'matchLabels': {'tier': 'pay'}})),
        (
            anti(REQUIRED, labelSelector={'matchLabels': {NAME: 'web'}}),
            anti(REQUIRED, labelSelector={'matchLabels': {'tier': 'pay'}}),
        ),
        ({'tolerations': {'ml': {'operator': 'Exists'}}}, {'tolerations': {'ml': {'key': 'pool', 'value': 'ml'}}}),
        ({'tolerations': {'ml': {'value': 'pay'}}}, {'tolerations': {'ml': {'key': 'pool', 'value': 'ml'}}}),
        ({'tolerations': {'ml': {'key': None}}}, {'tolerations': {'ml': {'key': 'pool', 'operator': 'Exists'}}}),
        ({'tolerations': {'ml': {'operator': 'Exists'}}}, {'tolerations': {'ml': {'effect': 'NoSchedule'}}}),
    ],
)
def test_nodes_that_an_environment_chooses(written: dict[str, Any], own: dict[str, Any]) -> None:
    assert len(problems(registry({}, written, values=own))) == 1
    assert not problems(registry({}, {}, values=own)) or 'effect' in str(own)


def test_an_environment_grants_devices() -> None:
    fuse: dict[str, Any] = {'resources': {'limits': {'smarter-devices/fuse': '1'}}}
    sidecar = {'image': {'repository': 'own', 'digest': r.DIGEST}, **fuse}
    for written in (fuse, {'containers': {'own': sidecar}}):
        assert len(of(written)) == 1
        assert not of(written, scheduling={'devices': ['smarter-devices/fuse']})
    assert not problems(registry({}, {}, values=fuse))
    usual = ['rdma/hca_shared_devices_a', 'vpc.amazonaws.com/efa', 'nvidia.com/mig-1g.5gb', 'hugepages-2Mi', 'cpu']
    for name in usual:
        amount = {name: '4Mi' if name == 'hugepages-2Mi' else '1'}
        assert not of({'resources': {'limits': amount, 'requests': amount}})
    chip = {'key': 'huawei.com/Ascend910', 'operator': 'Exists'}
    written = {'tolerations': {'own': chip}, 'resources': {'limits': {'huawei.com/Ascend910-slice': '1'}}}
    assert not of(written, scheduling={'devices': ['huawei.com/Ascend910-slice']})


def test_who_writes_the_key_of_a_toleration_has_it() -> None:
    own = {'tolerations': {'ml': {'key': 'pool', 'value': 'ml'}}}
    assert len(problems(registry({'tolerations': {'ml': {'operator': 'Exists'}}}, {}, values=own))) == 1
    off = {'tolerations': {'ml': {'enabled': False}}, 'nodeSelector': {'disk': 'ssd'}}
    assert not of(off, values={**own, 'nodeSelector': {'pool': 'ml'}})
    gpu = {'key': 'nvidia.com/gpu', 'operator': 'Exists'}
    assert not of({'tolerations': {'gpu': gpu}}, values={'tolerations': {'gpu': {'effect': 'NoExecute'}}})


def test_a_chart_that_is_older_than_the_rules_is_told_at_its_release() -> None:
    found = loaded(registry({}, {}))
    (release,) = releases_of(found)[1]
    merged = {**release.merged, 'priorityClassName': 'high', 'securityContext': {}}
    old = replace(release, chart=replace(release.chart, layers=()), merged=merged)
    texts = [str(each) for check in (pod_security, placement_problems) for each in check(Scope(found, [old]))]
    assert len(texts) == 3
    for text in texts:
        assert text.startswith('registry/releases/prod/web.yaml::$.spec: ')
        assert 'of the chart: ' in text


def test_a_device_of_an_environment_gives_its_own_taint_and_no_other_of_its_domain() -> None:
    def asked(taint: str) -> list[str]:
        toleration = {'own': {'key': taint, 'operator': 'Exists'}}
        written = {'tolerations': toleration, 'resources': {'limits': {'shop.example/fpga': '1'}}}
        return of(written, scheduling={'devices': ['shop.example/fpga']})

    assert asked('shop.example/fpga') == []
    assert 'shop.example/payments-only' in asked('shop.example/payments-only')[0]
