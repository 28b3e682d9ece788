"""The registry as frozen data; JSON Schema has checked the documents that it is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.domain.choices import (
    Agent,
    ChartSource,
    CloudIdentity,
    Controller,
    Engine,
    Mesh,
    Router,
    agent_namespace,
    cloud_identity_of,
    proxies_in,
)
from generator.domain.places import Path
from generator.domain.strategy import Strategy

Values = Mapping[str, Any]
# Paths are strings, not PurePosixPath: 20,000 of those cost 0.1 s to make and hash, and git speaks strings.
Tree = Mapping[str, bytes]
# Path to git blob id: what a tree holds, without reading it.
Ids = Mapping[str, str]

# The format of a chart's values, which the compiler relies on in a pinned chart.
VALUES_CONTRACT = 1
DOMAIN = 'chartloom.dev'
# Argo CD's name of the cluster that it runs in.
IN_CLUSTER = 'in-cluster'


@dataclass(frozen=True, slots=True)
class Signing:
    """Signatures of commits: `format` is ssh, openpgp or '' for git's own; `signers` are keys by e-mail address."""

    required: bool
    format: str
    signers: Mapping[str, tuple[str, ...]]


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

    @property
    def registry(self) -> str:
        """The folder of an OCI registry that charts are published to, '' for none."""
        return str(self.spec.get('charts', {}).get('registry', ''))

    @property
    def plain_http(self) -> bool:
        """Whether the OCI registry speaks http without TLS."""
        return bool(self.spec.get('charts', {}).get('plainHttp', False))

    @property
    def chart_source(self) -> ChartSource:
        """Where charts are: each version in a folder of git, or the newest in git and all in the registry."""
        found: ChartSource = self.spec.get('charts', {}).get('source', 'git')
        return found

    @property
    def signing(self) -> Signing:
        found = self.spec.get('signing', {})
        signers = {who: tuple(keys) for who, keys in found.get('signers', {}).items()}
        return Signing(bool(found.get('required')), str(found.get('format', '')), signers)

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
class Written:
    """What the file of an environment says itself; `removed` are the places that say null."""

    name: str
    file: str
    spec: Values
    removed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """`removed` are the places in its file that say null: these values of the charts are removed.

    `spec` and `removed` include what it inherits. `chain` is what its file and the files that it inherits say, the
    nearest first; () if it inherits nothing.
    """

    name: str
    file: str
    spec: Values
    removed: tuple[Path, ...] = ()
    chain: tuple[Written, ...] = ()

    @property
    def parts(self) -> tuple[Written, ...]:
        """What each file of the chain says, the nearest first; there is at least its own."""
        return self.chain or (Written(self.name, self.file, self.spec, self.removed),)

    @property
    def inherits(self) -> str:
        """The environment on whose spec its own is laid, '' for none."""
        return str(self.spec.get('inherits', ''))

    @property
    def agent(self) -> Agent:
        found: Agent = self.spec['agent']
        return found

    @property
    def agent_namespace(self) -> str:
        return str(self.spec.get('agentNamespace') or agent_namespace(self.agent))

    @property
    def agent_cluster(self) -> str:
        """Name of the cluster of Argo CD and its objects, as registered in Argo CD."""
        return str(self.spec.get('agentCluster', IN_CLUSTER))

    def chart_source(self, settings: Settings) -> ChartSource:
        """Where the agent of this environment gets charts from."""
        found: ChartSource = self.spec.get('chartSource', settings.chart_source)
        return found

    @property
    def application_namespace(self) -> str | None:
        """Namespace of the environment's Applications, if it is not the one of Argo CD."""
        found: str | None = self.spec.get('applicationNamespace')
        return found

    @property
    def delivery_namespace(self) -> str:
        """Namespace of the delivery objects."""
        return self.application_namespace or self.agent_namespace

    @property
    def server(self) -> str:
        """Address of the API server of the cluster, '' if it is not set: only Argo CD needs it."""
        return str(self.spec['cluster'].get('server', ''))

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
    def mesh(self) -> Mesh:
        """How the pods are in Istio's mesh."""
        found: Mesh = self.spec['mesh']['mode'] if 'mesh' in self.spec else 'none'
        return found

    @property
    def cloud_identity(self) -> CloudIdentity | None:
        """How the pods get credentials of their cloud: as the file says, else by its annotations."""
        if 'workloadIdentity' not in self.spec:
            return None
        spec = self.spec['workloadIdentity']
        kind: CloudIdentity | None = spec.get('kind')
        return kind or next(filter(None, map(cloud_identity_of, spec.get('annotations', {}))), None)

    @property
    def waypoint(self) -> str:
        """Name of the mesh's waypoint in the namespace, or ''."""
        return str(self.spec.get('mesh', {}).get('waypoint', ''))

    @property
    def proxy_namespace(self) -> str:
        """Namespace of the pods of the gateway, which must be set."""
        gateway = self.spec['gateway']
        return str(gateway.get('proxyNamespace') or proxies_in(self.controller) or gateway['namespace'])

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

    @property
    def is_production(self) -> bool:
        """Whether its releases serve users: versions move in one such environment a commit."""
        return bool(self.spec.get('production', False))

    @property
    def promotes_from(self) -> tuple[str, ...]:
        return tuple(self.spec.get('promotesFrom', ()))

    @property
    def promotion(self) -> Values:
        """What a version needs before it moves here."""
        found: Values = self.spec.get('promotion', {})
        return found


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
