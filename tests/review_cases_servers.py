"""Labelled changes of model servers: options, artifacts, images, GPUs, time to start, to stop and to answer."""

from __future__ import annotations

from review_bases import (
    CUSTOM,
    FULL,
    LLM,
    ONE,
    OTHER,
    PROD,
    RANKER,
    SKLEARN,
    TFLITE,
    TRITON,
    WEB,
    specs,
    versions,
)
from review_corpus import NULL, Case, Change, danger, model, newest, noise, put, several, values, version


def args(*words: str) -> Change:
    return model('args', value=list(words))


def parameter(name: str, value: object) -> Change:
    return model('parameters', name, value=value)


def image(name: str) -> Change:
    return version('image', value=name)


CUDA = specs({**CUSTOM, 'versions': [
    *versions('1', image='registry.example/server:cu121'), *versions('2', image='registry.example/server:cu131'),
]}, PROD)  # fmt: skip

SERVERS: dict[str, Case] = {
    # What a server is asked, and what it answers.
    'a shorter request': danger(WEB, args('--max-model-len=4096', *FULL[1:]), 'model-options'),
    'another precision': danger(WEB, args(*FULL, '--dtype=half'), 'model-options'),
    'quantized': danger(WEB, args(*FULL, '--quantization', 'awq'), 'model-options'),
    'another served name': danger(WEB, args(FULL[0], '--served-model-name=other', FULL[2]), 'served-name'),
    'another chat template': danger(WEB, args(*FULL, '--chat-template=/files/x.jinja'), 'served-name'),
    'another tokenizer': danger(WEB, args(*FULL, '--tokenizer', 'org/other'), 'served-name'),
    'remote code': danger(WEB, args(*FULL, '--trust-remote-code'), 'remote-code'),
    'remote code by a variable': danger(WEB, model('env', 'TRUST_REMOTE_CODE', value={'value': 'true'}), 'remote-code'),
    'more processes than GPUs': danger(WEB, args(*FULL[:2], '--tensor-parallel-size=4'), 'parallel-gpus'),
    'the same version with other options': danger(
        ONE, args(*FULL, '--dtype=half'), 'model-options', 'restart'
    ),
    'llm: longer requests': danger(LLM, parameter('max-model-len', 32768), 'model-options'),
    'llm: shorter requests': danger(LLM, parameter('max-model-len', 2048), 'model-options'),
    'llm: a smaller cache': danger(LLM, parameter('kv-cache-dtype', 'fp8'), 'model-options'),
    'llm: quantized': danger(LLM, parameter('quantization', 'fp8'), 'model-options'),
    'llm: another precision': danger(LLM, parameter('dtype', 'float16'), 'model-options'),
    'llm: other positions': danger(LLM, parameter('rope-scaling', '{"factor":2}'), 'model-options'),
    'llm: remote code': danger(LLM, parameter('trust-remote-code', value=True), 'remote-code'),
    'llm: another name': danger(LLM, model('servedName', value='writer'), 'served-name'),
    'llm: other tokens': danger(LLM, version('artifact', 'files', 'tokenizer.json', value='5' * 64), 'served-name'),
    'llm: a chat template of its own': danger(
        LLM, version('artifact', 'files', 'chat_template.jinja', value='6' * 64), 'served-name'
    ),
    'tfs: another name': danger(RANKER, model('servedName', value='ranker'), 'served-name'),
    'triton: another name': danger(  # it is in the path of its route
        TRITON, model('servedName', value='classes'), 'route-in-rollout', 'route-lost', 'route-wider',
        'served-name',
    ),
    'mlserver: another name': danger(SKLEARN, model('servedName', value='score'), 'served-name'),
    # GPUs.
    'fewer GPUs': danger(
        WEB, values('resources', 'limits', 'nvidia.com/gpu', value='1'), 'other-devices', 'parallel-gpus', 'restart'
    ),
    'another GPU': danger(
        WEB, values('nodeSelector', value={'nvidia.com/gpu.product': 'NVIDIA-T4'}), 'other-devices', 'restart'
    ),
    'llm: split among GPUs it does not have': danger(LLM, parameter('tensor-parallel-size', 2), 'parallel-gpus'),
    'llm: more GPUs, and split': danger(
        LLM,
        newest(put('model', 'resources', 'accelerators', 'nvidia.com/gpu', value=2),
               put('model', 'parameters', 'tensor-parallel-size', value=2)),
        'other-devices',
    ),
    'llm: more GPUs, and split among more still': danger(
        LLM,
        newest(put('model', 'resources', 'accelerators', 'nvidia.com/gpu', value=2),
               put('model', 'parameters', 'tensor-parallel-size', value=2),
               put('model', 'parameters', 'pipeline-parallel-size', value=2)),
        'other-devices', 'parallel-gpus',
    ),
    'llm: a larger model': danger(LLM, version('artifact', 'size', value='30Gi'), 'gpu-memory'),
    'llm: a smaller GPU': danger(
        LLM, values('nodeSelector', 'nvidia.com/gpu.product', value='Tesla-T4'),
        'gpu-memory', 'other-devices', 'restart',
    ),
    'llm: a part of a GPU': danger(
        LLM, model('resources', 'accelerators', value={'nvidia.com/mig-1g.10gb': 1}), 'gpu-memory', 'other-devices'
    ),
    'llm: a part of a GPU that suffices': danger(
        LLM, model('resources', 'accelerators', value={'nvidia.com/mig-3g.40gb': 1}), 'other-devices'
    ),
    'llm: another machine': danger(
        LLM,
        values('nodeSelector', value={'nvidia.com/gpu.product': None, 'karpenter.k8s.aws/instance-family': 'g4dn'}),
        'gpu-memory', 'other-devices', 'restart',
    ),
    'llm: a large GPU': danger(
        LLM, values('nodeSelector', 'nvidia.com/gpu.product', value='NVIDIA-H100-80GB-HBM3'),
        'other-devices', 'restart',
    ),
    'llm: half of the GPU for others': danger(LLM, parameter('gpu-memory-utilization', 0.5), 'gpu-memory'),
    'llm: weights fit, but not with this cache': danger(
        LLM, parameter('kv-cache-memory-bytes', 10 * 2**30), 'gpu-memory'
    ),
    # Images and artifacts.
    'an image from elsewhere': danger(WEB, image(f'other.example/server:2@{OTHER}'), 'new-origin'),
    'an image of another repository': danger(WEB, image(f'registry.example/other:2@{OTHER}'), 'new-origin'),
    'a container from elsewhere': danger(
        WEB, model('containers', 'helper', value={'image': {'repository': 'other.example/helper', 'digest': OTHER}}),
        'new-origin',
    ),
    'a container of the same repository': noise(
        WEB, model('containers', 'helper', value={'image': {'repository': 'registry.example/server', 'digest': OTHER}})
    ),
    'an image without digest': danger(
        WEB, several(put('prod', 'requireDigest', value=False), image('registry.example/server:2')), 'unpinned-image',
        'wider-grant',
    ),
    'an image through another mirror': danger(
        WEB, put('prod', 'registryMirrors', value={'registry.example': 'mirror.example'}),
        'new-origin', 'restart', 'wider-grant',
    ),
    'llm: the next server': danger(LLM, image(f'docker.io/vllm/vllm-openai:v0.33.0@{OTHER}'), 'major-image'),
    'tfs: the next major server': danger(RANKER, image(f'docker.io/tensorflow/serving:3.0.0@{OTHER}'), 'major-image'),
    'triton: another year': danger(
        TRITON, image(f'nvcr.io/nvidia/tritonserver:26.01-py3@{OTHER}'), 'major-image'
    ),
    'tflite: another major server': danger(
        TFLITE, image(f'docker.io/openvino/model_server:2026.1@{OTHER}'), 'major-image'
    ),
    'another CUDA': danger(CUDA, newest(), 'major-image'),
    'llm: weights of another bucket': danger(
        LLM, version('artifact', 'uri', value='s3://other-models/llm'), 'new-origin'
    ),
    'llm: weights of another store': danger(
        LLM, version('artifact', 'endpoint', value='https://s3.other.example'), 'new-origin'
    ),
    'llm: weights of the hub': danger(
        LLM, version('artifact', 'uri', value=f'hf://org/llm@{"a" * 40}'), 'new-origin'
    ),
    'tfs: a model of another host': danger(
        RANKER, version('artifact', 'uri', value='https://other.example/rank.tar.gz'), 'new-origin'
    ),
    'mlserver: a pickle': danger(
        SKLEARN,
        newest(put('model', 'versions', 1, 'artifact', 'uri', value='https://models.example/score/model.joblib'),
               put('model', 'versions', 1, 'artifact', 'kind', value='sklearn')),
        'remote-code',
    ),
    # Memory, storage and time.
    'less memory': danger(
        WEB, several(*(values('resources', each, 'memory', value='2Gi') for each in ('limits', 'requests'))),
        'less-memory', 'restart',
    ),
    'tfs: less memory than the model': danger(
        RANKER, several(*(values('resources', each, 'memory', value='512Mi') for each in ('limits', 'requests'))),
        'artifact-room', 'less-memory', 'restart',
    ),
    'tfs: a model larger than the memory': danger(RANKER, version('artifact', 'size', value='3Gi'), 'artifact-room'),
    'tfs: no disk for the download': danger(
        RANKER, values('artifact', 'sizeLimit', value='300Mi'), 'artifact-room', 'less-memory', 'restart'
    ),
    'llm: more shared memory than memory': danger(
        LLM, values('volumes', 'shm', 'sizeLimit', value='32Gi'), 'artifact-room', 'restart'
    ),
    'llm: less shared memory': danger(
        LLM, values('volumes', 'shm', 'sizeLimit', value='64Mi'), 'less-memory', 'restart'
    ),
    'llm: killed while it loads': danger(
        LLM, values('startupProbe', 'failureThreshold', value=10), 'restart', 'start-up'
    ),
    'no limits': danger(RANKER, values('resources', 'limits', value=NULL), 'restart'),
    'llm: given up while it loads': danger(LLM, values('progressDeadlineSeconds', value=200), 'start-up'),
    'tfs: a larger model with the old budget': danger(
        RANKER,
        newest(put('model', 'versions', 1, 'artifact', 'size', value='1900Mi'),
               put('model', 'startupProbe', value={'periodSeconds': 5, 'failureThreshold': 6})),
        'start-up',
    ),
    'killed before drained': danger(WEB, values('terminationGracePeriodSeconds', value=15), 'grace', 'restart'),
    'llm: killed while it answers': danger(LLM, values('terminationGracePeriodSeconds', value=45), 'grace', 'restart'),
    'llm: finishes longer than it may': danger(LLM, parameter('shutdown-timeout', 90), 'grace'),
    'llm: a short answer': danger(LLM, values('route', 'timeout', value='5s'), 'timeout'),
    'tfs: a short answer by the model': danger(
        RANKER, model('traffic', 'timeout', value='50ms'), 'route-in-rollout', 'timeout'
    ),
}  # fmt: skip
