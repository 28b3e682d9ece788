"""A resolved release → problems: objects of tools that its environment does not permit."""

from __future__ import annotations

from collections.abc import Iterator

from generator.charts.kinds import tool_of, tools_of
from generator.charts.monitoring import DASHBOARD
from generator.checks.scope import Scope
from generator.domain.choices import Engine, Tool
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Fault, Problem
from generator.values.blame import to_problems


def forbidden_tools(scope: Scope) -> Iterator[Problem]:
    """Report what a release switches on; tools that the environment itself switches on are always permitted."""
    for release in scope.releases:
        wanted = list(_wanted(release))
        permitted = tools_of(release.environment) if wanted else frozenset()
        faults = [_fault(tool, path, release) for tool, path in wanted if tool not in permitted]
        if faults:
            yield from to_problems(faults, (*release.chart.layers, *release.layers), release.release.file)


def _wanted(release: ResolvedRelease) -> Iterator[tuple[Tool, Path]]:
    values = release.merged
    engine: Engine = values['strategy']['engine']
    if tool := tool_of(engine):
        yield tool, ('strategy', 'engine')
    scaling, watched = values['autoscaling'], values['monitoring']
    # Without an address the environment has no Prometheus: that is told elsewhere.
    if scaling['enabled'] and scaling['type'] == 'keda' and scaling['keda']['serverAddress']:
        yield 'keda', ('autoscaling', 'type')
    for part in ('podMonitor', 'rules'):
        if watched[part]['enabled']:
            yield 'prometheus-operator', ('monitoring', part, 'enabled')
    if watched['dashboard']['enabled'] and DASHBOARD in release.chart.annotations:  # else that is told, no tool helps
        yield 'dashboards', ('monitoring', 'dashboard', 'enabled')


def _fault(tool: Tool, path: Path, release: ResolvedRelease) -> Fault:
    environment = release.environment
    message = f"this requires {tool}, which environment '{environment.name}' does not permit"
    return Fault(path, message, f'remove it, or add {tool} to permits in {environment.file}')
