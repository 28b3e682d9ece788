"""A model → the environments that take its newest version at once, and those that would but are held back."""

from __future__ import annotations

from dataclasses import dataclass

from generator.domain.records import Registry


@dataclass(frozen=True, slots=True)
class Follower:
    """An environment that follows the newest version and has the model; `held` says why it does not take it, or ''."""

    environment: str
    held: str = ''


def followers(registry: Registry, model: str) -> tuple[Follower, ...]:
    """Return the environments that follow the newest version of a model, sorted."""
    found = []
    for release in registry.releases.values():
        if release.model == model and registry.environments[release.environment].follows_newest:
            held = f'its pin holds it at {release.version or release.chart}' if release.version or release.chart else ''
            found.append(Follower(release.environment, held))
    return tuple(sorted(found, key=lambda each: each.environment))
