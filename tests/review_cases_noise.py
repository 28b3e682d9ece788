"""Labelled changes that are no danger: none of them may raise an alarm."""

from __future__ import annotations

import registries as r
from review_bases import (
    CANARY,
    CUSTOM,
    FLAGGER,
    FULL,
    IDENTITY,
    LLM,
    LLM_ROOM,
    MONITORING,
    NATIVE,
    ONE,
    OTHER,
    PROD,
    RANKER,
    RANKER_FLAGGER,
    RANKER_ISTIO,
    RANKER_NATIVE,
    RANKER_NGINX,
    SIGNATURE,
    SKLEARN,
    STAGED,
    TFLITE,
    TRITON,
    TWO_REGIONS,
    WEB,
    specs,
    versions,
)  # fmt: skip
from review_cases_objects import OPEN, SCALED
from review_cases_ways import STAGED_SOAK, THREE, step, steps
from review_corpus import NULL, Case, danger, model, newest, noise, put, several, to, values, version

LIMITED = specs({**CUSTOM, 'resources': {**CUSTOM['resources'], 'limits': {
    **CUSTOM['resources']['limits'], 'cpu': '2'}}}, PROD)  # fmt: skip

BESIDE = specs({**ONE['model'], 'containers': {'proxy': {
    'image': {'repository': 'registry.example/proxy', 'tag': 'v2', 'digest': r.DIGEST},
    'resources': {'requests': {'cpu': '1', 'memory': '1Gi'}, 'limits': {'memory': '1Gi'}},
}}}, PROD)  # fmt: skip

