"""A release, its model and the ledger → the newest chart that the release did not give up, and which pin is newer."""

from __future__ import annotations

from collections.abc import Sequence

from generator.domain.generated import LedgerEntry
from generator.domain.records import Model, Release


def followed(release: Release, model: Model, ledger: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The newest chart of the newest model version that a release did not give up; None if it gave up all."""
    charts = (newest_of(release, version.version, ledger) for version in reversed(model.versions))
    return next(filter(None, charts), None)


def newest_of(release: Release, version: str, ledger: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The newest chart of a model version that a release did not give up."""
    entries = (entry for entry in reversed(ledger) if entry.model_version == version)
    return next((entry for entry in entries if not release.gave_up(version, entry.version)), None)


# Of a version in its model's list and of its chart in the ledger; the newer is the greater.
Place = tuple[int, int]


def place_of(model: Model, ledger: Sequence[LedgerEntry], version: str, chart: str) -> Place:
    """Where a pin stands, -1 for what is unknown: a hotfix has a newer chart than the version that follows it."""
    versions, charts = [each.version for each in model.versions], [entry.version for entry in ledger]
    return (
        versions.index(version) if version in versions else -1,
        charts.index(chart) if chart in charts else -1,
    )
