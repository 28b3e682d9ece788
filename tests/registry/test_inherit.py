"""An environment is laid on the one that it inherits: what each file says, what null removes, and who wrote what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import registries as r

from generator.charts.starter import load_templates
from generator.checks.warnings import registry_warnings
from generator.documents.schema import RegistrySchemas
from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.registry.inherit import OWN, WHOLE, blamed, writer
from generator.registry.load import load_registry

TEMPLATES = load_templates()
SCHEMAS = RegistrySchemas(TEMPLATES.schemas)
OWNER = {'web.example': {'model': 'web'}}


def region(name: str, inherits: str = 'prod', **spec: Any) -> r.Files:
    place = {'cluster': {'name': name, 'server': f'https://{name}.example'}, 'namespace': 'ml'}
    return {
        f'registry/environments/{name}.yaml': r.document('Environment', name, {'inherits': inherits} | place | spec)
    }


def environments(*files: Mapping[str, bytes]) -> Mapping[str, Environment]:
    every = dict(r.settings())
    for each in files:
        every |= each
    return load_registry(every, every.__getitem__, SCHEMAS).environments


def laid(prod: Mapping[str, Any], **eu: Any) -> Environment:
    return environments(r.environment('prod', **prod), region('eu', **eu))['eu']


def test_maps_are_merged_and_all_else_is_replaced() -> None:
    prod = {
        **r.GATEWAY, 'values': {'env': {'A': {'value': '1'}}, 'args': ['a', 'b']},
    }  # fmt: skip
    eu = laid(prod, gateway={'name': 'eu'}, values={'env': {'B': {'value': '2'}}, 'args': ['c']})
    assert eu.spec['gateway'] == {'name': 'eu', 'namespace': 'gateways'}
    assert eu.spec['values'] == {'env': {'A': {'value': '1'}, 'B': {'value': '2'}}, 'args': ['c']}
    assert (eu.agent, eu.router, eu.kubernetes) == ('argocd', 'gateway-api', '1.36')


def test_its_place_and_its_gate_are_its_own() -> None:
    """A change of the parent reaches neither: a region without `promotesFrom` has no gate, whatever prod says."""
    prod = {
        'applicationNamespace': 'apps', 'promotesFrom': ['stage'], 'capacity': {'accelerators': {'nvidia.com/gpu': 1}},
        'format': 1,
    }  # fmt: skip
    found = environments(r.environment('stage'), r.environment('prod', **prod), region('eu'))['eu']
    assert OWN.intersection(found.spec) == {'inherits', 'cluster', 'namespace'}
    assert found.spec['cluster'] == {'name': 'eu', 'server': 'https://eu.example'}
    assert (found.promotes_from, found.inherits) == ((), 'prod')


def test_what_excludes_its_other_forms_is_replaced_as_a_whole() -> None:
    prod = {
        'strategy': {'canary': {'steps': [{'weight': 5}]}}, 'hostnames': OWNER,
        'artifactStores': {'https': {'namespace': 'store', 'podLabels': {'a': 'b'}, 'port': 8443}},
    }  # fmt: skip
    eu = laid(
        prod,
        strategy={'rolling': {}},
        hostnames={'web.example': {'application': 'shop'}},
        artifactStores={'https': {'cidr': '10.0.0.0/8'}},
    )
    assert eu.spec['strategy'] == {'rolling': {}}
    assert eu.spec['hostnames'] == {'web.example': {'application': 'shop'}}
    assert eu.spec['artifactStores'] == {'https': {'cidr': '10.0.0.0/8', 'port': 8443}}


def test_each_place_of_the_schema_with_exclusive_keys_is_known() -> None:
    spec = SCHEMAS.parsed('environment.json')['properties']['spec']
    assert set(exclusive(spec, ())) == set(WHOLE)


def exclusive(schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    if path and ('oneOf' in schema or schema.get('maxProperties') == 1 or 'strategy.json' in schema.get('$ref', '')):
        yield path
    for key, part in schema.get('properties', {}).items():
        yield from exclusive(part, (*path, key))
    if isinstance(more := schema.get('additionalProperties'), Mapping):
        yield from exclusive(more, (*path, '*'))


def test_null_removes_what_is_inherited() -> None:
    prod = {
        **r.ENVOY, 'egress': {'namespaces': ['a']}, 'monitoring': {'namespace': 'm', 'rules': True},
        'values': {'priorityClassName': 'high', 'env': {'A': {'value': '1'}}},
    }  # fmt: skip
    eu = laid(
        prod,
        gateway={'controller': None},
        egress={'namespaces': None},
        monitoring=None,
        values={'priorityClassName': None, 'env': {'A': None}},
    )
    assert eu.spec['gateway'] == {'name': 'public', 'namespace': 'gateways'}
    assert {'egress', 'monitoring', 'values'}.isdisjoint(eu.spec), 'a map that holds nothing else goes, too'
    assert eu.removed == (('spec', 'values', 'env', 'A'), ('spec', 'values', 'priorityClassName'))


def test_what_another_removes_may_be_set_again() -> None:
    found = environments(
        r.environment('prod', values={'nodeSelector': None, 'priorityClassName': None}),
        region('eu', values={'nodeSelector': {'a': 'b'}}),
        region('eu-north', 'eu', monitoring={'namespace': 'm'}),
    )
    assert found['eu-north'].removed == (('spec', 'values', 'priorityClassName'),)
    assert found['eu-north'].spec['values'] == {'nodeSelector': {'a': 'b'}}
    assert [part.name for part in found['eu-north'].parts] == ['eu-north', 'eu', 'prod']


def test_the_file_that_wrote_a_value_is_to_blame() -> None:
    prod = {**r.GATEWAY, 'strategy': {'canary': {'steps': [{'weight': 5}], 'checks': {'successRate': '>= 99%'}}}}
    eu = laid(prod, gateway={'sectionName': 'https'}, strategy={'canary': {'steps': [{'weight': 9}]}})
    told = {
        '$.spec.gateway.name': 'prod', '$.spec.gateway.sectionName': 'eu', '$.spec.gateway': 'eu', '$.spec': 'eu',
        '$.spec.router': 'prod', '$.spec.monitoring.prometheus': 'eu', '$.spec.cluster.server': 'eu',
        '$.spec.strategy.canary.checks': 'eu', '$.spec.domain.x[3]': 'prod', '$.metadata.name': 'eu', '': 'eu',
    }  # fmt: skip
    assert {path: writer(eu, path).name for path in told} == told
    wrong = Problem(eu.file, '$.spec.router', 'is old')
    own = Problem(eu.file, '$.spec.cluster', 'is far')
    there = Problem('registry/environments/prod.yaml', '$.spec.router', "is old; 'eu' inherits it")
    assert blamed([wrong, own], [eu]) == [there, own]
    of_prod = Problem(there.file, there.path, 'is old')
    assert blamed([wrong, of_prod], [eu]) == [of_prod], 'once, if it is wrong there, too'


def test_null_without_anything_to_remove_is_told() -> None:
    files = r.settings() | r.environment('prod') | region('eu', monitoring=None, gateway={'name': None})
    found = registry_warnings(load_registry(files, files.__getitem__, SCHEMAS), TEMPLATES)
    assert [(each.path, each.message) for each in found] == [
        ('$.spec.gateway.name', 'there is nothing to remove'), ('$.spec.monitoring', 'there is nothing to remove'),
    ]  # fmt: skip


@pytest.mark.parametrize('order', [1, -1])
def test_the_order_of_names_and_keys_changes_nothing(order: int) -> None:
    files = [region('a', 'b'), region('b', 'c', values={'z': 1, 'a': 2}), r.environment('c', values={'m': 3})]
    found = environments(*files[::order])['a']
    assert list(found.spec['values'].items()) == [('a', 2), ('m', 3), ('z', 1)]
    assert list(found.spec) == sorted(found.spec)


def test_the_schema_says_which_keys_are_its_own() -> None:
    told = SCHEMAS.parsed('environment.json')['properties']['spec']['properties']['inherits']['description']
    assert [key for key in OWN if key not in ('inherits',) and key not in told] == []
