"""Charts of a run that are in no file yet → what helm finds in them, and in the releases that would run them."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from generator.domain.generated import Chart
from generator.domain.layout import values_file
from generator.domain.problems import Problem
from generator.pipeline.run import Run
from generator.tools.forks import cores
from generator.tools.helm.binary import HelmRelease, find_helm, lint, template
from generator.tools.temporary import temporary_folder


def helm_problems(run: Run, charts: Collection[Chart]) -> list[Problem]:
    """Lint charts of this run, and render the releases that stand on them with the values of their delivery objects.

    Raises CommandFailed if there is no helm.
    """
    helm, jobs = find_helm(os.environ), cores()
    with temporary_folder() as folder:
        places = {chart.folder: _written(folder, chart) for chart in charts}
        rendered = template(helm, _releases(run, places), jobs=jobs)
        return [*lint(helm, places, jobs=jobs), *(each.problem for each in rendered if each.problem)]


def _written(folder: Path, chart: Chart) -> Path:
    place = folder / chart.folder
    for path, data in chart.files.items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return place


def _releases(run: Run, places: dict[str, Path]) -> list[HelmRelease]:
    return [
        HelmRelease(
            name=release.release.model,
            namespace=release.environment.namespace,
            kube_version=release.environment.kubernetes,
            chart=places[release.chart.folder],
            values=release.values,
            starter=run.templates.starter.digest,  # all these charts were made of it
            file=values_file(release.release.name),
        )
        for release in run.releases
        if release.chart.folder in places
    ]
