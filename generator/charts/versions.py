"""Model versions → chart versions: the files of each chart, its digests, and the ledger that makes them immutable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from generator.charts.files import VERSION, draft_chart
from generator.charts.stores import WAYS
from generator.documents.write import scalar_text
from generator.domain.generated import Chart, LedgerEntry, Templates
from generator.domain.layout import chart_folder
from generator.domain.places import json_path
from generator.domain.problems import problem
from generator.domain.records import Ids, Model, ModelVersion, Settings, Tree
from generator.domain.tree import blob_id, tree_id

FIRST_VERSION = '1.0.0'


@dataclass(frozen=True, slots=True)
class ModelCharts:
    """Content of a model's chart folder: the complete ledger, and the charts that may have to be written."""

    ledger: tuple[LedgerEntry, ...]
    charts: Mapping[str, Chart]  # by chart version; only those made in this run
    restored: Mapping[str, Tree] = field(default_factory=dict)  # files of pruned charts from git's history

    def newest(self, model_version: str) -> LedgerEntry | None:
        return next((e for e in reversed(self.ledger) if e.model_version == model_version), None)


def make_charts(
    model: Model,
    settings: Settings,
    templates: Templates,
    base: Sequence[LedgerEntry],
    base_ids: Ids,
    object_format: str = 'sha1',
    pinned_by: Callable[[str], str] = lambda version: '',
) -> ModelCharts:
    """Make the charts of a model on top of the ledger of the base tree.

    The newest model version gets a chart, and each version without one in the base. A chart whose content is already in
    the ledger keeps its version, any other gets the next patch version. `base_ids` are blob ids by path;
    `object_format` is the hash algorithm of the repository's ids. `pinned_by` names a published release that pins a
    model version, '' for none.
    Raises ProblemsFound if a published model version differs that is not the newest, or that a release pins.
    """
    ledger = list(base)
    charts = {}
    for version in model.versions:
        known = [entry for entry in base if entry.model_version == version.version]
        if known and known[-1].source != _source(version):
            superseded = base[-1].model_version != version.version
            _check_replaceable(model, version, known[-1], superseded or version is not model.newest, pinned_by)
        if known and version is not model.newest:
            continue
        draft = draft_chart(model, version, settings, templates)
        content = digest(draft.files)
        if known and known[-1].content == content:
            charts[known[-1].version] = _numbered(draft, known[-1].version, known[-1].reasons)
            continue
        number = next_patch(ledger[-1].version) if ledger else FIRST_VERSION
        blobs = {path: _blob_id(data, object_format) for path, data in draft.files.items()}
        reasons = _reasons(draft, blobs, known, ledger, base_ids)
        chart = charts[number] = _numbered(draft, number, reasons)
        ledger.append(
            LedgerEntry(
                version=number,
                model_version=version.version,
                digest=digest(chart.files),
                content=content,
                source=_source(version),
                starter=templates.starter.version,
                tree=tree(chart.files, object_format),
                bump='patch' if ledger else 'initial',
                reasons=reasons,
            )
        )
    return ModelCharts(tuple(ledger), charts)


def _source(version: ModelVersion) -> str:
    spec = {key: version.spec[key] for key in ('image', 'artifact', 'signature') if key in version.spec}
    if 'artifact' in spec:  # how to get the files may change, not which they are
        spec['artifact'] = {key: item for key, item in spec['artifact'].items() if key not in WAYS}
    return hashlib.sha256(json.dumps(spec, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _check_replaceable(
    model: Model, version: ModelVersion, published: LedgerEntry, superseded: bool, pinned_by: Callable[[str], str]
) -> None:
    """Raise ProblemsFound if a newer version was published after this one, or releases rely on its content."""
    pinned = pinned_by(version.version)
    if not (superseded or pinned):
        return
    place = json_path(('spec', 'versions', model.versions.index(version)))
    message = f"version '{version.version}' was published with a different image, artifact or signature"
    hint = f'undo the change and add it as a new version: chart {published.version} does not change'
    raise problem(model.file, place, f"{message}, and '{pinned}' pins it" if pinned else message, hint)


def next_patch(version: str) -> str:
    major, minor, patch = version.split('.')
    return f'{major}.{minor}.{int(patch) + 1}'


def digest(files: Tree) -> str:
    """Return the digest of a chart: sha256 over its sorted paths and their sha256; helm's archives differ each time."""
    return digest_of({path: _sha256(data) for path, data in files.items()})


def digest_of(hashes: Mapping[str, str]) -> str:
    """Return the digest of a chart from the sha256 of its files by path."""
    lines = ''.join(f'{path} {hashed}\n' for path, hashed in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@lru_cache(maxsize=1024)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tree(files: Tree, object_format: str) -> str:
    """Return `<hash algorithm>:<git tree id>` of a chart's folder; git restores a pruned chart by it."""
    blobs = {path: _blob_id(data, object_format) for path, data in files.items()}
    return f'{object_format}:{tree_id(blobs, object_format)}'


@lru_cache(maxsize=1024)
def _blob_id(data: bytes, object_format: str) -> str:
    return blob_id(data, object_format)


def _reasons(
    draft: Chart, blobs: Ids, known: Sequence[LedgerEntry], ledger: Sequence[LedgerEntry], base_ids: Ids
) -> tuple[str, ...]:
    if not known:
        return (f'model version {draft.model_version}',) if ledger else ('first chart of the model',)
    folder = f'{chart_folder(draft.model, known[-1].version)}/'
    changed = [
        path
        for path, blob in sorted(blobs.items())
        if path not in ('Chart.yaml', 'README.md') and base_ids.get(folder + path) not in (None, blob)
    ]
    return (f'changed: {", ".join(changed)}',) if changed else ('changed: Chart.yaml or README.md',)


def _numbered(draft: Chart, version: str, reasons: tuple[str, ...]) -> Chart:
    files = dict(draft.files)
    for name in ('Chart.yaml', 'README.md'):
        quoted = files[name].replace(scalar_text(VERSION).encode(), version.encode())
        files[name] = quoted.replace(VERSION.encode(), version.encode())
    if reasons:
        kind = 'added' if version == FIRST_VERSION else 'changed'
        notes = json.dumps([{'kind': kind, 'description': reason} for reason in reasons], ensure_ascii=False)
        files['Chart.yaml'] += f'  artifacthub.io/changes: {scalar_text(notes)}\n'.encode()
    return Chart(
        model=draft.model, version=version, model_version=draft.model_version, values=draft.values,
        schema=draft.schema, annotations=draft.annotations, strategy=draft.strategy,
        files=files, layers=draft.layers,
    )  # fmt: skip
