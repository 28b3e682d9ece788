"""Releases of a run → their objects, rendered by helm from charts of any revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import TEMPLATES, chart_file, chart_folder, release_file
from generator.domain.tree import Ids
from generator.pipeline.places import ChartPlaces, files_digest
from generator.pipeline.run import Run
from generator.tools.helm.binary import Helm, HelmRelease, Rendered, template


@dataclass(frozen=True, slots=True)
class Shelf:
    """A temporary folder for charts that no work tree has; runs that share it write, or find, each chart once."""

    folder: Path
    known: dict[str, Path] = field(default_factory=dict)


def rendered_releases(
    run: Run, names: Sequence[str], helm: Helm, shelf: Shelf, jobs: int, *, checked: bool = True
) -> Mapping[str, Rendered]:  # fmt: skip
    """Render releases by name; `checked` as in `template`."""
    releases = {each.release.name: each for each in run.releases if each.release.name in names}
    charts = _charts(run, {each.chart.folder for each in releases.values()})
    places = _placed(run, charts, shelf)
    starters = {chart: files_digest(blobs, TEMPLATES) for chart, blobs in charts.items()}
    asked = {
        name: _asked(each, places.get(each.chart.folder, shelf.folder), starters.get(each.chart.folder, name))
        for name, each in releases.items()
    }
    by_file = {each.file: name for name, each in asked.items()}
    return {
        by_file[each.release.file]: each for each in template(helm, list(asked.values()), jobs=jobs, checked=checked)
    }


def placed_charts(run: Run, folders: set[str], shelf: Shelf) -> dict[str, Path]:
    """The places where helm reads the charts of these folders."""
    return _placed(run, _charts(run, folders), shelf)


def _charts(run: Run, folders: set[str]) -> Mapping[str, Ids]:
    """The blob ids of charts by folder: those that this run makes, else those of the base."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path, blob in {**run.base.ids, **run.desired_ids}.items():
        chart = chart_file(path)
        if chart and (folder := chart_folder(*chart[:2])) in folders:
            found[folder][chart[2]] = blob
    return found


def _placed(run: Run, charts: Mapping[str, Ids], shelf: Shelf) -> dict[str, Path]:
    """The folders of charts: of the work tree, if it has just these files, else on the shelf."""
    here = {} if run.repository.bare else run.source.generated
    there = ChartPlaces(here, run.repository.object_format)
    places, missing = dict[str, Path](), dict[str, Path]()
    for chart, blobs in charts.items():
        key = files_digest(blobs)
        if key not in shelf.known:
            own = there.blobs(chart) == blobs
            shelf.known[key] = run.repository.root / chart if own else shelf.folder / key
            if not own:
                missing[chart] = shelf.known[key]
        places[chart] = shelf.known[key]
    _write(run, {chart: charts[chart] for chart in missing}, missing)
    return places


def _write(run: Run, charts: Mapping[str, Ids], places: Mapping[str, Path]) -> None:
    made = {chart: {path: run.files.get(f'{chart}/{path}') for path in blobs} for chart, blobs in charts.items()}
    wanted = [blobs[path] for chart, blobs in charts.items() for path in blobs if made[chart][path] is None]
    stored = run.repository.read(wanted)
    for chart, blobs in charts.items():
        for path, blob in blobs.items():
            file = places[chart] / path
            file.parent.mkdir(parents=True, exist_ok=True)
            data = made[chart][path]
            file.write_bytes(stored[blob] if data is None else data)


def _asked(release: ResolvedRelease, chart: Path, starter: str) -> HelmRelease:
    return HelmRelease(
        name=release.release.model, namespace=release.environment.namespace,
        kube_version=release.environment.kubernetes, chart=chart, values=release.values, starter=starter,
        file=release_file(release.release.name),
    )  # fmt: skip
