"""Alerts that a model or a release writes → problems: those that would silence alerts of others.

An Alertmanager silences alerts by others with the same name and namespace and a higher severity; kube-prometheus-stack
does so for critical, warning and info. All rules of a release have the namespace of its environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.charts.alerts import OWN
from generator.checks.granted import Finding, not_granted
from generator.checks.scope import Scope
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.words import quoted
from generator.values.merge import enabled

_PLACE: Path = ('monitoring', 'rules', 'alerts')
_PREFIX = 'Model'
_SILENCING = ('critical', 'warning')


def silencing_alerts(scope: Scope) -> Iterator[Problem]:
    """Report names that alerts of the platform may have, and severities by which a model silences other models."""
    for release in scope.releases:
        if found := list(_findings(release)):
            yield from not_granted(release, found)


def _findings(release: ResolvedRelease) -> Iterator[Finding]:
    for name, alert in enabled(release.merged['monitoring']['rules']['alerts']).items():
        if not name.startswith(_PREFIX):
            message = f'alert {quoted(name)} may silence one of the platform: its name does not begin with {_PREFIX}'
            yield (*_PLACE, name), message, f'choose a name that begins with {_PREFIX}'
        elif name in OWN and alert['severity'] in _SILENCING:
            message = f'severity {quoted(alert["severity"])} may silence {name} of other models'
            yield (*_PLACE, name, 'severity'), message, f'only values of {release.environment.file} may set it so'
