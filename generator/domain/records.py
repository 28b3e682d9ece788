"""Registry, charts, releases and plans as frozen data; JSON Schema has checked the documents they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from generator.domain.choices import Agent, Controller, Engine, Router, agent_namespace
from generator.domain.layout import chart_folder
from generator.domain.places import Path
from generator.domain.strategy import Strategy, WrittenStrategy

Values = Mapping[str, Any]
# Paths are strings, not PurePosixPath: 20,000 of those cost 0.1 s to make and hash, and git speaks strings.
Tree = Mapping[str, bytes]
# Path to git blob id: what a tree holds, without reading it.
Ids = Mapping[str, str]

# The format of a chart's values, which the compiler relies on in a pinned chart.
VALUES_CONTRACT = 1
FILE_FORMAT = 1
DOMAIN = 'chartloom.dev'


@dataclass(frozen=True, slots=True)
class Settings:
    file: str
    spec: Values

    @property
    def url(self) -> str:
        return str(self.spec['repository']['url'])

    @property
    def standard_url(self) -> str:
        """The address as a URL: Flux and a chart's sources do not accept the scp format (git@host:path)."""
        user_and_host, colon, path = self.url.partition(':')
        return f'ssh://{user_and_host}/{path}' if colon and '@' in user_and_host else self.url

    @property
    def branch(self) -> str:
        return str(self.spec['repository'].get('branch', 'main'))

    def prefix(self, here: str) -> str:
        """The folder that agents read, '' or ending in '/': from the settings, else the folder of the registry."""
        path = self.spec['repository'].get('path')
        return here if path is None else f'{path}/' if path else ''


@dataclass(frozen=True, slots=True)
class ModelVersion:
    version: str
    image: str
    spec: Values


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    file: str
    spec: Values
    versions: tuple[ModelVersion, ...]

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
class Environment:
    name: str
    file: str
    spec: Values

    @property
    def agent(self) -> Agent:
        found: Agent = self.spec['agent']
        return found

    @property
    def agent_namespace(self) -> str:
        return str(self.spec.get('agentNamespace') or agent_namespace(self.agent))

    @property
    def namespace(self) -> str:
        return str(self.spec['namespace'])

    @property
    def router(self) -> Router:
        found: Router = self.spec.get('router', 'service')
        return found

    @property
    def controller(self) -> Controller | None:
        """The controller of the gateway of router gateway-api, if the environment sets it."""
        found: Controller | None = self.spec.get('gateway', {}).get('controller')
        return found

    @property
    def engine(self) -> Engine:
        found: Engine = self.spec.get('engine', 'native')
        return found

    @property
    def kubernetes(self) -> str:
        return str(self.spec['kubernetes'])

    @property
    def follows_newest(self) -> bool:
        return self.spec.get('follow') == 'newest'


@dataclass(frozen=True, slots=True)
class Release:
    """A model in an environment: the pin and the values that differ there."""

    environment: str
    model: str
    file: str
    spec: Values

    @property
    def name(self) -> str:
        return f'{self.environment}/{self.model}'

    @property
    def version(self) -> str:
        return str(self.spec.get('version', ''))

    @property
    def chart(self) -> str:
        return str(self.spec.get('chart', ''))

    def engine(self, environment: Environment) -> Engine:
        """Who moves the traffic of a release whose strategy is not rolling."""
        found: Engine = self.spec.get('engine', environment.engine)
        return found

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
    model_names: frozenset[str]
    release_names: frozenset[str]
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)  # by the name of the release


@dataclass(frozen=True, slots=True, eq=False)
class Starter:
    """A complete chart that passes helm lint; `files` are as in generated charts, `digest` is the sha256 of templates.

    `about` is its Chart.yaml, `described` the schema of values with its descriptions, which charts omit; `schema` is
    the same, parsed.
    """

    about: Values
    files: Tree
    values: Values
    schema: Values
    described: bytes
    digest: str

    @property
    def version(self) -> str:
        """Name and version of the starter, as charts and ledgers record it."""
        return f'{self.about["name"]} {self.about["version"]}'


@dataclass(frozen=True, slots=True)
class Runtime:
    name: str
    file: str
    spec: Values


@dataclass(frozen=True, slots=True)
class Templates:
    starter: Starter
    runtimes: Mapping[str, Runtime]
    documents: Tree
    schemas: Tree


class Layer(NamedTuple):
    """Values with their origin: `values[target + p]` is in `file` at `source + p`.

    A tuple, because a run creates a hundred thousand of them and a frozen dataclass takes four times as long to create.
    """

    file: str
    source: Path
    target: Path
    values: Any


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One chart version. `digest` identifies its content, `content` is the digest without version and change notes,
    `source` the digest of the model version in the registry: image, artifact and signature. `starter` is the starter it
    was generated from, `tree` git's id of its folder after the hash algorithm ('sha1:…'). Only `pruned` may change:
    whether the folder is only in git's history. `restarts` and `manifest` are not set yet."""

    version: str
    model_version: str
    digest: str
    content: str
    source: str
    starter: str
    tree: str
    bump: str
    reasons: tuple[str, ...]
    restarts: tuple[str, ...] = ()  # why pods restart
    manifest: str = ''  # digest of its manifest in an OCI registry
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart version as a release uses it; `files` is empty unless the chart must be written.

    `strategy` is the model's own at that version, or None.
    """

    model: str
    version: str
    model_version: str
    values: Values
    schema: bytes
    annotations: Values
    strategy: WrittenStrategy | None
    files: Tree = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()

    @property
    def folder(self) -> str:
        return chart_folder(self.model, self.version)

    @property
    def is_new(self) -> bool:
        """Whether it was generated and checked in this run."""
        return bool(self.layers)


@dataclass(frozen=True, slots=True)
class ResolvedRelease:
    """A release with its chart and values: `values` are the differences from the chart's values, `merged` all values,
    `written` is its neutral strategy with the place that sets it; in a rollout, the one the rollout started with."""

    release: Release
    environment: Environment
    chart: Chart
    values: Values
    merged: Values
    layers: tuple[Layer, ...]
    written: WrittenStrategy

    @property
    def strategy(self) -> Strategy:
        return self.written.strategy


@dataclass(frozen=True, slots=True, order=True)
class Change:
    kind: str  # add, update, remove
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to write and to remove; `restored` are folders of published charts that are restored completely."""

    changes: tuple[Change, ...]
    files: Tree
    restored: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.kind == 'remove')
