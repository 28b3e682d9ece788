"""Release, environment and chart → the strategy of a release, parsed where it is set."""

from __future__ import annotations

import json

from generator.domain.environments import Environment
from generator.domain.generated import Chart
from generator.domain.layout import CHART_YAML
from generator.domain.records import Release
from generator.domain.strategy import WrittenStrategy, no_strategy, written_strategy
from generator.domain.values import DOMAIN, Values

# Annotation of charts: the model's own strategy at that version, as JSON. A pinned chart keeps it even if the
# model changes.
STRATEGY = f'{DOMAIN}/strategy'


def annotation(spec: Values) -> str:
    """Return the value of the annotation that `of_chart` reads."""
    return json.dumps(spec, sort_keys=True)


def of_chart(annotations: Values, folder: str) -> WrittenStrategy | None:
    """Return the strategy of a published chart; None if its model has none."""
    if STRATEGY not in annotations:
        return None
    return written_strategy(json.loads(annotations[STRATEGY]), f'{folder}/{CHART_YAML}', ('annotations', STRATEGY))


def release_strategy(release: Release, environment: Environment, chart: Chart) -> WrittenStrategy:
    """Return the release's strategy, else the environment's, else the chart's; they are not merged."""
    for place in (release, environment):
        if 'strategy' in place.spec:
            return written_strategy(place.spec['strategy'], place.file, ('spec', 'strategy'))
    return chart.strategy or no_strategy(release.file)
