"""Release, environment and chart → the strategy of a release: one of them says it, and it is parsed there once."""

from __future__ import annotations

import json

from generator.domain.layout import CHART_YAML
from generator.domain.records import DOMAIN, Chart, Environment, Release, Values
from generator.domain.strategy import WrittenStrategy, no_strategy, written_strategy

# Annotation of charts: the model's own strategy at that version, as JSON. A pinned chart keeps it whatever the model
# says by now.
STRATEGY = f'{DOMAIN}/strategy'


def annotation(spec: Values) -> str:
    """The value of the annotation that `of_chart` reads."""
    return json.dumps(spec, sort_keys=True)


def of_chart(annotations: Values, folder: str) -> WrittenStrategy | None:
    """The strategy that a published chart carries; None where its model said nothing."""
    if STRATEGY not in annotations:
        return None
    return written_strategy(json.loads(annotations[STRATEGY]), f'{folder}/{CHART_YAML}', ('annotations', STRATEGY))


def release_strategy(release: Release, environment: Environment, chart: Chart) -> WrittenStrategy:
    """The release's strategy over the environment's over the chart's, as one piece."""
    for place in (release, environment):
        if 'strategy' in place.spec:
            return written_strategy(place.spec['strategy'], place.file, ('spec', 'strategy'))
    return chart.strategy or no_strategy(release.file)
