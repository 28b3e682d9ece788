"""The published revision and releases → what is published of them, and of the records that may stop them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator.domain.layout import delivered_chart, delivery_file
from generator.domain.records import Application, Registry
from generator.pipeline.earlier import Earlier
from generator.pipeline.origins import Origins
from generator.plan.promotion import Standing
from generator.plan.stops import Ground


def standings(now: Earlier, registry: Registry, names: Collection[str]) -> dict[str, Standing]:
    releases, rollouts = now.releases(names, registry), now.rollouts(names)
    delivered = now.files([delivery_file(name) for name in names])
    return {
        name: Standing(delivered_chart(delivered.get(delivery_file(name), b'')), releases.get(name), rollouts.get(name))
        for name in names
    }


@dataclass(frozen=True)
class Grounds:
    """The published records that may stop releases: a request does not choose its own."""

    now: Earlier
    registry: Registry
    origins: Origins

    @cached_property
    def _applications(self) -> Mapping[str, list[Application]]:
        """By member."""
        found = defaultdict[str, list[Application]](list)
        for application in self.now.applications_in_scope(self.registry):
            for member in application.members:
                found[member].append(application)
        return found

    def of(self, standing: Callable[[str], Standing], name: str, place: str) -> Ground:
        """What may stop a release where another one, or itself, is published."""
        environment, model = name.split('/')
        origins = self.origins[environment]
        applications = tuple(self._applications.get(model, ()))
        return Ground(standing(place).release, tuple(origin.environment for origin in origins), applications)
