"""A model's signature → the request of a real prediction, in the protocol that its runtime speaks."""

from __future__ import annotations

import json
import math
from typing import Any

from generator.domain import Values

_ZERO: dict[str, Any] = {'string': '', 'bool': False}
_V2_TYPES = {
    'float16': 'FP16', 'float32': 'FP32', 'float64': 'FP64', 'int8': 'INT8', 'int16': 'INT16', 'int32': 'INT32',
    'int64': 'INT64', 'uint8': 'UINT8', 'uint16': 'UINT16', 'uint32': 'UINT32', 'uint64': 'UINT64',
    'bool': 'BOOL', 'string': 'BYTES',
}  # fmt: skip
DTYPES = tuple(_V2_TYPES)
# What a server cannot take from JSON, or put into it (tritonserver: http_server.cc; serving: util/json_tensor.cc).
_NOT_IN_JSON = {'kserve-v2': {'float16'}, 'tensorflow-rest': {'float16', 'uint16'}}
# A larger request does not belong into values that people read: such models name their own test.
MAX_ELEMENTS = 256


def request(protocol: str, signature: Values) -> dict[str, str]:
    """Body of a prediction with zeros of the right shapes, and what its answer holds.

    {} where the protocol has no such thing or cannot carry one of the types, or where the body would grow too large.
    """
    inputs: Values = signature['inputs']
    types = {tensor['dtype'] for tensor in (*inputs.values(), *signature['outputs'].values())}
    if types & _NOT_IN_JSON.get(protocol, set()):
        return {}
    if sum(math.prod(_shape(tensor)) for tensor in inputs.values()) > MAX_ELEMENTS:
        return {}
    match protocol:
        case 'tensorflow-rest':  # the columnar form: it alone takes inputs without a common batch dimension
            body: Any = {'inputs': {name: _zeros(t['dtype'], _shape(t)) for name, t in inputs.items()}}
        case 'kserve-v2':
            body = {'inputs': [_v2_input(name, tensor) for name, tensor in inputs.items()]}
        case _:
            return {}
    return {'body': json.dumps(body), 'expect': '"outputs"'}


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
