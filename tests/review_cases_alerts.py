"""Labelled changes of monitoring: alerts that are switched off or ask for something else, and sizes beyond measure."""

from __future__ import annotations

import copy

from review_bases import CUSTOM, MONITORING, NATIVE, PROD, RANKER, ROLLING, specs
from review_corpus import NULL, Case, Change, danger, model, noise, put, several, values

WATCHED = {**MONITORING, 'rules': True, 'labels': {'release': 'prometheus'}}
ON = specs(RANKER['model'], {**ROLLING, 'monitoring': WATCHED})
QUIET = {'expr': 'vector(0) > 1'}
OWN = {
    'expr': 'sum(queue_length{job="$JOB"}) > 50', 'for': '5m', 'severity': 'page', 'summary': 's', 'description': 'd',
}  # fmt: skip
WITH_OWN = specs(
    {**copy.deepcopy(RANKER['model']), 'values': {'monitoring': {'rules': {'alerts': {'ModelQueueLong': OWN}}}}},
    {**ROLLING, 'monitoring': WATCHED},
)


def alert(name: str, **more: object) -> Change:
    return values('monitoring', 'rules', 'alerts', name, value=more)


def own(**more: object) -> Change:
    return model('values', 'monitoring', 'rules', 'alerts', 'ModelQueueLong', value={**OWN, **more})


ALERTS: dict[str, Case] = {
    'no alerts in an environment': danger(ON, put('prod', 'monitoring', 'rules', value=False), 'blind-alerts'),
    'no alerts of a release': danger(ON, values('monitoring', 'rules', value={'enabled': False}), 'blind-alerts'),
    'alerts that nobody looks for': danger(
        ON, put('prod', 'monitoring', 'labels', 'release', value='x'), 'blind-alerts'
    ),
    'monitors without their label': danger(ON, put('prod', 'monitoring', 'labels', value=None), 'blind-alerts'),
    'an alert that never fires': danger(ON, alert('ModelDown', **QUIET), 'blind-alerts'),
    'an alert that is off': danger(ON, alert('ModelDown', enabled=False), 'blind-alerts'),
    'an alert after days': danger(ON, alert('ModelDown', **{'for': '30d'}), 'blind-alerts'),
    'an alert that wakes nobody': danger(ON, alert('ModelDown', severity='info'), 'blind-alerts'),
    'native: an alert that never fires': danger(
        specs(RANKER['model'], {**NATIVE, 'monitoring': WATCHED}), alert('ModelDown', **QUIET), 'blind-alerts'
    ),
    'argo rollouts: no alerts': danger(
        specs(RANKER['model'], {**PROD, 'monitoring': WATCHED}), put('prod', 'monitoring', 'rules', value=False),
        'blind-alerts',
    ),
    'flux: no alerts': danger(
        specs(RANKER['model'], {**ROLLING, 'agent': 'flux', 'monitoring': WATCHED}),
        put('prod', 'monitoring', 'rules', value=False), 'blind-alerts',
    ),
    'no metrics': danger(
        specs(CUSTOM, {**ROLLING, 'monitoring': {**MONITORING, 'podMonitor': True}}),
        put('prod', 'monitoring', 'podMonitor', value=False), 'blind-alerts',
    ),
    'metrics at another path': danger(ON, values('metrics', 'path', value='/nothing'), 'blind-alerts'),
    'metrics every hour': danger(ON, values('monitoring', 'podMonitor', 'interval', value='1h'), 'blind-alerts'),
    'metrics every minute': noise(ON, values('monitoring', 'podMonitor', 'interval', value='1m')),
    'no objective': danger(ON, model('slo', value={'p99': '100ms'}), 'blind-alerts'),
    'a limit that nothing exceeds': danger(
        WITH_OWN, own(expr='sum(queue_length{job="$JOB"}) > 50000'), 'blind-alerts'
    ),
    'an alert much later': danger(WITH_OWN, own(**{'for': '49m'}), 'blind-alerts'),
    'another limit': noise(WITH_OWN, own(expr='sum(queue_length{job="$JOB"}) > 80')),
    'an alert a little later': noise(WITH_OWN, own(**{'for': '10m'})),
    'an alert in other words': noise(WITH_OWN, own(summary='the queue is long')),
    'a further label of monitors': noise(ON, put('prod', 'monitoring', 'labels', 'team', value='shop')),
    'alerts that were off stay off': noise(
        specs(RANKER['model'], ROLLING), alert('ModelDown', **QUIET)
    ),
}  # fmt: skip
SCALED = specs({**CUSTOM, 'autoscaling': {'minReplicas': 4, 'maxReplicas': 8}}, ROLLING)
ALONE = specs(CUSTOM, ROLLING)

SIZES: dict[str, Case] = {
    'pods without end': danger(
        SCALED, several(values('autoscaling', 'minReplicas', value=2_000_000_000),
                        values('autoscaling', 'maxReplicas', value=2_000_000_000)), 'huge'
    ),
    'pods without end at most': danger(SCALED, values('autoscaling', 'maxReplicas', value=2_000_000_000), 'huge'),
    'ten times the pods': danger(ALONE, values('replicaCount', value=40), 'huge'),
    'requests that no node has': danger(
        ALONE, values('resources', 'requests', value={'cpu': '4000', 'memory': '4Gi'}), 'huge'
    ),
    'memory that no node has': danger(
        ALONE, values('resources', value={'requests': {'memory': '90000Gi'}, 'limits': {'memory': '90000Gi'}}), 'huge'
    ),
    'sixteen times the memory': danger(
        ALONE, values('resources', value={'requests': {'memory': '72Gi'}, 'limits': {'memory': '72Gi'}}), 'huge'
    ),
    'pods that are never ready': danger(
        ALONE, several(values('minReadySeconds', value=99_999_999),
                       values('progressDeadlineSeconds', value=999_999_999)), 'huge'
    ),
    'a probe that waits for weeks': danger(
        ALONE, values('startupProbe', 'failureThreshold', value=1_000_000), 'huge', 'restart'
    ),
    'argo rollouts: requests that no node has': danger(
        specs(CUSTOM, PROD), values('resources', 'requests', 'cpu', value='4000'), 'huge'
    ),
    'a limit that no node has, which is what is requested': danger(
        ALONE,
        several(values('resources', 'limits', 'memory', value='90000Gi'),
                values('resources', 'requests', 'memory', value=NULL)), 'huge', 'restart',
    ),
    'twice the pods': noise(ALONE, values('replicaCount', value=8)),
    'many times a small request': noise(ALONE, values('resources', 'requests', 'cpu', value='8')),
    'an hour to be ready': noise(
        ALONE, several(values('minReadySeconds', value=3600), values('progressDeadlineSeconds', value=7200))
    ),
}  # fmt: skip
