"""Releases → the same without the pins of rollbacks that have ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.domain.environments import Environment
from generator.domain.records import Model, Release


def with_ended_rollbacks(
    releases: Mapping[str, Release], environments: Mapping[str, Environment], models: Mapping[str, Model]
) -> dict[str, Release]:
    """Return releases without pins of rollbacks that have ended: where the newest version is followed, such a pin holds
    until there is a newer one that was not given up."""
    found = dict(releases)
    for name, release in releases.items():
        environment, model = environments.get(release.environment), models.get(release.model)
        if not (release.is_rollback and environment and environment.follows_newest and model):
            continue
        if not release.gave_up(model.newest.version):
            kept = {key: value for key, value in release.spec.items() if key not in ('version', 'chart', 'rollback')}
            found[name] = replace(release, spec=kept)
    return found
