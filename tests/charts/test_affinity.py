"""Affinity in the chart's schema: what Kubernetes takes, no key more and none less, and what is said of the rest."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from parts import ROOT
from starter import CHART, DEFAULTS, SCHEMA, VALUE_SETS, Values, merge, of_kind, rendered, run_helm

from generator.charts.starter import load_templates
from generator.documents.read import read_yaml
from generator.documents.schema import RegistrySchemas, values_faults

AFFINITY: Values = VALUE_SETS['everything-values']['affinity']
TEXT = (CHART / 'values.schema.json').read_bytes()
REQUIRED, PREFERRED = (f'{kind}DuringSchedulingIgnoredDuringExecution' for kind in ('required', 'preferred'))
TERM = ('nodeAffinity', REQUIRED, 'nodeSelectorTerms', 0)
PODS = ('podAffinity', REQUIRED, 0)
Way = tuple[str | int, ...]


def keys(node: Any, definitions: Values, path: Way = ()) -> Iterator[Way]:
    """The way to each key that a schema knows."""
    while '$ref' in node:
        node = definitions[node['$ref'].rsplit('/', 1)[-1]]
    if 'items' in node:
        yield from keys(node['items'], definitions, path)
    for key, below in node.get('properties', {}).items():
        yield (*path, key)
        yield from keys(below, definitions, (*path, key))


def used(node: Any, path: Way = ()) -> Iterator[Way]:
    for key, below in node.items() if isinstance(node, dict) else ():
        yield (*path, key)
        yield from used(below, (*path, key))
    for below in node if isinstance(node, list) else ():
        yield from used(below, path)


def spoilt(path: Way, value: Any) -> Values:
    """The whole affinity with one value in it replaced."""
    affinity = copy.deepcopy(AFFINITY)
    functools.reduce(lambda found, step: found[step], path[:-1], affinity)[path[-1]] = value
    return affinity


def faults(path: Way, value: Any) -> list[tuple[str, str]]:
    return [(fault.message, fault.hint) for fault in values_faults(TEXT, {**DEFAULTS, 'affinity': spoilt(path, value)})]


@pytest.mark.parametrize('version', ['1.30', '1.37'])
def test_the_keys_are_those_of_kubernetes(version: str) -> None:
    folder = Path(kubernetes_validate.__file__).parent / f'kubernetes-json-schema/v{version}.0-local-strict'
    definitions = json.loads((folder / '_definitions.json').read_text(encoding='utf-8'))['$defs']
    theirs = set(keys(definitions['io.k8s.api.core.v1.Affinity'], definitions))
    assert set(keys(SCHEMA['properties']['affinity'], SCHEMA['definitions'])) == theirs


def test_the_ci_values_use_every_key(helms: list[Path]) -> None:
    """Strict schemas judge what is made of them: test_starter.py."""
    last = {way[-1] for way in keys(SCHEMA['properties']['affinity'], SCHEMA['definitions'])}
    assert last <= {way[-1] for way in used(AFFINITY)}
    assert values_faults(TEXT, merge(DEFAULTS, {'affinity': AFFINITY})) == []
    for binary in helms:
        template = of_kind(rendered(binary, 'everything-values'), 'Deployment')['spec']['template']
        assert template['spec']['affinity'] == AFFINITY


def test_a_model_takes_it_whole() -> None:
    model = read_yaml((ROOT / 'tests/invalid/_base/registry/models/web.yaml').read_bytes(), 'web.yaml')
    model['spec']['scheduling'] = {'affinity': copy.deepcopy(AFFINITY)}
    schemas = RegistrySchemas(load_templates().schemas)
    assert schemas.problems('Model', model, 'web.yaml', b'{}') == []
    model['spec']['scheduling']['affinity']['podAffinity'][REQUIRED][0]['topologyKeys'] = 'zone'
    [problem] = schemas.problems('Model', model, 'web.yaml', b'{}')
    assert problem.hint == "did you mean 'topologyKey'?"


WRONG: list[tuple[Way, Any, str, str]] = [
    (('nodeAfinity',), {'x': 1}, "unknown key 'nodeAfinity'", "did you mean 'nodeAffinity'?"),
    ((*TERM, 'matchExpression'), [], "unknown key 'matchExpression'", "did you mean 'matchExpressions'?"),
    ((*PODS, 'labelSelektor'), {}, "unknown key 'labelSelektor'", "did you mean 'labelSelector'?"),
    (
        (*PODS, 'labelSelector', 'matchLabel'), {},
        "unknown key 'matchLabel'", "did you mean 'matchLabels'?",
    ),
    (
        (*PODS, 'labelSelector', 'matchLabels', 'a b'), 'c', "invalid label name 'a b'",
        "write letters, digits, '-', '_' and '.', with an optional domain and / before them",
    ),
    (
        (*PODS, 'labelSelector', 'matchLabels', 'a'), 'b c', "invalid label value 'b c'",
        "write letters, digits, '-', '_' and '.', at most 63 characters",
    ),
    (
        (*PODS, 'topologyKey'), '', 'the value is empty',
        "write letters, digits, '-', '_' and '.', with an optional domain and / before them",
    ),
    (PODS, {}, "'topologyKey' is missing",
     "add 'topologyKey': node label whose values are the domains, for example kubernetes.io/hostname"),
    (
        PODS, {'topologyKey': 'zone', 'matchLabelKeys': ['a']},
        "'matchLabelKeys' requires 'labelSelector'", "add 'labelSelector', or remove 'matchLabelKeys'",
    ),
    ((*PODS, 'namespaces'), ['Web'], "invalid name 'Web'",
     'write lower-case letters, digits and hyphens, at most 63 characters'),
    (('podAffinity', PREFERRED, 0, 'weight'), 0, '0 is less than the minimum of 1',
     'weight of the preference, 1 to 100'),
    (('podAffinity', PREFERRED, 0, 'weight'), 101, '101 is more than the maximum of 100',
     'weight of the preference, 1 to 100'),
    (
        ('podAffinity', PREFERRED, 0), {'weight': 1},
        "'podAffinityTerm' is missing", "add 'podAffinityTerm': the pods, and the topology domain",
    ),
    ((*TERM, 'matchExpressions', 0, 'operator'), 'Exist', "unknown operator 'Exist'", "did you mean 'Exists'?"),
    (
        (*TERM, 'matchExpressions', 0), {'key': 'a', 'operator': 'NotIn'},
        "'values' is missing", "add 'values': with In and NotIn write at least one value",
    ),
    (
        (*TERM, 'matchExpressions', 0), {'key': 'a', 'operator': 'In', 'values': []},
         'expected at least one entry, found none', 'write at least one: with In and NotIn write at least one value',
    ),
    (
        (*TERM, 'matchExpressions', 0), {'key': 'a', 'operator': 'Exists', 'values': ['b']},
        'one entry, none is allowed', 'remove it: Exists and DoesNotExist have no values',
    ),
    (
        (*TERM, 'matchExpressions', 0), {'key': 'a', 'operator': 'Gt', 'values': ['1', '2']},
        '2 entries, one is allowed', 'with Gt and Lt write one whole number, in quotes',
    ),
    (
        (*TERM, 'matchExpressions', 0), {'key': 'a', 'operator': 'Lt', 'values': ['few']},
         "invalid format: 'few'", 'with Gt and Lt write one whole number, in quotes',
    ),
    (
        ('podAntiAffinity', REQUIRED, 0, 'labelSelector', 'matchExpressions', 0, 'operator'), 'Gt',
        "unknown operator 'Gt'", 'known here: DoesNotExist, Exists, In, NotIn',
    ),
    ((*TERM, 'matchFields', 0, 'key'), 'spec.name', "unknown key 'spec.name'", "use 'metadata.name'"),
    (('nodeAffinity', REQUIRED, 'nodeSelectorTerms'), [], 'expected at least one entry, found none',
     'write at least one: terms, one of which a node must meet'),
]  # fmt: skip


@pytest.mark.parametrize(('path', 'value', 'message', 'hint'), WRONG)
def test_what_kubernetes_would_refuse_or_lose_is_told(path: Way, value: Any, message: str, hint: str) -> None:
    assert faults(path, value) == [(message, hint)]


@pytest.mark.parametrize(('path', 'value'), [case[:2] for case in WRONG])
def test_helm_refuses_it_too(helms: list[Path], path: Way, value: Any) -> None:
    affinity = spoilt(path, value)
    assert [binary for binary in helms if run_helm(binary, CHART, {'affinity': affinity}).returncode == 0] == []


def test_a_list_where_terms_are_wanted_names_the_key() -> None:
    """The commonest slip: required terms of nodes stand one level deeper than those of pods."""
    [(message, hint)] = faults(('nodeAffinity', REQUIRED), [{'matchExpressions': []}])
    assert message.startswith('expected a map, found a list: ')
    assert hint == 'write a map; known here: nodeSelectorTerms'