NOISE: dict[str, Case] = {
    # A new version that is like the old one.
    'a new version': noise(WEB, newest()),
    'native: a new version by a pin': noise(specs(CUSTOM, {**NATIVE, 'strategy': {'rolling': {}}}), newest()),
    'flagger: a new version': noise(specs(CUSTOM, FLAGGER), newest()),
    'tfs: a new version': noise(RANKER, newest()),
    'tfs, flagger: a new version': noise(RANKER_FLAGGER, newest()),
    'llm: a new version': noise(LLM, newest()),
    'triton: a new version': noise(TRITON, newest()),
    'tflite: a new version': noise(TFLITE, newest()),
    'mlserver: a new version': noise(SKLEARN, newest()),
    'another digest of the new version': noise(WEB, version('image', value=f'registry.example/server:2@{OTHER}')),
    'llm: a patch of the server': noise(LLM, version('image', value=f'docker.io/vllm/vllm-openai:v0.30.9@{OTHER}')),
    'triton: a later month': noise(TRITON, version('image', value=f'nvcr.io/nvidia/tritonserver:25.09-py3@{OTHER}')),
    'a metric is better': noise(WEB, version('metrics', 'recall', value=0.6)),
    'tflite: fewer errors': noise(TFLITE, version('metrics', 'word error rate', value=0.07)),
    'tflite: a metric of which nobody knows what is better': noise(TFLITE, version('metrics', 'shape', value=2)),
    'a further metric': noise(WEB, version('metrics', 'weight', value=3)),
    'tfs: another file of the same host': noise(
        RANKER, version('artifact', 'uri', value='https://models.example/rank-2.tar.gz')
    ),
    'llm: a smaller model': noise(LLM, version('artifact', 'size', value='12Gi')),
    'llm: other weights': noise(LLM, version('artifact', 'files', 'model.safetensors', value='9' * 64)),
    'in the order of versions': noise(THREE, to('2', '1.1.0')),
    'one region': noise(TWO_REGIONS, to('2', '1.1.0')),
    'a version in staging': noise(STAGED, to('2', '1.1.0', 'staging-release')),
    'a new version that nobody runs': noise(WEB, put('model', 'versions', 1, 'notes', value='better')),
    'a further version that nobody runs': noise(
        WEB, put('model', 'versions', value=versions('1', '2', '3', signature=SIGNATURE, metrics={'recall': 0.5}))
    ),
    # Pods restart, for what everybody expects of it.
    'requests raised': noise(WEB, values('resources', 'requests', 'cpu', value='2')),
    'requests and limits raised': noise(
        WEB, several(*(values('resources', each, 'memory', value='6Gi') for each in ('limits', 'requests')))
    ),
    'a missing limit of CPU': noise(LIMITED, values('resources', 'limits', 'cpu', value=NULL)),
    'a new tag on the same digest': noise(
        BESIDE, model('containers', 'proxy', 'image', 'tag', value='v2-stable')
    ),
    'a new option that is off': noise(ONE, model('args', value=[*FULL, '--enable-prefix-caching=false'])),
    'a new switch that is off': noise(ONE, model('args', value=[*FULL, '--no-enable-chunked-prefill'])),
    'a new variable that is off': noise(ONE, model('env', 'TRACING', value={'value': 'false'})),
    'a new variable that switches a guard off': danger(
        ONE, model('env', 'REQUIRE_TOKEN', value={'value': 'false'}), 'restart'
    ),
    'llm: a new option that is off': noise(LLM, model('parameters', 'enable-lora', value=False)),
    'llm: code of the model stays off': noise(LLM, model('parameters', 'trust-remote-code', value=False)),
    # Pods stay.
    'more pods': noise(WEB, values('replicaCount', value=6)),
    'one pod less': noise(WEB, values('replicaCount', value=3)),
    'llm: as many pods as there is room for': noise(
        LLM_ROOM, several(values('replicaCount', value=3))
    ),
    'more pods at most': noise(SCALED, values('autoscaling', 'maxReplicas', value=10)),
    'scaled a little earlier': noise(SCALED, values('autoscaling', 'targetCPUUtilizationPercentage', value=65)),
    'history': noise(WEB, values('revisionHistoryLimit', value=3)),
    'a later deadline': noise(WEB, values('progressDeadlineSeconds', value=3600)),
    'a larger budget of drains': noise(WEB, values('podDisruptionBudget', 'maxUnavailable', value='25%')),
    'a label of the Service': noise(WEB, put('prod', 'values', 'service', 'annotations', value={'example.com/a': 'b'})),
    'another team': noise(WEB, model('team', value='search')),
    'a description': noise(WEB, put('model', 'description', value='Answers all')),
    'a description in a chart that prod gets': noise(ONE, model('description', value='Answers all')),
    'the same quantity': noise(WEB, values('resources', 'requests', 'cpu', value='1000m')),
    'the same memory': noise(WEB, values('resources', 'limits', 'memory', value='4096Mi')),
    'the same default': noise(WEB, values('revisionHistoryLimit', value=5)),
    'the same host in other words': noise(WEB, put('model', 'route', 'hostname', value='@model@')),
    'another order of keys': noise(
        WEB, put('model', 'env', value={'MODE': {'value': 'fast'}})
    ),
    # Monitoring.
    'alerts': noise(WEB, put('prod', 'monitoring', value={**MONITORING, 'rules': True, 'dashboards': True})),
    'alerts and words': noise(
        RANKER, put('prod', 'monitoring', value={**MONITORING, 'rules': True, 'dashboards': True})
    ),
    'an alert earlier': noise(
        specs(RANKER['model'], {**RANKER['prod'], 'monitoring': {**MONITORING, 'rules': True}}),
        model('slo', 'availability', value=99.95),
    ),
    'labels of monitors': noise(RANKER, put('prod', 'monitoring', 'labels', value={'release': 'prometheus'})),
    # More care, fewer rights.
    'more steps': noise(WEB, put('prod-release', 'strategy', value=steps(step(10), step(20), step(50)))),
    'longer holds': noise(WEB, put('prod-release', 'strategy', value=steps(step(20, '2h'), step(50, '2h')))),
    'an approval': noise(WEB, put('prod-release', 'strategy', value=steps(step(20), step(50, approval=True)))),
    'checks': noise(
        specs(RANKER['model'], PROD),
        put('prod-release', 'strategy', value=steps(*CANARY['canary']['steps'], checks={'successRate': '>= 99%'})),
    ),
    'tfs, native: a stricter check': noise(
        RANKER_NATIVE,
        put('prod-release', 'strategy',
            value=steps(*CANARY['canary']['steps'], checks={'successRate': '>= 99.5%', 'p99': '<= 200ms'})),
    ),
    'nobody else may come in': danger(OPEN, put('prod', 'values', value=None), 'closed-network'),
    'a longer soak': noise(STAGED_SOAK, put('prod', 'promotion', 'soak', value='48h')),
    'a better metric is wanted': noise(STAGED_SOAK, put('prod', 'promotion', 'metrics', 'recall', value='>= 0.6')),
    'a gate': noise(
        {**STAGED, 'prod': PROD}, put('prod', 'promotesFrom', value=['@staging@'])
    ),
    'a lock': noise(WEB, put('prod', 'lock', value={'reason': 'a sale', 'by': 'ops'})),
    'fewer grants': noise(
        specs(CUSTOM, {**PROD, 'egress': {'namespaces': ['bank']}}), put('prod', 'egress', value=None)
    ),
    # Routes.
    'a longer time limit': noise(RANKER, values('route', 'timeout', value='2s')),
    'istio: a longer time limit': noise(RANKER_ISTIO, values('route', 'timeout', value='2s')),
    'nginx: a longer time limit': noise(RANKER_NGINX, values('route', 'timeout', value='2s')),
    'an identity provider that nobody asks': noise(WEB, put('prod', 'identity', value=IDENTITY['identity'])),
}  # fmt: skip
