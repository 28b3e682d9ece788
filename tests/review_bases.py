"""What the labelled changes begin with: models of several runtimes, environments with several routers and engines."""

from __future__ import annotations

import copy
from typing import Any

import registries as r
from review_corpus import Specs

OTHER = f'sha256:{"3" * 64}'
SIGNATURE = {
    'inputs': {'x': {'dtype': 'float32', 'shape': [-1, 4]}}, 'outputs': {'y': {'dtype': 'float32', 'shape': [-1, 1]}},
}  # fmt: skip
FULL = ['--max-model-len=8192', '--served-model-name=web', '--tensor-parallel-size=2']


def versions(*names: str, image: str = 'registry.example/server:{}', **more: Any) -> list[r.Document]:
    return [{**r.version(name), 'image': f'{image.format(name)}@{r.DIGEST}', **copy.deepcopy(more)} for name in names]


CUSTOM: dict[str, Any] = {
    'team': 'shop', 'description': 'Answers', 'runtime': 'custom', 'route': {}, 'replicas': 4, 'args': FULL,
    'resources': {
        'requests': {'cpu': '1', 'memory': '4Gi'},
        'limits': {'memory': '4Gi', 'nvidia.com/gpu': '2'},
    },
    'versions': versions('1', '2', signature=SIGNATURE, metrics={'recall': 0.5}),
    'env': {'MODE': {'value': 'fast'}},
}  # fmt: skip
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '1h'}, {'weight': 50, 'hold': '1h'}]}}
CHECKED = {'canary': {**CANARY['canary'], 'checks': {'successRate': '>= 99%', 'p99': '<= 200ms'}}}
MONITORING = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://prometheus.monitoring:9090'}
PROD: dict[str, Any] = {
    **r.ENVOY, 'engine': 'argo-rollouts', 'strategy': CANARY, 'production': True, 'monitoring': MONITORING,
}  # fmt: skip
NATIVE = {**PROD, 'engine': 'native'}
FLAGGER = {**PROD, 'engine': 'flagger', 'agent': 'flux', 'strategy': {
    'canary': {'steps': [{'weight': 20, 'hold': '10m'}, {'weight': 50, 'hold': '10m'}]},
}}  # fmt: skip
ROLLING = {key: value for key, value in PROD.items() if key not in ('engine', 'strategy')}
GATEWAY = {'name': 'public', 'namespace': 'gateways'}
ISTIO = {**NATIVE, 'router': 'istio', 'gateway': GATEWAY, 'mesh': {'mode': 'sidecar'}}
NGINX = {
    **NATIVE, 'router': 'nginx', 'gateway': {'name': 'nginx', 'namespace': 'ingress-nginx'},
    'tls': {'issuer': {'name': 'letsencrypt'}},
}  # fmt: skip
IDENTITY = {
    'identity': {'issuer': 'https://id.example', 'jwksUri': 'https://id.example/keys', 'audiences': ['ml']},
}  # fmt: skip


def specs(spec: dict[str, Any], prod: dict[str, Any], **more: dict[str, Any]) -> Specs:
    return {'model': spec, 'prod': prod, 'prod-release': {'version': '1', 'chart': '1.0.0'}, **more}


def artifact(uri: str, size: str, kind: str, **more: Any) -> dict[str, Any]:
    return {'artifact': {'uri': uri, 'sha256': '2' * 64, 'kind': kind, 'size': size, **more}}


