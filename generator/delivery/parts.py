"""Parts that the delivery objects of both agents have in common."""

from __future__ import annotations

from typing import Any, assert_never

from generator.domain.choices import ChartSource
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import CHART_LABEL
from generator.domain.values import DOMAIN


def labels(release: ResolvedRelease, source: ChartSource) -> dict[str, str]:
    labels = {
        'app.kubernetes.io/managed-by': 'chartloom',
        f'{DOMAIN}/environment': release.environment.name,
        f'{DOMAIN}/model': release.release.model,
    }
    match source:
        case 'git':
            return labels
        case 'oci':  # people cannot read a version in a digest
            return labels | {CHART_LABEL: release.chart.version}
        case _:
            assert_never(source)


def present(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}
