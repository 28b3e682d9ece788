"""Rules of model servers: the name and the tokens of what they serve, options of the model, and the GPUs it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.compare.effects import WORKLOADS
from generator.compare.fields import ABSENT, Field
from generator.compare.told import sides
from generator.review.gpus import gpu_count, gpu_memory
from generator.review.leaves import leaves
from generator.review.options import changed_options, number, options_of
from generator.review.records import Evidence, Rule, Side, Touched
from generator.review.states import Told, artifact_size, became, gibibytes

# Options and variables of servers that decide what a request is and what its answer means.
_SERVED = ('served-model-name', 'model-name', 'tokenizer', 'tokenizer-revision', 'tokenizer-mode', 'chat-template')
_SERVED_BY = ('MLSERVER_MODEL_NAME', 'MODEL_NAME', 'SERVED_MODEL_NAME', 'TOKENIZER', 'TOKENIZER_CONFIG_PATH')
_NUMBERS = (
    'quantization', 'quantize', 'dtype', 'max-model-len', 'max-seq-len', 'max-total-tokens', 'max-input-tokens',
    'max-input-length', 'kv-cache-dtype', 'kv-cache-precision', 'rope-scaling', 'calculate-kv-scales',
)  # fmt: skip
_NUMBERS_BY = ('QUANTIZE', 'DTYPE', 'MAX_TOTAL_TOKENS', 'MAX_INPUT_TOKENS', 'MAX_INPUT_LENGTH', 'KV_CACHE_DTYPE')
# Where requests name the model.
_NAMED = re.compile(r'/(?:v[12]/models|predictions|models)/([^/:]+)')
_TOKENS = re.compile(r'token|chat_template|vocab|merges|\.jinja|spiece|sentencepiece', re.IGNORECASE)
# The bytes of a parameter that is loaded with fewer bits than its file has, in parts of those of the file.
_SMALLER = {'fp8': 2, 'bitsandbytes': 4, 'int8': 2}
_UTILIZATION = 0.92  # what vLLM takes of a GPU if nobody says (docs.vllm.ai: vllm.config.cache); 0.9 before


def _served(touched: Touched) -> Iterator[Evidence]:
    yield from changed_options(touched, _SERVED)
    yield from _variables(touched, _SERVED_BY)
    for old, new in touched.both:
        before, after = (_name(each.merged) for each in (old, new))
        if before and after and before != after:
            yield Evidence(f'model {touched.model}', 'name in requests', before, after)
        for what, parts in _texts(old).items():
            now = _texts(new)[what]
            for name in sorted({*parts, *now}):
                if _TOKENS.search(name) and parts and now and parts.get(name) != now.get(name):
                    both = (each.get(name, ABSENT) for each in (parts, now))
                    yield Evidence(f'model {touched.model}', f'{what}.{name}', *sides(Field((what, name), *both)))


def _name(values: Mapping[str, Any]) -> str:
    found = (_NAMED.search(values[probe].get('path', '')) for probe in ('test', 'readinessProbe', 'startupProbe'))
    return next((each[1] for each in found if each), '')


def _texts(side: Side) -> dict[str, dict[str, str]]:
    """Files of the artifact with their sums, and files of the chart with their contents."""
    files = {name: str(each.get('content', '')) for name, each in side.merged['files'].items()}
    return {'artifact.files': dict(side.version_spec.get('artifact', {}).get('files', {})), 'files': files}


def _variables(touched: Touched, names: tuple[str, ...]) -> Iterator[Evidence]:
    for leaf in leaves(touched, *WORKLOADS):
        named = leaf.path[-3:-2] == ('env',) and leaf.key == 'value' and leaf.path[-2][1:-1] in names
        if named:
            yield leaf.evidence()


def _numbers(touched: Touched) -> Iterator[Evidence]:
    yield from changed_options(touched, _NUMBERS)
    yield from _variables(touched, _NUMBERS_BY)


def _wanted(options: dict[str, str]) -> int:
    """How many GPUs a server divides its model among, 0 if it does not say."""
    parts = [number(options, *names) for names in _PARALLEL]
    if all(each is None for each in parts):
        return 0
    wanted = 1
    for each in parts:
        wanted *= int(each or 1)
    return wanted


_PARALLEL = (('tensor-parallel-size', 'num-shard'), ('pipeline-parallel-size',), ('data-parallel-size-local',))


def _parallel(side: Side) -> Told | None:
    wanted, gpus = _wanted(options_of(side)), gpu_count(side.merged)
    if not wanted or not gpus:
        return None
    return Told('pods', 'parallel processes', f'{wanted} of {gpus} GPUs', wanted != gpus)


def _needed(side: Side) -> Told | None:
    """Weights and the cache that is asked for, of which each GPU of a pod holds its part; a lower bound."""
    weights, memory, gpus = artifact_size(side), gpu_memory(side.resolved), gpu_count(side.merged)
    if weights is None or memory is None or not gpus:
        return None
    options = options_of(side)
    weights /= _SMALLER.get(options.get('quantization', ''), 1)
    offloaded = number(options, 'cpu-offload-gb') or 0
    split = min(_wanted(options) or gpus, gpus)
    cache = int(number(options, 'kv-cache-memory-bytes') or 0) * split
    need = weights + cache - int(offloaded * split * 2**30)
    used = number(options, 'gpu-memory-utilization') or (_UTILIZATION if 'vllm' in side.merged['command'] else 1)
    room = memory * split * int(used * 1000) / 1000
    what = 'weights and KV cache' if cache else 'weights'
    return Told('pods', f'{what}, in memory of GPUs', f'{gibibytes(need)} in {gibibytes(room)}', need > room)


RULES = (
    Rule('served-name', 'critical', 'the name or the tokens of what is served change',
         'make sure that all clients know', _served),
    Rule('parallel-gpus', 'critical', 'the server expects another number of GPUs than its pod has',
         'make the two numbers equal', lambda touched: became(touched, _parallel)),
    Rule('gpu-memory', 'critical', 'the model is larger than the memory of its GPUs',
         'give it more or larger GPUs, or a smaller model', lambda touched: became(touched, _needed)),
    Rule('model-options', 'high', 'options change what the model computes or how long a request may be',
         'measure quality and memory again', _numbers),
)  # fmt: skip
