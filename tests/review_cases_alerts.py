"""Labelled changes of monitoring: alerts that are switched off or ask for something else, and sizes beyond measure."""

from __future__ import annotations

import copy

from review_bases import CUSTOM, MONITORING, NATIVE, PROD, RANKER, ROLLING, specs
from review_corpus import Case, Change, danger, model, noise, put, values

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
    'no objective': danger(ON, model('slo', value={'p99': '100ms'}), 'blind-alerts'),
    'a limit that nothing exceeds': danger(
        WITH_OWN, own(expr='sum(queue_length{job="$JOB"}) > 50000'), 'blind-alerts'
    ),
    'another limit': noise(WITH_OWN, own(expr='sum(queue_length{job="$JOB"}) > 80')),
    'an alert a little later': noise(WITH_OWN, own(**{'for': '10m'})),
    'an alert in other words': noise(WITH_OWN, own(summary='the queue is long')),
    'a further label of monitors': noise(ON, put('prod', 'monitoring', 'labels', 'team', value='shop')),
    'alerts that were off stay off': noise(
        specs(RANKER['model'], ROLLING), alert('ModelDown', **QUIET)
    ),
}  # fmt: skip
