"""Feature and Gateway API controller → whether it is enforced; a refusal has the reason and the nearest alternative.

All of them enforce the core of the API (weights, headers, paths); the features here are beyond it. The sources are the
conformance reports that the projects publish with the Gateway API: Envoy Gateway 1.6, Istio 1.28, kgateway 2.1,
Cilium 1.19, Contour 1.33, NGINX Gateway Fabric 2.3, Traefik 3.6, GKE 1.34. Authentication depends on
the charts: they only contain a policy for Envoy Gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from generator.domain.choices import CONTROLLERS, Controller, controller_title

GatewayFeature = Literal['auth.jwt', 'auth.oidc', 'grpc', 'mirror', 'rewrite', 'timeout']

GATEWAY_FEATURES: tuple[GatewayFeature, ...] = get_args(GatewayFeature)


@dataclass(frozen=True, slots=True)
class GatewayRefusal:
    """Why a controller does not enforce a feature, and the nearest alternative."""

    reason: str
    instead: str


def gateway_refusal(feature: GatewayFeature, controller: Controller) -> GatewayRefusal | None:
    """Return the refusal of a feature, or None if the controller enforces it."""
    if feature in _enforced(controller):
        return None
    reason, otherwise = _reason(feature)
    return GatewayRefusal(f'{controller_title(controller)} {reason}', f'use controller {_either(feature)}{otherwise}')


def enforcing(feature: GatewayFeature) -> tuple[Controller, ...]:
    """Return the controllers that enforce a feature."""
    return tuple(controller for controller in CONTROLLERS if feature in _enforced(controller))


def unenforced(feature: GatewayFeature, controller: Controller | None) -> GatewayRefusal | None:
    """Like gateway_refusal, for features that must be enforced: an unnamed controller is refused, too."""
    if controller:
        return gateway_refusal(feature, controller)
    reason = f"the environment does not name the controller of its gateway, and only some enforce '{feature}'"
    hint = f"set spec.gateway.controller of the environment to what runs it; '{feature}' works with {_either(feature)}"
    return GatewayRefusal(reason, hint)


def gateway_combinations() -> Iterator[tuple[GatewayFeature, Controller, GatewayRefusal | None]]:
    for feature in GATEWAY_FEATURES:
        for controller in CONTROLLERS:
            yield feature, controller, gateway_refusal(feature, controller)


def _enforced(controller: Controller) -> tuple[GatewayFeature, ...]:
    match controller:
        case 'envoy-gateway':
            return ('auth.jwt', 'auth.oidc', 'grpc', 'mirror', 'rewrite', 'timeout')
        case 'istio' | 'cilium':
            return ('grpc', 'mirror', 'rewrite', 'timeout')
        case 'kgateway' | 'contour':  # they only copy all requests
            return ('grpc', 'rewrite', 'timeout')
        case 'nginx-gateway-fabric':
            return ('grpc', 'mirror', 'rewrite')
        case 'traefik':
            return ('grpc', 'rewrite')
        case 'gke':
            return ('mirror',)
        case _:
            assert_never(controller)


def _reason(feature: GatewayFeature) -> tuple[str, str]:
    """Reason of a refusal, and alternatives to another controller."""
    match feature:
        case 'auth.jwt':
            return 'cannot enforce auth: the charts contain a policy for Envoy Gateway only', ", or router 'istio'"
        case 'auth.oidc':
            return 'cannot enforce auth: the charts contain a policy for Envoy Gateway only', ''
        case 'grpc':
            return 'reports no support for GRPCRoutes', ', or remove the route for gRPC'
        case 'mirror':
            return 'does not copy a share of the requests', ", or router 'istio', or leave the step out"
        case 'rewrite':
            return 'does not rewrite paths', ', or remove the rewrite and serve the original path'
        case 'timeout':
            return (
                'does not enforce the time limit of an HTTPRoute',
                ", or write route: {timeout: ''} into the values of the environment",
            )
        case _:
            assert_never(feature)


def _either(feature: GatewayFeature) -> str:
    """The controllers that enforce a feature, for a hint."""
    *others, last = enforcing(feature)
    return f'{", ".join(others)} or {last}' if others else last
