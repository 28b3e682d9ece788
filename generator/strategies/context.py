"""A release, its environment and its merged values → the context for its engine."""

from __future__ import annotations

from dataclasses import dataclass

from generator.domain.choices import Engine, Router
from generator.domain.environments import Environment
from generator.domain.generated import Chart
from generator.domain.strategy import Checks
from generator.domain.values import Values
from generator.strategies.queries import Query, queries


def router_of(environment: Environment, values: Values) -> Router:
    """Return the router of a release; 'service' if no route is enabled."""
    opened = values['route']['enabled'] or values['grpcRoute']['enabled']
    return environment.router if opened else 'service'


@dataclass(frozen=True, slots=True)
class Context:
    environment: Environment
    chart: Chart
    values: Values  # merged
    engine: Engine
    rollback: bool = False  # whether the last pin was a rollback
    leaves: bool = False  # whether the next commit changes the engine

    @property
    def name(self) -> str:
        return self.chart.model

    @property
    def namespace(self) -> str:
        return self.environment.namespace

    @property
    def router(self) -> Router:
        return router_of(self.environment, self.values)

    @property
    def prometheus(self) -> str:
        return str(self.environment.spec.get('monitoring', {}).get('prometheus', ''))

    @property
    def job(self) -> str:
        """Label `job` of all metrics that the release's PodMonitor collects."""
        return f'{self.namespace}/{self.name}'

    def queries(self, checks: Checks, selector: str) -> list[Query]:
        return queries(checks, self.chart, f'job="{self.job}",{selector}')
