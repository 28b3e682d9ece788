"""A model's signature → the request of a real prediction, in the protocol that its runtime speaks."""

from __future__ import annotations

import json
import math
from typing import Any

from generator.domain.values import Values

_ZERO: dict[str, Any] = {'string': '', 'bool': False}
_V2_TYPES = {
    'float16': 'FP16', 'float32': 'FP32', 'float64': 'FP64', 'int8': 'INT8', 'int16': 'INT16', 'int32': 'INT32',
    'int64': 'INT64', 'uint8': 'UINT8', 'uint16': 'UINT16', 'uint32': 'UINT32', 'uint64': 'UINT64',
    'bool': 'BOOL', 'string': 'BYTES',
}  # fmt: skip
DTYPES = tuple(_V2_TYPES)
# Types that a server cannot read or write as JSON (tritonserver: http_server.cc; serving: util/json_tensor.cc).
_NOT_IN_JSON = {'kserve-v2': {'float16'}, 'tensorflow-rest': {'float16', 'uint16'}}
# A larger request makes values hard to read: such models set their own test.
MAX_ELEMENTS = 256


def request(protocol: str, signature: Values) -> dict[str, str]:
    """Return the body of a prediction with zeros, and a text that its answer contains; {} if there is none."""
    if no_request(protocol, signature):
        return {}
    inputs: Values = signature['inputs']
    body: Any = {'inputs': [_v2_input(name, tensor) for name, tensor in inputs.items()]}
    if protocol == 'tensorflow-rest':  # columnar: the only form for inputs without a common batch dimension
        body = {'inputs': {name: _zeros(t['dtype'], _shape(t)) for name, t in inputs.items()}}
    return {'body': json.dumps(body, separators=(',', ':')), 'expect': '"outputs"'}


def no_request(protocol: str, signature: Values | None) -> str:
    """Return why no request can be generated for a model; '' if one can."""
    if protocol not in _NOT_IN_JSON:
        return 'its runtime has no known protocol for predictions'
    if signature is None:
        return 'its version has no signature'
    types = {tensor['dtype'] for tensor in (*signature['inputs'].values(), *signature['outputs'].values())}
    if strange := sorted(types & _NOT_IN_JSON[protocol]):
        return f'JSON does not support its type {strange[0]}'
    count = sum(math.prod(_shape(tensor)) for tensor in signature['inputs'].values())
    return f'its inputs have {count} elements, the limit is {MAX_ELEMENTS}' if count > MAX_ELEMENTS else ''


def _v2_input(name: str, tensor: Values) -> dict[str, Any]:
    shape = _shape(tensor)
    data = [_ZERO.get(tensor['dtype'], 0)] * math.prod(shape)
    return {'name': name, 'shape': shape, 'datatype': _V2_TYPES[tensor['dtype']], 'data': data}


def _shape(tensor: Values) -> list[int]:
    return [max(dimension, 1) for dimension in tensor['shape']]


def _zeros(dtype: str, shape: list[int]) -> Any:
    if not shape:
        return _ZERO.get(dtype, 0)
    return [_zeros(dtype, shape[1:]) for _ in range(shape[0])]
