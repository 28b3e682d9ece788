"""Releases of a run → their objects, rendered by helm from charts of any revision."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from generator.domain.generated import ResolvedRelease
from generator.domain.layout import TEMPLATES, chart_file, chart_folder, release_file
from generator.domain.tree import Tree
from generator.pipeline.run import Run
from generator.tools.helm.binary import Helm, HelmRelease, Rendered, template


def rendered_releases(
    run: Run, names: Sequence[str], helm: Helm, folder: Path, jobs: int, *, checked: bool = True
) -> Mapping[str, Rendered]:  # fmt: skip
    """Render releases by name, from charts that are written to a folder; `checked` as in `template`."""
    releases = {each.release.name: each for each in run.releases if each.release.name in names}
    wanted = sorted({each.chart.folder for each in releases.values()})
    charts = _chart_files(run, wanted)
    for place, files in charts.items():
        for path, data in files.items():
            file = folder / place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    same = {place: _templates(files) for place, files in charts.items()}
    asked = {name: _asked(each, folder, same.get(each.chart.folder, name)) for name, each in releases.items()}
    by_file = {each.file: name for name, each in asked.items()}
    return {
        by_file[each.release.file]: each for each in template(helm, list(asked.values()), jobs=jobs, checked=checked)
    }


def _templates(files: Tree) -> str:
    """A digest of the templates of a chart: helm renders charts with equal ones at once."""
    told = hashlib.sha256()
    for path, data in sorted(files.items()):
        if path.startswith(TEMPLATES):
            told.update(path.encode() + b'\0' + hashlib.sha256(data).digest())
    return told.hexdigest()


def _asked(release: ResolvedRelease, folder: Path, starter: str) -> HelmRelease:
    return HelmRelease(
        name=release.release.model, namespace=release.environment.namespace,
        kube_version=release.environment.kubernetes, chart=folder / release.chart.folder, values=release.values,
        starter=starter, file=release_file(release.release.name),
    )  # fmt: skip


def _chart_files(run: Run, folders: Sequence[str]) -> Mapping[str, Tree]:
    """The files of charts by folder: those that this run makes, else those of the base."""
    found: dict[str, dict[str, bytes]] = defaultdict(dict)
    base: dict[tuple[str, str], str] = {}
    for path, blob in {**run.base.ids, **run.desired_ids}.items():
        chart = chart_file(path)
        if chart and (folder := chart_folder(*chart[:2])) in folders:
            if path in run.files:
                found[folder][chart[2]] = run.files[path]
            else:
                base[folder, chart[2]] = blob
    blobs = run.repository.read(base.values())
    for (folder, path), blob in base.items():
        found[folder][path] = blobs[blob]
    return found