WEB = specs(CUSTOM, PROD)
ONE = specs({**CUSTOM, 'versions': versions('1')}, PROD)  # a chart of the same version makes pods restart
TWO_REGIONS = specs(
    CUSTOM, PROD, eu={**PROD, 'domain': 'eu.example'}, **{'eu-release': {'version': '1', 'chart': '1.0.0'}}
)
STAGED = specs(
    CUSTOM, {**PROD, 'promotesFrom': ['@staging@']}, staging={**ROLLING, 'production': False},
    **{'staging-release': {'version': '1', 'chart': '1.0.0'}},
)  # fmt: skip
CHECKED_SERVER = {
    'team': 'shop', 'description': 'Ranks', 'runtime': 'tensorflow-serving', 'route': {}, 'replicas': 4,
    'slo': {'availability': 99.9, 'p99': '100ms'}, 'traffic': {'timeout': '1s'},
    'resources': {'requests': {'cpu': '1', 'memory': '2Gi'}, 'limits': {'memory': '2Gi'}},
    'versions': versions(
        '1', '2', image='docker.io/tensorflow/serving:2.18.{}', signature=SIGNATURE, metrics={'ndcg@10': 0.41},
        **artifact('https://models.example/rank.tar.gz', '600Mi', 'saved-model'),
    ),
}  # fmt: skip
RANKER = specs(CHECKED_SERVER, {**PROD, 'strategy': CHECKED})
RANKER_NATIVE = specs(CHECKED_SERVER, {**NATIVE, 'strategy': CHECKED})
RANKER_FLAGGER = specs(CHECKED_SERVER, FLAGGER)
RANKER_ISTIO = specs(CHECKED_SERVER, ISTIO)
RANKER_NGINX = specs(CHECKED_SERVER, NGINX)
FILES = dict.fromkeys(('config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'), '4' * 64)
LLM_MODEL: dict[str, Any] = {
    'team': 'chat', 'description': 'Writes', 'runtime': 'vllm', 'route': {}, 'replicas': 4,
    'slo': {'p99': '8s'}, 'traffic': {'timeout': '60s'},
    'parameters': {'max-model-len': 8192, 'gpu-memory-utilization': 0.9},
    'resources': {
        'requests': {'cpu': '4', 'memory': '16Gi'}, 'limits': {'memory': '24Gi'}, 'accelerators': {'nvidia.com/gpu': 1},
    },
    'scheduling': {'nodeSelector': {'nvidia.com/gpu.product': 'NVIDIA-L4'}},
    'versions': versions(
        '1', '2', image='docker.io/vllm/vllm-openai:v0.30.{}', metrics={'perplexity': 6.1},
        artifact={'uri': 's3://ml-models/llm', 'files': FILES, 'kind': 'huggingface', 'size': '15Gi'},
    ),
}  # fmt: skip
LLM = specs(LLM_MODEL, PROD)
LLM_ROOM = specs(LLM_MODEL, {**PROD, 'capacity': {'accelerators': {'nvidia.com/gpu': 8}}})
TRITON = specs({
    'team': 'text', 'description': 'Classifies', 'runtime': 'triton', 'route': {}, 'replicas': 4,
    'resources': {
        'requests': {'cpu': '2', 'memory': '4Gi'}, 'limits': {'memory': '4Gi'}, 'accelerators': {'nvidia.com/gpu': 1},
    },
    'versions': versions(
        '1', '2', image='nvcr.io/nvidia/tritonserver:25.0{}-py3', signature=SIGNATURE, metrics={'f1 macro': 0.9},
        **artifact('https://models.example/text/model.onnx', '260Mi', 'onnx'),
    ),
}, PROD)  # fmt: skip
TFLITE = specs({
    'team': 'belt', 'description': 'Looks', 'runtime': 'tflite', 'replicas': 2,
    'resources': {'requests': {'cpu': '500m', 'memory': '256Mi'}, 'limits': {'memory': '512Mi'}},
    'versions': versions(
        '1', '2', image='docker.io/openvino/model_server:2025.{}', metrics={'word error rate': 0.08, 'shape': 3},
        **artifact('https://models.example/belt/model.tflite', '5Mi', 'tflite'),
    ),
}, {'agent': 'flux', 'production': True})  # fmt: skip
SKLEARN = specs({
    'team': 'bank', 'description': 'Scores', 'runtime': 'mlserver', 'route': {}, 'replicas': 3,
    'versions': versions(
        '1', '2', image='docker.io/seldonio/mlserver:1.7.{}-sklearn', metrics={'auc': 0.8},
        **artifact('https://models.example/score/1.tar.gz', '20Mi', 'mlserver'),
    ),
}, ROLLING)  # fmt: skip
