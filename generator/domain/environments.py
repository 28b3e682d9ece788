"""An environment of the registry as frozen data: where releases run, and who applies them."""

from __future__ import annotations

from dataclasses import dataclass

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
from generator.domain.settings import Settings
from generator.domain.values import Values

# Argo CD's name of the cluster that it runs in.
IN_CLUSTER = 'in-cluster'


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
