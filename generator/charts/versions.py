"""Model versions → chart versions: the files of each chart, its digests, and the ledger that makes them immutable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import assert_never

from generator.charts.archive import package
from generator.charts.files import VERSION, draft_chart
from generator.charts.stores import WAYS
from generator.documents.read import read_yaml
from generator.documents.write import scalar_text
from generator.domain.generated import Bump, BumpClass, Chart, LedgerEntry, Templates
from generator.domain.layout import CHART_YAML
from generator.domain.places import json_path
from generator.domain.problems import problem
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings
from generator.domain.tree import Tree, blob_id, tree_id

FIRST_VERSION = '1.0.0'
_NOTES = 10  # reasons that a chart tells; its ledger has all


@dataclass(frozen=True, slots=True)
class ModelCharts:
    """Content of a model's chart folder: the complete ledger, and the charts that may have to be written.

    `absent` are the published versions that have no folder of their own.
    """

    ledger: tuple[LedgerEntry, ...]
    charts: Mapping[str, Chart]  # by chart version; only those made in this run
    restored: Mapping[str, Tree] = field(default_factory=dict)  # files of pruned charts from git's history
    absent: frozenset[str] = frozenset()

    def newest(self, model_version: str) -> LedgerEntry | None:
        return next((e for e in reversed(self.ledger) if e.model_version == model_version), None)


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A chart without a version. `before` is what it is compared with: a published chart, or a draft of this run; None
    for the first chart of a model. `least` is the class of bump that the model asks for, or ''."""

    chart: Chart
    content: str
    source: str
    before: LedgerEntry | Draft | None
    least: str = ''


@dataclass(frozen=True, slots=True)
class Drafts:
    """The charts of a model: the published ledger, charts of it that were made again, and drafts."""

    ledger: tuple[LedgerEntry, ...]
    charts: Mapping[str, Chart]
    new: tuple[Draft, ...]


def draft_charts(
    model: Model,
    settings: Settings,
    templates: Templates,
    base: Sequence[LedgerEntry],
    pinned_by: Callable[[str], str] = lambda version: '',
) -> Drafts:
    """Make the charts of a model that its published ledger does not have.

    The newest model version gets a chart, and each version without one in the base. A chart whose content is already in
    the ledger keeps its version. `pinned_by` names a published release that pins a model version, '' for none.
    Raises ProblemsFound if a published model version differs that is not the newest, or that a release pins.
    """
    charts: dict[str, Chart] = {}
    last: dict[str, LedgerEntry | Draft] = {entry.model_version: entry for entry in base}
    new: list[Draft] = []
    for index, version in enumerate(model.versions):
        known = [entry for entry in base if entry.model_version == version.version]
        source = _source(version)
        if known and known[-1].source != source:
            superseded = base[-1].model_version != version.version
            _check_replaceable(model, version, known[-1], superseded or version is not model.newest, pinned_by)
        if known and version is not model.newest:
            continue
        chart = draft_chart(model, version, settings, templates)
        content = digest(chart.files)
        if known and known[-1].content == content:
            charts[known[-1].version] = _numbered(chart, known[-1].version, known[-1].reasons)
            continue
        # An older line goes on from the version that is listed before.
        earlier = [last[each.version] for each in model.versions[: index + 1] if each.version in last]
        before = earlier[-1] if earlier else base[-1] if base else None
        # What the model asks for is about the new version, not about later charts of it.
        draft = Draft(chart, content, source, before, '' if known else str(version.spec.get('bump', '')))
        last[version.version] = draft
        new.append(draft)
    return Drafts(tuple(base), charts, tuple(new))


def number_charts(
    drafts: Drafts, bumps: Sequence[Bump], templates: Templates, object_format: str = 'sha1'
) -> ModelCharts:
    """Give the drafts their versions, above all others of the ledger; `bumps` are those of drafts that have a `before`.

    `object_format` is the hash algorithm of the repository's ids.
    """
    ledger, charts, left = list(drafts.ledger), dict(drafts.charts), iter(bumps)
    for draft in drafts.new:
        bump = next(left) if draft.before else None
        number = next_version(ledger[-1].version, bump.bump) if bump and ledger else FIRST_VERSION
        reasons = bump.reasons if bump else ('first chart of the model',)
        chart = charts[number] = _numbered(draft.chart, number, reasons)
        ledger.append(
            LedgerEntry(
                version=number,
                model_version=chart.model_version,
                digest=digest(chart.files),
                content=draft.content,
                source=draft.source,
                starter=templates.starter.version,
                tree=tree(chart.files, object_format),
                bump=bump.bump if bump else 'initial',
                reasons=reasons,
                manifest=manifest_digest(chart.files),
                pods=bump.pods if bump else 'none',
                templates=bump.templates if bump else 0,
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


def next_version(version: str, bump: BumpClass) -> str:
    major, minor, patch = map(int, version.split('.'))
    match bump:
        case 'major':
            return f'{major + 1}.0.0'
        case 'minor':
            return f'{major}.{minor + 1}.0'
        case 'patch':
            return f'{major}.{minor}.{patch + 1}'
        case _:
            assert_never(bump)


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


def manifest_digest(files: Tree) -> str:
    """Return the digest that pins a chart in every OCI registry."""
    return package(files, read_yaml(files[CHART_YAML], CHART_YAML)).digest


def tree(files: Tree, object_format: str) -> str:
    """Return `<hash algorithm>:<git tree id>` of a chart's folder; git restores a pruned chart by it."""
    blobs = {path: _blob_id(data, object_format) for path, data in files.items()}
    return f'{object_format}:{tree_id(blobs, object_format)}'


@lru_cache(maxsize=1024)
def _blob_id(data: bytes, object_format: str) -> str:
    return blob_id(data, object_format)


def _numbered(draft: Chart, version: str, reasons: tuple[str, ...]) -> Chart:
    files = dict(draft.files)
    for name in ('Chart.yaml', 'README.md'):
        quoted = files[name].replace(scalar_text(VERSION).encode(), version.encode())
        files[name] = quoted.replace(VERSION.encode(), version.encode())
    if reasons:
        more = [f'and {len(reasons) - _NOTES} more, in the ledger'] if len(reasons) > _NOTES else []
        kind = 'added' if version == FIRST_VERSION else 'changed'
        told = [{'kind': kind, 'description': reason} for reason in (*reasons[:_NOTES], *more)]
        notes = scalar_text(json.dumps(told, ensure_ascii=False))
        files['Chart.yaml'] += f'  artifacthub.io/changes: {notes}\n'.encode()
    return Chart(
        model=draft.model, version=version, model_version=draft.model_version, values=draft.values,
        schema=draft.schema, annotations=draft.annotations, strategy=draft.strategy,
        files=files, layers=draft.layers,
    )  # fmt: skip
