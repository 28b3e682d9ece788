"""Labelled changes of rollouts by commits: what starts one, and what changes while it is in progress."""

from __future__ import annotations

from typing import Any

from review_bases import CHECKED_SERVER, CUSTOM, LLM_MODEL, NATIVE, PROD, ROLLING, SIGNATURE, specs, versions
from review_corpus import Case, Change, Specs, danger, newest, noise, put, values

SPEC = {**NATIVE['strategy']['canary'], 'steps': [dict(each) for each in NATIVE['strategy']['canary']['steps']]}


def rollout(stage: str, version: str = '2', **more: Any) -> dict[str, Any]:
    return {
        'from': {'version': '1', 'chart': '1.0.0'}, 'to': {'version': version}, 'stage': stage,
        'aborted': False, 'strategy': {'canary': SPEC}, **more,
    }  # fmt: skip


def begin(stage: str = 'on') -> Change:
    return lambda found: found.update({'prod-rollout': rollout(stage)})


def second(base: dict[str, Any], **more: Any) -> Specs:
    """A native release at version 1, whose second version is another one."""
    first, other = base['versions']
    return specs({**base, 'versions': [first, {**other, **more}]}, NATIVE)


def under_way(base: Specs, stage: str = 'on') -> Specs:
    return {**base, 'prod-rollout': rollout(stage)}


WEB = specs(CUSTOM, NATIVE)
GOES = under_way(WEB)
THREE = under_way(specs({**CUSTOM, 'versions': versions('1', '2', '3', signature=SIGNATURE)}, NATIVE))

ROLLOUTS: dict[str, Case] = {
    'native: another output': danger(
        second(CUSTOM, signature={**SIGNATURE, 'outputs': {'z': {'dtype': 'float32', 'shape': [-1, 1]}}}),
        begin(), 'signature',
    ),
    'native: an image from elsewhere': danger(
        second(CUSTOM, image=f'other.example/server:2@sha256:{"3" * 64}'), begin(), 'new-origin'
    ),
    'native: a worse metric': danger(second(CUSTOM, metrics={'recall': 0.4}), begin(), 'worse-metrics'),
    'native: the next major server': danger(
        second(CHECKED_SERVER, image=f'docker.io/tensorflow/serving:3.0.0@sha256:{"3" * 64}'), begin(), 'major-image'
    ),
    'native: a model larger than its GPU': danger(
        second(LLM_MODEL, artifact={**LLM_MODEL['versions'][1]['artifact'], 'size': '30Gi'}), begin(), 'gpu-memory'
    ),
    'native: two versions at once': danger(
        specs(THREE['model'], NATIVE),
        lambda found: found.update({'prod-rollout': rollout('on', '3')}), 'order',
    ),
    'a route changes meanwhile': danger(
        GOES, put('prod', 'domain', value='other.example'), 'route-in-rollout', 'route-lost'
    ),
    'a route changes with the version': danger(
        specs(CUSTOM, PROD), newest(put('prod', 'domain', value='other.example')), 'route-in-rollout',
        'route-lost',
    ),
    'another target meanwhile': danger(
        THREE, put('prod-rollout', 'to', value={'version': '3'}), 'target-in-rollout'
    ),
    'pods are halved meanwhile': danger(GOES, values('replicaCount', value=2), 'pods-halved'),
    'pods follow a route that changes': danger(
        specs(CUSTOM, ROLLING), newest(put('prod', 'domain', value='other.example')), 'route-lost'
    ),
    'the next rollouts are less careful': danger(
        GOES, put('prod', 'strategy', value={'canary': {**SPEC, 'steps': [{'weight': 90}]}}), 'weaker-strategy'
    ),
    'native: a new version': noise(WEB, begin()),
    'the next step': noise(GOES, put('prod-rollout', 'stage', value='step-1')),
    'given up before it has requests': noise(GOES, put('prod-rollout', 'aborted', value=True)),
}  # fmt: skip
