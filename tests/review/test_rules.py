"""A labelled corpus of changes: every dangerous one is found by its rule, and noise raises none; with real helm."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, published

from generator.operations.operation import Options
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.remote import perform
from generator.pipeline.review import review
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_revision
from generator.review.records import Report
from generator.tools.helm.binary import find_helm

SIGNATURE = {
    'inputs': {'x': {'dtype': 'float32', 'shape': [-1, 4]}}, 'outputs': {'y': {'dtype': 'float32', 'shape': [-1, 1]}},
}  # fmt: skip
OTHER = f'sha256:{"3" * 64}'
MODEL: dict[str, Any] = {
    'team': 'shop', 'description': 'Answers', 'runtime': 'custom', 'route': {}, 'replicas': 4,
    'args': ['--max-model-len=8192', '--served-model-name=web', '--tensor-parallel-size=2'],
    'resources': {
        'requests': {'cpu': '1', 'memory': '4Gi'},
        'limits': {'memory': '4Gi', 'nvidia.com/gpu': '2'},
    },
    'versions': [r.version(name, signature=SIGNATURE, metrics={'recall': 0.5}) for name in ('1', '2')],
    'env': {'MODE': {'value': 'fast'}},
}  # fmt: skip
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '1h'}, {'weight': 50, 'hold': '1h'}]}}
PROD: dict[str, Any] = {
    **r.GATEWAY, 'engine': 'argo-rollouts', 'strategy': CANARY, 'production': True,
    'monitoring': {'namespace': 'monitoring', 'prometheus': 'http://prometheus.monitoring:9090'},
}  # fmt: skip
Specs = dict[str, dict[str, Any]]
Change = Callable[[Specs], None]


def base() -> Specs:
    return {
        'model': copy.deepcopy(MODEL), 'prod': copy.deepcopy(PROD),
        'eu': copy.deepcopy(PROD) | {'domain': 'eu.example'},
        'release': {'version': '1', 'chart': '1.0.0'}, 'eu-release': {'version': '1', 'chart': '1.0.0'},
    }  # fmt: skip


def files(specs: Specs) -> r.Files:
    return {
        **r.settings(), **r.model('web', **specs['model']),
        **r.environment('prod', **specs['prod']), **r.environment('eu', **specs['eu']),
        **r.release('prod', 'web', **specs['release']), **r.release('eu', 'web', **specs['eu-release']),
    }  # fmt: skip


def put(part: str, *path: str | int, value: Any) -> Change:
    def change(specs: Specs) -> None:
        place: Any = specs[part]
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value

    return change


def values(*path: str, value: Any) -> Change:
    return put('release', 'values', *path, value=value)


def several(*changes: Change) -> Change:
    return lambda specs: [change(specs) for change in changes] and None


def newest(*changes: Change) -> Change:
    """A change of the model, and the pin of prod to the chart that it makes."""
    return several(*changes, put('release', 'version', value='newest'))


def args(*words: str) -> Change:
    return newest(put('model', 'args', value=list(words)))


def version(**more: Any) -> Change:
    return newest(
        put(
            'model', 'versions', 1, value=r.version('2', **{'signature': SIGNATURE, 'metrics': {'recall': 0.5}, **more})
        )
    )


FULL = MODEL['args']
CORPUS: Mapping[str, tuple[Change, set[str]]] = {
    # Dangerous.
    'pods halved': (values('replicaCount', value=2), {'pods-halved'}),
    'pods to a quarter': (values('replicaCount', value=1), {'pods-halved'}),
    'less memory': (
        several(*(values('resources', each, 'memory', value='2Gi') for each in ('limits', 'requests'))),
        {'less-memory', 'restart'},
    ),
    'a shorter request': (args('--max-model-len=4096', *FULL[1:]), {'model-options'}),
    'another precision': (args(*FULL, '--dtype=half'), {'model-options'}),
    'quantized': (args(*FULL, '--quantization', 'awq'), {'model-options'}),
    'another served name': (args(FULL[0], '--served-model-name=other', FULL[2]), {'served-name'}),
    'another chat template': (args(*FULL, '--chat-template=/files/x.jinja'), {'served-name'}),
    'another tokenizer': (args(*FULL, '--tokenizer', 'org/other'), {'served-name'}),
    'remote code': (args(*FULL, '--trust-remote-code'), {'remote-code'}),
    'more processes than GPUs': (args(*FULL[:2], '--tensor-parallel-size=4'), {'parallel-gpus'}),
    'fewer GPUs': (values('resources', 'limits', 'nvidia.com/gpu', value='1'), {'other-devices', 'restart'}),
    'another GPU': (
        values('nodeSelector', value={'nvidia.com/gpu.product': 'NVIDIA-T4'}), {'other-devices', 'restart'},
    ),
    'killed before drained': (
        values('terminationGracePeriodSeconds', value=15), {'grace', 'restart'},
    ),
    'a variable': (values('env', 'MODE', 'value', value='slow'), {'restart'}),
    'no promotion': (
        several(put('release', 'version', value='2'), put('release', 'chart', value='1.1.0'),
                put('release', 'skipPromotion', value='mends an outage of the shop')),
        {'gate-skipped'},
    ),
    'a metric is missing': (version(metrics={}), {'worse-metrics'}),
    'a metric is worse': (
        several(put('prod', 'promotion', value={'metrics': {'recall': '>= 0.2'}}), version(metrics={'recall': 0.4})),
        {'worse-metrics'},
    ),
    'another output': (
        version(signature={**SIGNATURE, 'outputs': {'z': {'dtype': 'float32', 'shape': [-1, 1]}}}), {'signature'},
    ),
    'an image from elsewhere': (version(image=f'other.example/server:2@{OTHER}'), {'new-origin'}),
    'another major version': (version(image=f'registry.example/server:2.1@{OTHER}'), set()),
    'both regions': (
        several(*(put(each, 'version', value='2') for each in ('release', 'eu-release')),
                *(put(each, 'chart', value='1.1.0') for each in ('release', 'eu-release'))),
        {'several-production'},
    ),
    'a new version': (newest(), set()),
    'another port': (
        newest(put('model', 'ports', value={'http': {'containerPort': 8080, 'servicePort': 9090}})), {'service-port'},
    ),
    'a privileged pod': (
        put('prod', 'values', 'podSecurityContext', 'runAsNonRoot', value=False), {'weaker-pod', 'restart'},
    ),
    'fewer steps': (
        put('release', 'strategy', value={'canary': {'steps': [{'weight': 20, 'hold': '1h'}]}}), {'weaker-strategy'},
    ),
    'another host': (put('prod', 'domain', value='other.example'), set()),
    'a host of the other region': (
        several(put('prod', 'domain', value='eu.example'), put('eu', 'domain', value='shop.example')), {'host-moved'},
    ),
    'open to a further namespace': (
        put('prod', 'values', 'networkPolicy', 'ingress', 'friend',
            value={'namespace': 'friend', 'ports': {'http': {'port': 'http'}}}),
        {'weaker-network'},
    ),
    # Noise.
    'requests raised': (values('resources', 'requests', 'cpu', value='2'), {'restart'}),
    'more pods': (values('replicaCount', value=6), set()),
    'one pod less': (values('replicaCount', value=3), set()),
    'history': (values('revisionHistoryLimit', value=3), set()),
    'a description': (put('model', 'description', value='Answers all'), set()),
    'a new version that nobody runs': (put('model', 'versions', 1, 'notes', value='better'), set()),
    'the same quantity': (values('resources', 'requests', 'cpu', value='1000m'), set()),
    'the same default': (values('revisionHistoryLimit', value=10), set()),
    'alerts': (
        put('prod', 'monitoring', value={**PROD['monitoring'], 'rules': True, 'dashboards': True}), set(),
    ),
}  # fmt: skip


def judged(made: Checkout, head: str) -> Report:
    repository = made.repository()
    before = Run(open_revision(repository, head, repository.refs()), head)
    return review(before, open_run(repository), find_helm(os.environ), 1)


@pytest.mark.parametrize('name', CORPUS)
def test_rules(name: str, tmp_path: Path) -> None:
    change, expected = CORPUS[name]
    made, specs = published(tmp_path, files(base())), base()
    change(specs)
    pins = specs['release'].get('version') == 'newest'
    if pins:
        specs['release']['version'] = '1'
    made.write(files(specs))
    head = made.head()
    if pins:
        assert made.commit().commit or name == 'a new version'
        perform(pinning(Scope(('prod/web',)), newest=True), made.repository(), Options(commit=True))
    found = judged(made, head)
    assert not found.problems, found.problems
    assert {risk.rule.id for risk in found.risks} == expected, [str(risk.evidence) for risk in found.risks]


def test_objects_that_differ_by_the_names_of_their_release_alone_are_all_told(tmp_path: Path) -> None:
    """Without its names both Services of a release are the same."""
    specs = base()
    specs['prod']['namespace'] = 'web-canary'
    made = published(tmp_path, files(specs))
    put('prod', 'values', 'ports', 'http', 'servicePort', value=9090)(specs)
    made.write(files(specs))
    found = judged(made, made.head())
    assert not found.problems
    (fold,) = found.folds
    assert {change.object for change in fold.changes} >= {'Service web', 'Service web-canary'}
