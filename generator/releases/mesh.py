"""Environment and merged values → layers by which the pods of a release are in Istio's mesh, and what it permits."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, assert_never

from generator.domain.choices import Enforcer, is_meshed, is_of_istio
from generator.domain.environments import Environment
from generator.domain.generated import Layer
from generator.domain.places import Path
from generator.domain.values import Values
from generator.releases.network import AMBIENT_PORT
from generator.values.merge import enabled

# A native sidecar starts before init containers, so that a download gets through, and does not keep the test running.
_NATIVE = {'sidecar.istio.io/nativeSidecar': 'true'}
_SOURCE: Path = ('spec', 'mesh')


def pod_layers(environment: Environment) -> Iterator[Layer]:
    """Yield the labels and annotations that add pods and Services to the mesh."""
    mesh = environment.mesh
    match mesh:
        case 'none':
            return
        case 'sidecar':
            labels = {'sidecar.istio.io/inject': 'true'}
            if revision := environment.spec['mesh'].get('revision'):
                labels['istio.io/rev'] = revision
            yield _layer(environment, ('podLabels',), labels)
            yield _layer(environment, ('podAnnotations',), _NATIVE)
            yield _layer(environment, ('mesh', 'testAnnotations'), _NATIVE)
        case 'ambient':
            yield _layer(environment, ('podLabels',), {'istio.io/dataplane-mode': 'ambient'})
            yield _layer(environment, ('mesh', 'tunnelPort'), AMBIENT_PORT)
            if environment.waypoint:
                # Without the second label requests of the gateway go past the waypoint.
                labels = {'istio.io/use-waypoint': environment.waypoint, 'istio.io/ingress-use-waypoint': 'true'}
                yield _layer(environment, ('mesh', 'serviceLabels'), labels)
        case _:
            assert_never(mesh)


def asking_layers(environment: Environment, known: Container[str]) -> Iterator[Layer]:
    """Yield the namespaces that policies about tokens name; `known` are the keys of section `auth` of the chart.

    They are not taken from exceptions of the network policy: files of models may write such.
    """
    if 'gatewayNamespace' not in known:  # a chart of an older chartloom
        return
    yield Layer(environment.file, ('spec', 'gateway'), ('auth', 'gatewayNamespace'), environment.proxy_namespace)
    if 'monitoring' in environment.spec:
        found = environment.spec['monitoring']['namespace']
        yield Layer(environment.file, ('spec', 'monitoring'), ('auth', 'monitoringNamespace'), found)


def plaintext_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    """Yield the ports that who is not in the mesh requires: Prometheus, and gateways that are not Istio's."""
    if not is_meshed(environment.mesh):
        return
    containers = [values, *enabled(values['containers']).values()]
    ports = {name: port for each in containers for name, port in enabled(each.get('ports', {})).items()}
    metrics, names = values['metrics']['port'], set()
    if values['networkPolicy']['ingress'].get('monitoring', {}).get('metrics') and metrics in ports:
        names.add(metrics)
        if _is_open(values, ports[metrics]):
            yield _layer(environment, ('mesh', 'metricsPorts'), [int(ports[metrics]['containerPort'])])
    if not is_of_istio(environment.router, environment.controller):
        names |= _routed(values)
    if numbers := sorted({int(ports[name]['containerPort']) for name in names & ports.keys()}):
        yield _layer(environment, ('mesh', 'plaintextPorts'), numbers)


def _is_open(values: Values, port: Values) -> bool:
    """Whether the metrics may be read without a token: a waypoint's pods know no paths, only ports."""
    enforcer: Enforcer = values['auth'].get('enforcedBy', 'gateway')
    match enforcer:
        case 'gateway':
            return False
        case 'sidecar':
            return True
        case 'waypoint':
            return 'servicePort' not in port
        case _:
            assert_never(enforcer)


def _routed(values: Values) -> set[str]:
    route, grpc = values['route'], values['grpcRoute']
    http = {rule['port'] for rule in enabled(route['rules']).values()} if route['enabled'] else set()
    return http | ({grpc['port']} if grpc['enabled'] else set())


def _layer(environment: Environment, target: Path, values: Any) -> Layer:
    return Layer(environment.file, _SOURCE, target, values)
