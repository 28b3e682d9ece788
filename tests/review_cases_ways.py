"""Labelled changes of versions and of their way to production: gates, strategies, engines, rollouts, environments."""

from __future__ import annotations

from typing import Any

from review_bases import (
    CANARY,
    CHECKED,
    CUSTOM,
    NATIVE,
    PROD,
    RANKER,
    RANKER_FLAGGER,
    RANKER_NATIVE,
    SIGNATURE,
    STAGED,
    TFLITE,
    TRITON,
    TWO_REGIONS,
    WEB,
    specs,
    versions,
)  # fmt: skip
from review_corpus import Case, Change, danger, put, several, to, version


def strategy(value: object, part: str = 'prod-release') -> Change:
    return put(part, 'strategy', value=value)


def steps(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {'canary': {'steps': list(found), **more}}


def step(weight: int, hold: str = '1h', **more: Any) -> dict[str, Any]:
    return {'weight': weight, 'hold': hold, **more}


THREE = specs({**CUSTOM, 'versions': versions('1', '2', '3', signature=SIGNATURE, metrics={'recall': 0.5})}, PROD)
LATE = specs(THREE['model'], PROD) | {'prod-release': {'version': '3', 'chart': '1.2.0'}}
GIVEN_UP = {'version': '2', 'reason': 'wrong answers', 'date': '2026-11-01'}
WITHDRAWN = specs(CUSTOM, PROD) | {'prod-release': {'version': '1', 'chart': '1.0.0', 'withdrawn': [GIVEN_UP]}}
APPROVED = specs(CUSTOM, {**PROD, 'strategy': steps(step(20), step(50, approval=True), keepOld='1h')})
SOAKED = {**PROD, 'promotesFrom': ['@staging@'], 'promotion': {'soak': '24h', 'metrics': {'recall': '>= 0.5'}}}
STAGED_SOAK = {**STAGED, 'prod': SOAKED}
BLUE = specs(CUSTOM, {**PROD, 'strategy': {'blueGreen': {'approval': True, 'keepOld': '1h'}}})

WAYS: dict[str, Case] = {
    # What a version is.
    'another output': danger(
        WEB, version('signature', value={**SIGNATURE, 'outputs': {'z': {'dtype': 'float32', 'shape': [-1, 1]}}}),
        'signature',
    ),
    'another type of an input': danger(
        RANKER, version('signature', 'inputs', 'x', value={'dtype': 'int64', 'shape': [-1, 4]}), 'signature'
    ),
    'a longer input': danger(
        TRITON, version('signature', 'inputs', 'x', 'shape', value=[-1, 128]), 'signature'
    ),
    'a further input': danger(
        TRITON, version('signature', 'inputs', 'mask', value={'dtype': 'int64', 'shape': [-1, 4]}), 'signature'
    ),
    'a metric is missing': danger(WEB, version('metrics', value={}), 'worse-metrics'),
    'a metric is worse, as everybody knows': danger(WEB, version('metrics', 'recall', value=0.4), 'worse-metrics'),
    'tfs: a metric is worse': danger(RANKER, version('metrics', 'ndcg@10', value=0.39), 'worse-metrics'),
    'triton: a metric is worse': danger(TRITON, version('metrics', 'f1 macro', value=0.89), 'worse-metrics'),
    'tflite: more errors': danger(TFLITE, version('metrics', 'word error rate', value=0.09), 'worse-metrics'),
    'tflite: a metric that nobody knows is missing': danger(
        TFLITE, version('metrics', 'shape', value=None), 'worse-metrics'
    ),
    'a metric is worse, as the environment says': danger(
        specs({**CUSTOM, 'versions': versions('1', '2', metrics={'units': 10})},
              {**PROD, 'promotion': {'metrics': {'units': '<= 20'}}}),
        version('metrics', 'units', value=15), 'worse-metrics',
    ),
    # In which order, and past which gate.
    'a version is skipped': danger(THREE, to('3', '1.2.0'), 'order'),
    'back to the version before': danger(LATE, to('2', '1.1.0'), 'order'),
    'back by two versions': danger(LATE, to('1', '1.0.0'), 'order'),
    'no promotion': danger(
        WEB, several(to('2', '1.1.0'), put('prod-release', 'skipPromotion', value='mends an outage of the shop')),
        'gate-skipped',
    ),
    'unproven in production': danger(STAGED, to('2', '1.1.0'), 'gate'),
    'withdrawn, and taken back with the pin': danger(
        WITHDRAWN, several(to('2', '1.1.0'), put('prod-release', 'withdrawn', value=None)), 'gate', 'withdrawn-back'
    ),
    'locked, and moved': danger(
        specs(CUSTOM, {**PROD, 'lock': {'reason': 'a sale', 'by': 'ops'}}), to('2', '1.1.0'), 'gate'
    ),
    'both regions': danger(
        TWO_REGIONS, several(to('2', '1.1.0'), to('2', '1.1.0', 'eu-release')), 'several-production'
    ),
    'both regions, which are not for production any more': danger(
        TWO_REGIONS,
        several(to('2', '1.1.0'), to('2', '1.1.0', 'eu-release'), put('eu', 'production', value=None),
                put('prod', 'production', value=None)),
        'several-production', 'wider-grant',
    ),
    'both regions, of which one was not for production': danger(
        {**TWO_REGIONS, 'eu': {**TWO_REGIONS['eu'], 'production': False}},
        several(to('2', '1.1.0'), to('2', '1.1.0', 'eu-release'), put('eu', 'production', value=True)),
        'several-production',
    ),
    # With how much care.
    'fewer steps': danger(WEB, strategy(steps(step(20))), 'weaker-strategy'),
    'a large first step': danger(WEB, strategy(steps(step(40), step(50))), 'weaker-strategy'),
    'shorter holds': danger(WEB, strategy(steps(step(20, '10m'), step(50, '10m'))), 'weaker-strategy'),
    'no approval': danger(APPROVED, strategy(steps(step(20), step(50)), 'prod'), 'weaker-strategy'),
    'no canary': danger(WEB, strategy({'rolling': {}}), 'autoscaler', 'object-removed', 'weaker-strategy'),
    'all at once': danger(WEB, strategy({'blueGreen': {'keepOld': '1h'}}), 'weaker-strategy'),
    'old pods go at once': danger(
        BLUE, strategy({'blueGreen': {'approval': True}}, 'prod'), 'weaker-strategy'
    ),
    'tfs: no checks': danger(RANKER, strategy(CANARY), 'weaker-strategy'),
    'tfs: a check less': danger(
        RANKER, strategy(steps(*CANARY['canary']['steps'], checks={'successRate': '>= 99%'})), 'weaker-strategy'
    ),
    'tfs: a looser check': danger(
        RANKER,
        strategy(steps(*CANARY['canary']['steps'], checks={'successRate': '>= 90%', 'p99': '<= 200ms'})),
        'weaker-strategy',
    ),
    'tfs: more failures': danger(
        RANKER,
        strategy(steps(*CANARY['canary']['steps'], checks={**CHECKED['canary']['checks'], 'failures': 5})),
        'weaker-strategy',
    ),
    'tfs, native: no checks': danger(RANKER_NATIVE, strategy(CANARY), 'weaker-strategy'),
    'tfs, flagger: fewer steps': danger(
        RANKER_FLAGGER, strategy(steps(step(50, '10m')), 'prod'), 'weaker-strategy'
    ),
    'tfs: checks of another Prometheus': danger(
        RANKER, put('prod', 'monitoring', 'prometheus', value='http://other.monitoring:9090'),
        'blind-checks', 'wider-grant',
    ),
    'by commits instead': danger(
        WEB, put('prod-release', 'engine', value='native'), 'autoscaler', 'engine-changed', 'object-removed'
    ),
    'by a controller instead': danger(
        specs(CUSTOM, NATIVE), put('prod', 'engine', value='argo-rollouts'),
        'autoscaler', 'engine-changed', 'object-removed',
    ),
    # What an environment grants.
    'another gate': danger(STAGED, put('prod', 'promotesFrom', value=None), 'wider-grant'),
    'a shorter soak': danger(STAGED_SOAK, put('prod', 'promotion', 'soak', value='1h'), 'wider-grant'),
    'no soak': danger(STAGED_SOAK, put('prod', 'promotion', 'soak', value=None), 'wider-grant'),
    'a metric need not be as good': danger(
        STAGED_SOAK, put('prod', 'promotion', 'metrics', 'recall', value='>= 0.1'), 'wider-grant'
    ),
    'not production any more': danger(WEB, put('prod', 'production', value=False), 'wider-grant'),
    'models may be let in from anywhere': danger(
        WEB, put('prod', 'ingress', value={'cidrs': ['0.0.0.0/0']}), 'wider-grant'
    ),
    'models may reach more': danger(WEB, put('prod', 'egress', value={'namespaces': ['bank']}), 'wider-grant'),
    'models may be more important': danger(
        WEB, put('prod', 'scheduling', value={'priorityClasses': ['highest']}), 'wider-grant'
    ),
    'a tool more': danger(WEB, put('prod', 'permits', value=['keda']), 'wider-grant'),
}  # fmt: skip
