"""Single changes of a model or of the starter, each with the class of the bump, a part of its reason, and its pods."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import registries as r
from parts import ROOT

from generator.charts.starter import load_templates, starter_of
from generator.documents.write import dump_yaml
from generator.domain.generated import Templates
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings

STARTER = ROOT / 'chart_templates/model-server'
SETTINGS = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
SIGNATURE = {
    'inputs': {'x': {'dtype': 'float32', 'shape': [-1, 4]}},
    'outputs': {'y': {'dtype': 'float32', 'shape': [-1, 1]}},
}
SPEC: dict[str, Any] = {
    'team': 'shop',
    'description': 'Answers',
    'runtime': 'custom',
    'ports': {
        'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
        'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'},
    },
    'env': {'LEVEL': {'value': 'info'}},
    'resources': {'requests': {'cpu': '500m', 'memory': '1Gi'}, 'limits': {'memory': '1Gi'}},
    'route': {'rules': {'main': {'path': '/v1'}}},
    'versions': [{**r.version('1.4.0'), 'signature': SIGNATURE}],
}
# A model that clients ask for by its name.
NAMED: dict[str, Any] = {
    'team': 'shop',
    'description': 'Ranks',
    'runtime': 'triton',
    'route': {'grpc': {'methods': {'infer': {'service': 'inference.GRPCInferenceService', 'method': 'ModelInfer'}}}},
    'versions': [{**r.version('1.4.0'), 'artifact': {**r.ARTIFACT, 'kind': 'onnx'}, 'signature': SIGNATURE}],
}
Spec = dict[str, Any]
Files = dict[str, bytes]


@dataclass(frozen=True)
class Mutation:
    """`model` changes the spec of the model, `starter` the files of the starter; `pods` is what pods do."""

    name: str
    bump: str
    reason: str
    pods: str = 'none'
    model: Callable[[Spec], None] = lambda spec: None
    starter: Callable[[Files], None] = lambda files: None
    named: bool = False  # a change of the model NAMED


def model_of(spec: Mapping[str, Any]) -> Model:
    parsed = tuple(ModelVersion(each['version'], each['image'], each) for each in spec['versions'])
    return Model('web', 'registry/models/web.yaml', spec, parsed)


def mutated_model(*mutations: Mutation, named: bool = False) -> Model:
    spec = deepcopy(NAMED if named else SPEC)
    for mutation in mutations:
        mutation.model(spec)
    return model_of(spec)


@cache
def _files() -> Files:
    return r.tree(STARTER)


def mutated_templates(*mutations: Mutation) -> Templates:
    """This chartloom's templates, with a changed starter if a mutation changes it."""
    files = dict(_files())
    for mutation in mutations:
        mutation.starter(files)
    known = load_templates()
    if files == _files():
        return known
    return Templates(starter_of(files, 'model-server'), known.runtimes, known.documents, known.schemas)


# --- ways to change something ----------------------------------------------------------------------------------------


def put(*path: str | int, value: Any) -> Callable[[Spec], None]:
    """Set a key of the model, of which all keys above exist or are made."""

    def change(spec: Spec) -> None:
        place: Any = spec
        for step in path[:-1]:
            place = place[step] if isinstance(step, int) else place.setdefault(step, {})
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Spec], None]:
    def change(spec: Spec) -> None:
        place: Any = spec
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


def release(version: str, **more: Any) -> Callable[[Spec], None]:
    """Add a model version; what is not given is as in the one before."""

    def change(spec: Spec) -> None:
        spec['versions'].append({**spec['versions'][-1], **r.version(version), **more})

    return change


def text(file: str, old: str, new: str) -> Callable[[Files], None]:
    """Replace a text of a file of the starter, which must have it."""

    def change(files: Files) -> None:
        assert old.encode() in files[file], f'{file} has no {old!r}'
        files[file] = files[file].replace(old.encode(), new.encode(), 1)

    return change


def schema(*path: str, **keys: Any) -> Callable[[Files], None]:
    """Change keys of a place in the values schema; None removes a key."""

    def change(files: Files) -> None:
        document = json.loads(files['values.schema.json'])
        place = document
        for step in path:
            place = place[step]
        for key, value in keys.items():
            if value is None:
                place.pop(key)
            else:
                place[key] = value
        files['values.schema.json'] = json.dumps(document, ensure_ascii=False).encode()

    return change


def default(key: str, value: Any) -> Callable[[Files], None]:
    """Replace a top-level default of the starter by another value, or add one at the end."""

    def change(files: Files) -> None:
        lines = files['values.yaml'].decode().split('\n')
        start = next((i for i, line in enumerate(lines) if line.startswith(f'{key}:')), len(lines))
        end = next((i for i in range(start + 1, len(lines)) if lines[i][:1] not in ('', ' ', '-')), len(lines))
        lines[start:end] = dump_yaml({key: value}).rstrip('\n').split('\n')
        files['values.yaml'] = '\n'.join([*lines, '']).encode()

    return change


def both(*changes: Callable[[Files], None]) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for each in changes:
            each(files)

    return change
