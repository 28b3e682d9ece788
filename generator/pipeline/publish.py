"""The ledgers and an OCI registry → the charts that the registry lacks, pushed under the digests computed before.

A push that was interrupted is finished by the next one: what the registry has already is not sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from generator.domain.generated import LedgerEntry
from generator.domain.layout import CHARTS, SETTINGS, is_ledger, ledger_file, model_of
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.settings import Settings
from generator.domain.words import quoted, suggest
from generator.pipeline.packages import Shelf, published_base
from generator.pipeline.published import Base
from generator.pipeline.revisions import published_ref, refuse_guess
from generator.pipeline.source import Source
from generator.tools.oci import OciRegistry


@dataclass(frozen=True, slots=True)
class Push:
    """A chart version of a ledger, what the registry lacks of it, and why its tag cannot be set."""

    model: str
    entry: LedgerEntry
    lacks_chart: bool
    lacks_tag: bool
    problem: Problem | None = None


def registry_address(settings: Settings) -> str:
    """Return the address of the OCI registry; raises ProblemsFound if the settings name none."""
    if not settings.registry:
        hint = 'set it to the folder for charts, oci://<host>/<path>'
        raise problem(SETTINGS, '$.spec.charts.registry', 'no OCI registry for charts', hint)
    return settings.registry


def base_to_publish(
    source: Source,
    branch: str,
    named: str = '',
    *,
    tag: bool = False,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Base:
    """Read the base with its ledgers; raises ProblemsFound for models without charts, and for tags of drafts.

    A chart of a request may still change, and a tag is never moved. `environ` tells whether this is CI, where the
    published branch must be known for it.
    """
    if tag:  # also with a base: the settings of a request may name any branch as the published one
        refuse_guess(source, branch, environ)
    base = published_base(source, branch, named)
    if unknown := sorted({*source.scope}.difference(base.ledgers)):
        known = {model_of(path) for path in source.repository.ids(base.revision, [CHARTS]) if is_ledger(path)}
        raise ProblemsFound(
            Problem(ledger_file(m), '', f'no published charts of model {quoted(m)}', suggest(m, known)) for m in unknown
        )
    published = source.refs.get(published_ref(branch, source.refs), '')
    if tag and base.revision and not (published and source.repository.contains(published, base.revision)):
        hint = 'publish without --tag, and with it after the merge'
        raise problem(CHARTS, '', f'{base.revision[:12]} is not on the published branch {quoted(branch)}', hint)
    return base


def pushes(registry: OciRegistry, shelf: Shelf, *, tag: bool, pruned: bool) -> Iterator[Push]:
    """Compare the charts of the ledgers with the registry, model by model; nothing is pushed."""
    for model in sorted(shelf.base.ledgers):
        entries = shelf.entries(model, pruned=pruned)
        shelf.check(model, entries)
        for entry in entries:
            lacks = registry.manifest_digest(model, entry.manifest) != entry.manifest
            tagged = registry.manifest_digest(model, entry.version) if tag else ''
            moved = moved_tag(registry.address, model, entry, tagged) if tagged not in ('', entry.manifest) else None
            yield Push(model, entry, lacks, tag and not tagged, moved)


def moved_tag(address: str, model: str, entry: LedgerEntry, tagged: str) -> Problem:
    """Report a tag that points to something else than the chart of the ledger."""
    message = f"tag '{entry.version}' is {tagged}, the chart of the ledger is {entry.manifest}"
    hint = 'a tag is never moved: find out who pushed it, and delete it in the registry if nobody uses it'
    return Problem(f'{address}/{model}', '', message, hint)


def carry_out(registry: OciRegistry, shelf: Shelf, push: Push) -> None:
    """Push what the registry lacks: the blobs, the manifest by its digest, then the tag."""
    if not (push.lacks_chart or push.lacks_tag):
        return
    [chart] = shelf.packages(push.model, [push.entry])
    package = chart.package
    if push.lacks_chart:
        registry.push_blob(push.model, package.config)
        registry.push_blob(push.model, package.archive)
        registry.push_manifest(push.model, package.digest, package.manifest)
    if push.lacks_tag:
        registry.push_manifest(push.model, package.version, package.manifest)
