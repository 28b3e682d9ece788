"""References to variables: what a container gets by Kubernetes' own rule, and what is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starter import CHART, DEFAULTS, merge, pod_specs, render

from generator.values.references import expanded, expanded_variables, reference_faults, references


def faults(**values: Any) -> list[tuple[str, str, str]]:
    found = reference_faults(merge(copy.deepcopy(DEFAULTS), values))
    return [('.'.join(map(str, fault.path)), fault.message, fault.hint) for fault in found]


def env(**texts: str) -> dict[str, Any]:
    return {name: {'value': text} for name, text in texts.items()}


def as_kubernetes(variables: list[dict[str, Any]], texts: list[str] = []) -> tuple[dict[str, str], list[str]]:  # noqa: B006
    """What kubelet makes of variables in their order (pkg/kubelet: makeEnvironmentVariables), and of arguments."""
    known: dict[str, str] = {}
    for each in variables:
        known[each['name']] = expanded(each['value'], known) if 'value' in each else 'secret'
    return known, [expanded(text, known) for text in texts]


def test_references_are_found_by_kubernetes_rule() -> None:
    assert references('http://$(A):$(B_1)/$(A)') == ['A', 'B_1', 'A']
    assert references('$$(A) $$$(B) $(C') == ['B']
    assert references('$(cat /file) $() $(1) ${A} $A') == []
    assert expanded('$$(A) $$$(B) $(C $(D) $$', {'A': 'a', 'B': 'b'}) == '$(A) $b $(C $(D) $'
    assert references('$(A$(B)') == [], 'the first ) ends it'
    assert expanded('$(A$(B)$(B', {'A': 'a', 'B': 'b'}) == '$(A$(B)$(B'
    assert expanded('a$ $(b $$', {}) == 'a$ $(b $'
    for many in ('$(' * 200_000, '$' * 400_000, '$(a' * 200_000 + ')'):
        assert references(many) == []
        expanded(many, {})
    assert expanded_variables({'A': 'x$(B)', 'B': '$(C)$(C)', 'C': 'c'}) == {'A': 'xcc', 'B': 'cc', 'C': 'c'}


@pytest.mark.parametrize(
    ('values', 'told'),
    [
        (
            {'env': env(A_HOST='http://$(Z_HOTS)', Z_HOST='z')},
            [('env.A_HOST', "'$(Z_HOTS)' refers to no variable of its container", "did you mean 'Z_HOST'?")],
        ),
        (
            {'env': env(A='$(HOSTNAME)')},
            [
                (
                    'env.A', "'$(HOSTNAME)' refers to no variable of its container",
                    'add HOSTNAME to env, or write $$(HOSTNAME) for the text itself',
                )
            ],
        ),
        (
            {'env': env(PATH='/opt:$(PATH)')},
            [
                (
                    'env.PATH', "'PATH' refers to itself, and Kubernetes knows no value of the image",
                    'write the whole value',
                )
            ],
        ),
        (
            {'env': env(A='$(B)', B='$(C)', C='$(A)', D='$(E)', E='$(D)')},
            [
                ('env.A', "'A', 'B', 'C' refer to each other in a circle", 'write the value of one of them'),
                ('env.D', "'D', 'E' refer to each other in a circle", 'write the value of one of them'),
            ],
        ),
        ({'env': {**env(A='$(B)'), 'B': {'value': 'b', 'enabled': False}}}, ['env.A']),
        ({'args': ['--key', '$(KEY)']}, ['args']),
        ({'command': ['sh', '-c', 'exec server $(nproc)']}, ['command']),
        ({'parameters': {'a': '$(X)', 'b': ['x', '$(Y)'], 'c': 1, 'd': True}}, ['parameters.a', 'parameters.b']),
        ({'readinessProbe': {'type': 'exec', 'command': ['test', '$(X)']}}, ['readinessProbe.command']),
        (
            {'env': {'T': {'secret': 's', 'key': 'k'}}, 'livenessProbe': {'type': 'exec', 'command': ['a', '$(T)']}},
            [
                (
                    'livenessProbe.command',
                    "'$(T)' is of a Secret, which Kubernetes does not write into the command of a probe",
                    'let a shell read it: sh -c, and "$T" in its script',
                )
            ],
        ),
        # A container knows only its own variables.
        (
            {'env': env(A='a'), 'containers': {'side': {'image': {'repository': 'x'}, 'args': ['$(A)']}}},
            ['containers.side.args'],
        ),
        ({'artifact': {'delivery': 'download', 'env': env(A='$(ARTIFACT_URL)')}}, ['artifact.env.A']),
    ],
)  # fmt: skip
def test_a_reference_to_nothing_and_a_circle_are_faults(values: dict[str, Any], told: list[Any]) -> None:
    found = faults(**values)
    assert [fault[0] if isinstance(wanted, str) else fault for fault, wanted in zip(found, told, strict=True)] == told


def test_what_kubernetes_replaces_is_no_fault() -> None:
    assert not faults(
        env={
            **env(A='http://$(Z):$(KUBERNETES_SERVICE_PORT)', Z='$(TOKEN)', LITERAL='$$(NOTHING) $(not a name)'),
            'TOKEN': {'secret': 's', 'key': 'k'},
        },
        command=['server', '$(A)'],
        args=['$(Z)', '$$(x)', 'cat $(ls -1)'],
        parameters={'key': '$(TOKEN)', 'hosts': ['$(Z)']},
        artifact={'delivery': 'download', 'env': env(WHERE='$(ARTIFACT_URI)')},
        readinessProbe={'type': 'http', 'command': ['$(OLD)']},
    )


names = st.sampled_from([f'{letter}{number}' for letter in 'ABC' for number in range(4)])
texts = st.lists(
    st.one_of(st.builds('$({})'.format, names), st.sampled_from(['$', '$$', 'x', '(', '$(', ' '])), max_size=4
)
variables = st.dictionaries(names, texts.map(''.join), max_size=9)


@settings(max_examples=400, deadline=None)
@given(variables)
def test_without_faults_every_variable_has_its_whole_value_in_some_order(given_env: dict[str, str]) -> None:
    """Otherwise one of them names what is missing, or a circle."""
    found = faults(env=env(**given_env))
    left, known = dict(given_env), set[str]()
    while ready := [name for name in left if set(references(left[name])) <= known]:
        known |= {*ready}
        for name in ready:
            del left[name]
    assert bool(found) == bool(left)


CHAIN = {
    **env(A_HOST='http://$(Z_HOST)', Z_HOST='$(M):$(PORT)', M='m', PORT='80', B='$$(Z_HOST)', K='$(T)'),
    'EMPTY': {}, 'T': {'secret': 's', 'key': 'k'}, 'GONE': {'value': 'x', 'enabled': False},
}  # fmt: skip


def test_every_container_gets_its_variables_in_an_order_that_works(helms: list[Path]) -> None:
    values = {
        'env': CHAIN,
        'containers': {'side': {'image': {'repository': 'x'}, 'env': CHAIN}},
        'artifact': {
            'delivery': 'download', 'uri': 'https://x.example/m', 'sha256': '0' * 64, 'path': 'm',
            'env': env(
                AWS_REGION='$(NO_PROXY)$(ARTIFACT_URI)', NO_PROXY='$(HTTP_PROXY):$(HTTPS_PROXY)', HTTP_PROXY='m',
                HTTPS_PROXY='80', RCLONE_BWLIMIT='$$(NO_PROXY)',
            ),
        },
        'tracks': {'canary': {
            'enabled': True, 'weight': 0, 'replicas': 1, 'headers': {}, 'mirror': 0, 'workload': {'env': CHAIN},
        }},
    }  # fmt: skip
    for helm in helms:
        pods = pod_specs(render(helm, values, CHART))
        containers = [each for pod in pods for each in [*pod['containers'], *pod.get('initContainers', [])]]
        chained = [each for each in containers if 'A_HOST' in str(each.get('env'))]
        assert len(chained) == 4
        for container in chained:
            own = [each for each in container['env'] if not each['name'].startswith('ARTIFACT_')]
            assert [each['name'] for each in own] == ['B', 'EMPTY', 'M', 'PORT', 'T', 'K', 'Z_HOST', 'A_HOST']
            known, _ = as_kubernetes(container['env'])
            assert (known['A_HOST'], known['B'], known['K']) == ('http://m:80', '$(Z_HOST)', 'secret')
        downloads = [each for each in containers if 'AWS_REGION' in str(each.get('env'))]
        assert downloads
        for container in downloads:
            names = [each['name'] for each in container['env'] if not each['name'].startswith('ARTIFACT_')]
            assert names == ['HTTPS_PROXY', 'HTTP_PROXY', 'RCLONE_BWLIMIT', 'NO_PROXY', 'AWS_REGION']
            known, _ = as_kubernetes(container['env'])
            assert (known['AWS_REGION'], known['RCLONE_BWLIMIT']) == ('m:80https://x.example/m', '$(NO_PROXY)')


def test_without_references_the_order_is_that_of_the_names(helm4: Path) -> None:
    values = {'env': {name: {'value': name.lower()} for name in ('Z', 'B', 'A', 'M')}}
    [server] = pod_specs(render(helm4, values, CHART))[0]['containers']
    assert [each['name'] for each in server['env']] == ['A', 'B', 'M', 'Z']


def test_references_that_multiply_are_bounded() -> None:
    """Forty variables, each twice the one before: a process would get a terabyte."""
    env = {f'A{number}': {'value': f'$(A{number - 1})$(A{number - 1})'} for number in range(1, 40)}
    values = merge(DEFAULTS, {'env': {'A0': {'value': 'x'}, **env}})
    assert [(fault.path, fault.message) for fault in reference_faults(values)] == [
        (('env', 'A18'), "'A18' has more than 131,072 bytes when its references are replaced")
    ]


def test_a_long_chain_is_replaced() -> None:
    chain = {f'A{number}': f'$(A{number - 1}).' for number in range(1, 3000)}
    assert expanded_variables({'A0': '', **chain})['A2999'] == '.' * 2999
