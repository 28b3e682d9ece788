"""What schemas cannot see: what must not be refused, and the arithmetic; each message has its case in tests/invalid."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import registries as r
from resolved import TEMPLATES, loaded, resolved, shared

from generator.checks.capacity import capacity_problems
from generator.checks.clusters import cluster_key
from generator.checks.decided import decided_by
from generator.checks.kubernetes import Feature, feature_faults
from generator.checks.registry import registry_problems
from generator.checks.scope import Scope
from generator.domain.credentials import credential
from generator.domain.environments import Environment
from generator.domain.generated import Layer
from generator.domain.problems import Fault, Problem, ProblemsFound
from generator.domain.records import Release
from generator.domain.strategy import no_strategy
from generator.domain.units import quantity
from generator.values.blame import to_problems
from generator.values.checks import value_faults
from generator.values.merge import merge

STARTER = TEMPLATES.starter.values


HEX = '2f8a1f6f5b0c4b7c9a5d8e3471cf60b2d9ae84137c5be0f6a2d4913e78c05b1d'


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('MODEL_SHA256', HEX),
        ('IMAGE', f'docker.io/tensorflow/serving:2.5.1@sha256:{HEX}'),
        ('REQUEST_ID', '123e4567-e89b-12d3-a456-426614174000'),
        ('TOKENIZERS_PARALLELISM', 'false'),
        ('TOKENIZER', 'meta-llama/Llama-3.1-8B-Instruct'),
        ('MAX_TOKENS', '8192'),
        ('EOS_TOKEN', '<|end_of_text|>'),
        ('PAD_TOKEN', 'pad-token-id-128004'),
        ('STOP_TOKEN', '</s>'),
        ('TOKEN', '$(HF_TOKEN)'),
        ('API_KEY', '/var/run/secrets/api-key'),
        ('API_KEY_FILE', '/var/run/secrets/api-key-2'),
        ('DATABASE_PASSWORD', '/run/secrets/password'),
        ('DATABASE_PASSWORD', '${DATABASE_PASSWORD}'),
        ('REQUIRE_PASSWORD', 'true'),
        ('PASSWORD', ''),
        ('IMAGE_PULL_SECRET', 'regcred-2026'),
        ('TLS_SECRET', 'web-tls-2026'),
        ('SECRET_NAME', 'web-2026-11'),
        ('PARTITION_KEY', 'customer_id_2026'),
        ('BACKEND', 'https://recommender:8501/v1/models/x:predict'),
        ('DATABASE', 'postgres://web@database:5432/shop'),
        ('DATABASE', 'postgres://web:$(PASSWORD)@database:5432/shop'),
        ('DATABASE', 'postgres://web:${PASSWORD}@database/shop'),
        ('ADDRESS', 'http://[::1]:8080/a@b'),
        ('QUERY', 'https://models.shop.example/x?version=2&design=0123456789abcdef0'),
        ('ARTIFACT', 'https://models.shop.example/task-sk-learn-pipeline-with-features-Version2/model'),
        ('MODEL', 'hf_hub_models_that_have_underscores_in_their_names'),
        ('HEADER', 'Authorization: Bearer $(TOKEN)'),
        ('TEXT', 'a bearer authentication-by-certificates is wanted'),
        ('DATA', 'eyJ0eXBlIjoib25lIn0'),
        ('REGION', 'ASIANORTHEAST1TOKYOJAPAN'),
        ('PUBLIC', '-----BEGIN PUBLIC KEY-----'),
        ('CERTIFICATE', '-----BEGIN CERTIFICATE-----'),
    ],
)
def test_this_is_no_credential(name: str, value: str) -> None:
    assert credential(('spec', 'env', name, 'value'), value) == ''
    assert credential(('spec', 'args', 0), value) == ''
    assert credential(('spec', 'parameters', name.lower().replace('_', '-')), value) == ''


@pytest.mark.parametrize(
    'content',
    [
        'password: ${env:PASSWORD}', 'password: $(PASSWORD)', 'password:', 'password: ""',
        'password_file: /run/secrets/x',
        'password: /run/secrets/x', 'password: {from: x}', 'password: vault:secret/data/x#y', 'password: "%PASSWORD%"',
        '# the password is in the Secret', 'passwordless: true', 'passwd = <none>',
    ],
)  # fmt: skip
def test_this_file_holds_no_password(content: str) -> None:
    assert credential(('spec', 'files', 'web.ini', 'content'), f'a: b\n  {content}\n') == ''


@pytest.mark.parametrize('name', ['PASSWORD', 'db_password', 'REDIS_PASSWD', 'auth.password', 'GPG_PASSPHRASE'])
def test_a_password_is_one_whatever_it_looks_like(name: str) -> None:
    assert credential(('spec', 'containers', 'x', 'env', name, 'value'), 'admin')
    assert credential(('spec', 'values', 'parameters', name), 'admin')
    assert credential(('spec', 'files', name, 'content'), 'admin') == ''


def test_the_example_has_no_credentials_and_no_problems() -> None:
    assert registry_problems(loaded(r.example()), TEMPLATES) == []


@pytest.mark.parametrize('runtime', [None, *TEMPLATES.runtimes.values()], ids=['starter', *TEMPLATES.runtimes])
def test_the_values_that_we_bring_are_clean(runtime: Any) -> None:
    values = merge(STARTER, runtime.spec['values']) if runtime else STARTER
    assert value_faults(values) == []


@pytest.mark.parametrize(
    ('text', 'number'), [('0', 0), ('500m', 0.5), ('1.5', 1.5), ('1k', 1000), ('1Ki', 1024), ('1.5Gi', 1.5 * 2**30),
    ('2E', 2e18) ]
)  # fmt: skip
def test_a_quantity_is_a_number(text: str, number: float) -> None:
    assert quantity(text) == number


def test_a_quantity_of_any_length_is_a_number() -> None:
    assert quantity('9' * 5000) == 10**5000 - 1
    assert quantity(f'0.{"0" * 5000}1') == Fraction(1, 10**5001)


def test_a_quantity_that_the_schema_of_an_older_chart_allows() -> None:
    values = merge(STARTER, {'resources': {'limits': {'nvidia.com/gpu': '9' * 5000}}})
    (fault,) = value_faults(values)
    assert (fault.path, fault.message) == (
        ('resources', 'limits', 'nvidia.com/gpu'), 'the quantity of nvidia.com/gpu is too long'
    )  # fmt: skip
    assert fault.hint == 'write at most 30 characters'


def test_a_limit_in_other_units_is_compared_as_a_number() -> None:
    def faults(asked: str, allowed: str) -> list[Fault]:
        return value_faults(
            merge(STARTER, {'resources': {'requests': {'memory': asked}, 'limits': {'memory': allowed}}})
        )

    assert faults('1024Mi', '1Gi') == faults('999M', '1G') == []
    assert [fault.path for fault in faults('1025Mi', '1Gi')] == [('resources', 'limits', 'memory')]


def gpus(count: int, strategy: Any = None, **scaling: Any) -> r.Files:
    """A registry with one model of `count` replicas and an accelerator each, in an environment that has ten."""
    rolling = {'strategy': {'rolling': strategy}} if strategy else {}
    need = {'resources': {'accelerators': {'nvidia.com/gpu': 1}}}
    files = r.settings() | r.model('web', replicas=count, **need, **scaling) | r.release('prod', 'web', **rolling)
    return files | r.following('prod', capacity={'accelerators': {'nvidia.com/gpu': 10}})


@pytest.mark.parametrize(
    ('files', 'wanted'),
    [
        (gpus(9), None),  # and one more while it rolls
        (gpus(10), 11),
        (gpus(10, {'maxSurge': 0, 'maxUnavailable': 1}), None),
        (gpus(8, {'maxSurge': '25%'}), None),
        (gpus(9, {'maxSurge': '25%'}), None),  # three more, of which two can wait
        (gpus(10, {'maxSurge': '25%'}), 11),
        (gpus(0), None),
        (gpus(2, autoscaling={'maxReplicas': 9}), None),
        (gpus(2, autoscaling={'maxReplicas': 10}), 11),
        (gpus(2, autoscaling={'maxReplicas': 10, 'enabled': False}), None),
    ],
)
def test_capacity_counts_all_pods_and_those_of_a_rollout(files: r.Files, wanted: int | None) -> None:
    problems = shared(files)
    assert [problem.message.split(':')[0] for problem in problems] == (
        [f'the releases need {wanted} nvidia.com/gpu, the capacity is 10'] if wanted else []
    )


def test_capacity_counts_sidecars_and_one_rollout_at_a_time() -> None:
    files = gpus(4) | r.model('other', containers={'x': {'image': {'repository': 'x', 'digest': r.DIGEST},
        'resources': {'limits': {'nvidia.com/gpu': '2'}}}}, replicas=2) | r.release('prod', 'other')  # fmt: skip
    assert shared(files) == []  # 4 + 4, and 2 for the bigger rollout
    files |= r.following('prod', capacity={'accelerators': {'nvidia.com/gpu': 9}})
    (problem,) = shared(files)
    needed = 'other 4, web 4, and 2 more during a rollout of other'
    assert problem.message == f'the releases need 10 nvidia.com/gpu, the capacity is 9: {needed}'


@pytest.mark.parametrize(
    ('download', 'server', 'sidecar', 'wanted'),
    [(0, 1, 0, 1), (2, 1, 0, 2), (1, 1, 1, 2), (3, 1, 1, 3), (2, 0, 0, 2), (0, 0, 2, 2)],
)
def test_a_pod_requires_the_most_of_its_download_and_of_its_containers(
    download: int, server: int, sidecar: int, wanted: int
) -> None:
    def limits(count: int) -> dict[str, Any]:
        return {'resources': {'limits': {'nvidia.com/gpu': str(count)}}}

    proxy, more = {'image': {'repository': 'x', 'digest': r.DIGEST}}, {'containers': {'proxy': limits(sidecar)}}
    values = {'artifact': limits(download), **limits(server), **more, 'replicaCount': 4}
    version = r.version(artifact={**r.ARTIFACT, 'kind': 'model-repository'})
    files = r.settings() | r.model('web', 'triton', [version], containers={'proxy': proxy})
    files |= r.release('prod', 'web', values=values)
    files |= r.following('prod', capacity={'accelerators': {'nvidia.com/gpu': 1}})
    (problem,) = shared(files)
    assert problem.message.startswith(f'the releases need {5 * wanted} nvidia.com/gpu, the capacity is 1: ')


def test_slices_of_accelerators_are_counted_by_their_own_names() -> None:
    slices = {'resources': {'accelerators': {'nvidia.com/mig-1g.5gb': 2}}, 'replicas': 3}
    files = r.settings() | r.model('web', **slices) | r.release('prod', 'web')

    def found(**capacity: int) -> list[str]:
        names = {'gpu': 'nvidia.com/gpu', 'mig': 'nvidia.com/mig-1g.5gb'}
        accelerators = {names[name]: count for name, count in capacity.items()}
        return [each.message for each in shared(files | r.following('prod', capacity={'accelerators': accelerators}))]

    assert found(gpu=1, mig=8) == []
    assert found(mig=7) == [
        'the releases need 8 nvidia.com/mig-1g.5gb, the capacity is 7: web 6, and 2 more during a rollout of web'
    ]
    assert found(gpu=100) == ['web requires nvidia.com/mig-1g.5gb, which the capacity does not name']
    assert found() == []


@pytest.mark.parametrize(
    ('strategy', 'engine', 'extra', 'hint'),
    [
        (
            {'canary': {'steps': [{'weight': 50}]}},
            'native',
            9,
            'canary with replicas: 1 and finish: inPlace, or rolling',
        ),
        ({'blueGreen': {}}, 'argo-rollouts', 8, 'rolling: {maxSurge: 1, maxUnavailable: 0}'),
    ],
)
def test_the_plan_that_fits_is_named(strategy: Any, engine: str, extra: int, hint: str) -> None:
    need = {'resources': {'accelerators': {'nvidia.com/gpu': 1}}, 'replicas': 8, 'route': {}, 'strategy': strategy}
    files = r.settings() | r.model('web', **need) | r.release('prod', 'web', version='1', chart='1.0.0')
    files |= r.environment('prod', engine=engine, capacity={'accelerators': {'nvidia.com/gpu': 10}}, **r.GATEWAY)
    (problem,) = shared(files)
    needed = f'web 8, and {extra} more during a rollout of web'
    assert problem.message == f'the releases need {8 + extra} nvidia.com/gpu, the capacity is 10: {needed}'
    assert problem.hint.startswith(f"options for 'web': {hint}")


def test_a_release_may_want_what_nobody_counts() -> None:
    files = gpus(100) | r.following('prod')
    assert shared(files) == []


def test_circles_are_found_once_and_soon() -> None:
    """Every environment promotes from all before it: a walk along all ways would take for ever."""
    names = [f'e{number:02}' for number in range(40)]
    files = r.settings()
    for index, name in enumerate(names):
        files |= r.environment(name, promotesFrom=names[:index])
    assert registry_problems(loaded(files), TEMPLATES) == []
    files |= r.environment(names[0], promotesFrom=[names[1]])
    (problem,) = registry_problems(loaded(files), TEMPLATES)
    assert problem.message.endswith(': e00 → e01 → e00')


def environment(server: str, name: str = 'shop') -> Environment:
    return Environment('x', 'x.yaml', {'cluster': {'name': name, 'server': server}})


def test_one_cluster_has_one_key_however_its_address_is_written() -> None:
    same = [
        'https://K8s.shop.example',
        'https://k8s.shop.example:443',
        'https://k8s.shop.example/',
        'https://k8s.shop.example:443/',
    ]
    assert len({cluster_key(environment(server)) for server in same}) == 1
    different = [
        'https://k8s.shop.example:6443',
        'http://k8s.shop.example',
        'https://k8s.shop.example/a',
        'https://[::1]',
    ]
    assert len({cluster_key(environment(server)) for server in [*same, *different]}) == 5


def test_in_cluster_addresses_are_told_apart_by_the_name() -> None:
    inside = 'https://kubernetes.default.svc'
    assert cluster_key(environment(inside, 'one')) != cluster_key(environment(inside, 'two'))
    files = r.settings() | r.environment('one', namespace='ml') | r.environment('two', namespace='ml')
    assert registry_problems(loaded(files), TEMPLATES) == []


def test_delivery_objects_may_have_one_name_in_two_namespaces() -> None:
    files = r.settings() | r.model('c') | r.model('b-c') | r.release('a', 'b-c') | r.release('a-b', 'c')
    assert len(shared(files | r.following('a') | r.following('a-b'))) == 1
    apart = r.following('a', applicationNamespace='apps-a') | r.following('a-b', applicationNamespace='apps-b')
    assert shared(files | apart) == []


def test_host_names_may_be_equal_where_no_gateway_is_shared() -> None:
    host = {'route': {'hostname': 'api'}}
    files = r.settings() | r.model('a', **host) | r.model('b', **host)
    one, two = (r.following(name, **r.GATEWAY) for name in ('one', 'two'))
    assert shared(files | one | two | r.release('one', 'a') | r.release('two', 'b')) == []
    assert len(shared(files | one | r.release('one', 'a') | r.release('one', 'b'))) == 1


def test_a_feature_is_missed_only_where_it_is_used() -> None:
    feature = Feature('image volumes', (1, 35), ('artifact', 'delivery'), 'image')
    uses = merge(STARTER, {'artifact': {'delivery': 'image'}})
    old, new = (Environment('x', 'x.yaml', {'kubernetes': version}) for version in ('1.34.2', '1.35'))
    assert [fault.message for fault in feature_faults(uses, old, [feature])] == [
        "Kubernetes '1.34.2' of environment 'x' has no image volumes"
    ]
    assert list(feature_faults(uses, new, [feature])) == list(feature_faults(STARTER, old, [feature])) == []


LAYERS = (
    Layer('registry/models/web.yaml', ('spec', 'ports'), ('ports',), {'http': {'containerPort': 1}}),
    Layer('chart_templates/runtimes/custom.yaml', ('values',), (), {'ports': {'http': {'containerPort': 2}}}),
    Layer('registry/applications/shop.yaml', (), ('route', 'hostnames'), ['x.example']),
)


@pytest.mark.parametrize(
    ('fault', 'told'),
    [
        (
            Fault(('ports', 'http', 'containerPort'), 'm', 'h'),
            ('registry/models/web.yaml', '$.spec.ports.http.containerPort'),
        ),
        (
            Fault(('ports', 'http', 'typo'), 'm', 'h', (('ports', 'http'),)),
            ('registry/models/web.yaml', '$.spec.ports.http'),
        ),
        (Fault(('ports',), 'm', 'h'), ('registry/models/web.yaml', '$.spec.ports')),
        (Fault(('route', 'hostnames', 0), 'm', 'h'), ('registry/applications/shop.yaml', '')),
        (Fault(('test', 'port'), 'm', 'h', (('route',),)), ('registry/applications/shop.yaml', '')),
    ],
)
def test_a_fault_is_told_of_the_file_that_people_can_edit(fault: Fault, told: tuple[str, str]) -> None:
    assert to_problems([fault], LAYERS, 'registry/releases/prod/web.yaml') == [Problem(*told, 'm', 'h')]


def test_what_nobody_wrote_is_told_of_the_release() -> None:
    fault = Fault(('test', 'port'), 'm', 'h')
    (problem,) = to_problems([fault], LAYERS, 'registry/releases/prod/web.yaml')
    assert (problem.path, problem.message) == ('$.spec', 'test.port of the chart: m')
    assert to_problems([dataclasses.replace(fault, if_written=True)], LAYERS, 'x') == []


def test_all_releases_tell_their_problems_at_once() -> None:
    values = {'values': {'metrics': {'port': 'nothing'}}}
    files = r.settings() | r.model('a') | r.model('b') | r.following('prod')
    with pytest.raises(ProblemsFound) as error:
        resolved(files | r.release('prod', 'a', **values) | r.release('prod', 'b', **values))
    assert [problem.file for problem in error.value.problems] == [
        'registry/releases/prod/a.yaml',
        'registry/releases/prod/b.yaml',
    ]


def test_a_model_is_not_called_like_the_canary_of_another() -> None:
    files = r.settings() | r.following('prod', engine='flagger') | r.release('prod', 'web-primary')
    files |= r.model('web-primary') | r.model('web', strategy={'blueGreen': {}}) | r.release('prod', 'web')
    (problem,) = shared(files)
    assert problem.file == 'registry/releases/prod/web-primary.yaml'
    assert problem.message == "its Deployment 'web-primary' would have the same name as one of release 'prod/web'"
    assert shared(files | r.model('web')) == []


def test_a_model_is_not_called_like_the_autoscaler_of_another() -> None:
    keda = {'enabled': True, 'type': 'keda', 'keda': {'query': 'sum(load)', 'serverAddress': 'http://prometheus:9090'}}
    files = r.settings() | r.following('prod', permits=['keda']) | r.model('web-keda') | r.model('web')
    files |= r.release('prod', 'web-keda')
    (problem,) = shared(files | r.release('prod', 'web', values={'autoscaling': keda}))
    assert (
        problem.message
        == "its HorizontalPodAutoscaler 'web-keda' would have the same name as one of release 'prod/web'"
    )
    assert problem.hint == "rename model 'web-keda'"
    assert shared(files | r.release('prod', 'web')) == []


def test_a_rollout_by_commits_waits_for_others_and_a_pin_does_not() -> None:
    need = {'resources': {'accelerators': {'nvidia.com/gpu': 1}}, 'replicas': 2, 'route': {}}
    canary = {'strategy': {'canary': {'steps': [{'weight': 50}]}}}
    files = r.settings() | r.environment('prod', capacity={'accelerators': {'nvidia.com/gpu': 7}}, **r.GATEWAY)
    for name in ('web', 'api'):
        files |= r.model(name, **need, **canary) | r.release('prod', name, version='1', chart='1.0.0')
    api, web = resolved(files)
    assert list(capacity_problems(Scope(loaded(files), [api, web]))) == []  # 2 and 2, and 3 more for either
    tracks = {**web.merged['tracks'], 'canary': {**web.merged['tracks']['canary'], 'enabled': True}}
    rolling = replace(web, merged={**web.merged, 'tracks': tracks})
    assert list(capacity_problems(Scope(loaded(files), [api, rolling]))) == [], 'the one that rests waits'
    pinned = replace(api, written=no_strategy(api.release.file))
    (problem,) = list(capacity_problems(Scope(loaded(files), [pinned, rolling])))
    wanted = 'api 2, web 2, 3 for the rollout of web, and 1 more during a rollout of api'
    assert problem.message == f'the releases need 8 nvidia.com/gpu, the capacity is 7: {wanted}'


# --- what versions decide --------------------------------------------------------------------------------------------

FREE = {'env', 'resources', 'sizeLimit'}


def test_every_value_of_an_artifact_is_decided_or_free() -> None:
    for item in (Release('prod', 'web', 'f', {}), Environment('prod', 'f', {})):
        set_here = replace(item, spec={'values': {'artifact': STARTER['artifact']}})
        told = {problem.path.split('.')[4] for problem in decided_by(set_here) if '.artifact' in problem.path}
        assert told == STARTER['artifact'].keys() - FREE
    own = {'artifact': {'credentials': {'secret': 'own'}, 'sizeLimit': '2Gi'}}
    assert [*decided_by(Release('prod', 'web', 'f', {'values': own}))] == []


def test_the_team_is_that_of_the_model() -> None:
    written = Release('prod', 'web', 'f', {'values': {'team': 'other'}})
    removed = Release('prod', 'web', 'f', {}, (('spec', 'values', 'team'),))
    for item in (written, removed):
        [told] = decided_by(item)
        assert told.message == 'team is set by spec.team of the model'


@pytest.mark.parametrize('path', [('artifact',), ('artifact', 'files'), ('artifact', 'image')])
def test_null_does_not_remove_what_a_version_decides(path: tuple[str, ...]) -> None:
    [told] = decided_by(Release('prod', 'web', 'f', {}, (('spec', 'values', *path),)))
    assert told.path == f'$.spec.values.{".".join(path)}'


@pytest.mark.parametrize(
    ('delivery', 'mount', 'hides'),
    [
        ('download', '/models/ranker', True),
        ('download', '/models/ranker/1', True),
        ('download', '/models/./ranker//1/', True),
        ('download', '/models/ranker/1/variables', True),
        ('download', '/models/ranker/config', False),
        ('download', '/models/ranker/10', False),
        ('download', '/', False),
        ('download', '/tmp/x', False),
        ('volume', '/models/ranker', False),
        ('volume', '/models/ranker/1', True),
        ('image', '/models/ranker/1/variables', True),
        ('baked', '/models/ranker/1', False),
    ],
)
def test_nothing_hides_the_artifact(delivery: str, mount: str, hides: bool) -> None:
    artifact = {'delivery': delivery, 'path': 'ranker/1'}
    values = merge(STARTER, {'artifact': artifact, 'files': {'f': {'content': '', 'mountPath': mount}}})
    told = [fault.path for fault in value_faults(values) if 'would hide' in fault.message]
    assert told == ([('files', 'f', 'mountPath')] if hides else [])
