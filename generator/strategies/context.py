"""A release, its environment and its merged values → what engines need to know of it."""

from __future__ import annotations

from dataclasses import dataclass

from generator.domain import Chart, Environment, Values
from generator.strategies.checks import Query, queries
from generator.strategies.spec import Checks


@dataclass(frozen=True, slots=True)
class Context:
    environment: Environment
    chart: Chart
    values: Values  # merged

    @property
    def name(self) -> str:
        return self.chart.model

    @property
    def namespace(self) -> str:
        return self.environment.namespace

    @property
    def router(self) -> str:
        """What weighs the traffic: nothing but Services where no route is open."""
        opened = self.values['route']['enabled'] or self.values['grpcRoute']['enabled']
        return self.environment.router if opened else 'service'

    @property
    def prometheus(self) -> str:
        return str(self.environment.spec.get('monitoring', {}).get('prometheus', ''))

    @property
    def job(self) -> str:
        """The label that the release's PodMonitor gives to all it collects."""
        return f'{self.namespace}/{self.name}'

    def queries(self, checks: Checks, selector: str) -> list[Query]:
        return queries(checks, self.chart, f'job="{self.job}",{selector}')
