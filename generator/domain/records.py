"""The registry as frozen data; JSON Schema has checked the documents that it is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from generator.domain.choices import (
    Engine,
)
from generator.domain.environments import Environment
from generator.domain.places import Path
from generator.domain.settings import Settings
from generator.domain.strategy import Strategy
from generator.domain.values import Values


@dataclass(frozen=True, slots=True)
class ModelVersion:
    version: str
    image: str
    spec: Values


@dataclass(frozen=True, slots=True)
class Model:
    """`removed` are the places in its file that say null: these values of the starter or the preset are removed."""

    name: str
    file: str
    spec: Values
    versions: tuple[ModelVersion, ...]
    removed: tuple[Path, ...] = ()

    @property
    def hostname(self) -> str:
        """First label of the host name of the model's own route."""
        return str(self.spec.get('route', {}).get('hostname', self.name))

    @property
    def grpc_hostname(self) -> str:
        return str(self.spec.get('route', {}).get('grpc', {}).get('hostname', f'{self.hostname}-grpc'))

    @property
    def newest(self) -> ModelVersion:
        return self.versions[-1]

    @property
    def runtime(self) -> str:
        return str(self.spec['runtime'])


@dataclass(frozen=True, slots=True)
class Release:
    """A model in an environment: the pin and the values that differ there; `removed` as of an environment."""

    environment: str
    model: str
    file: str
    spec: Values
    removed: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return f'{self.environment}/{self.model}'

    @property
    def version(self) -> str:
        return str(self.spec.get('version', ''))

    @property
    def chart(self) -> str:
        return str(self.spec.get('chart', ''))

    def gave_up(self, version: str, chart: str = '') -> Values | None:
        """The entry that withdraws a model version here, or one chart of it; None for none."""
        entries: Sequence[Values] = self.spec.get('withdrawn', ())
        mine = (entry for entry in entries if entry['version'] == version)
        return next((entry for entry in mine if entry.get('chart', chart) == chart), None)

    def engine(self, environment: Environment) -> Engine:
        """Who moves the traffic of a release whose strategy is not rolling."""
        found: Engine = self.spec.get('engine', environment.engine)
        return found

    @property
    def is_rollback(self) -> bool:
        """Whether the pin is a rollback: engines go back without their steps and checks, until the next pin."""
        return bool(self.chart) and self.spec.get('rollback') == self.chart

    @property
    def is_held(self) -> bool:
        """Whether the pin is what a lock held when a newer version came, where the newest is followed."""
        return bool(self.chart) and self.spec.get('held') == self.chart

    def leaves_flagger(self, environment: Environment) -> bool:
        """Whether Flagger gives the pods back when its Canary is deleted, because a later commit changes the engine."""
        return bool(self.spec.get('leavesFlagger', environment.spec.get('leavesFlagger', False)))

    @property
    def is_suspended(self) -> bool:
        """Whether the agent keeps its hands off: it applies and corrects nothing, and uninstalls nothing."""
        return 'suspended' in self.spec

    @property
    def slot(self) -> str:
        """The slot that receives the traffic; for blue/green releases whose rollouts are in git."""
        return str(self.spec.get('slot', 'blue'))


@dataclass(frozen=True, slots=True)
class Rollout:
    """A release that moves from one pin to another; it exists only until the rollout ends.

    `strategy` is the strategy at the start of the rollout: later edits do not change it.
    """

    environment: str
    model: str
    file: str
    spec: Values
    strategy: Strategy

    @property
    def name(self) -> str:
        return f'{self.environment}/{self.model}'

    @property
    def stage(self) -> str:
        return str(self.spec['stage'])

    @property
    def aborted(self) -> bool:
        return bool(self.spec['aborted'])


@dataclass(frozen=True, slots=True)
class Application:
    name: str
    file: str
    spec: Values

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(self.spec['members'])

    @property
    def hostname(self) -> str:
        return str(self.spec.get('hostname', self.name))


@dataclass(frozen=True, slots=True)
class Registry:
    settings: Settings
    models: Mapping[str, Model]
    environments: Mapping[str, Environment]
    releases: Mapping[str, Release]
    applications: Mapping[str, Application]
    applications_of: Mapping[str, tuple[Application, ...]]  # by member
    # All names in the registry, also if only some of the files were read.
    model_names: Collection[str]
    release_names: Collection[str]
    application_names: Collection[str] = frozenset()
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)  # by the name of the release
