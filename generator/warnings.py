"""Registry → what works and should be known before it is relied on; nothing stops because of it."""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain import Registry, Templates
from generator.errors import Problem


def registry_warnings(registry: Registry, templates: Templates) -> list[Problem]:
    """Warnings in the form of problems, sorted by place."""
    return sorted([*_runtimes(registry, templates), *_routers(registry)])


def _runtimes(registry: Registry, templates: Templates) -> Iterator[Problem]:
    for model in registry.models.values():
        runtime = templates.runtimes.get(model.runtime)
        if runtime and (text := runtime.spec.get('warning')):
            yield Problem(model.file, '$.spec.runtime', f"runtime '{model.runtime}': {text}")


def _routers(registry: Registry) -> Iterator[Problem]:
    for environment in registry.environments.values():
        if environment.router == 'nginx':
            message = "router 'nginx' is ingress-nginx, which nobody has maintained since March 2026"
            yield Problem(environment.file, '$.spec.router', message, "plan the way to router 'gateway-api'")
