"""Merged values of a release and the router of its environment → faults of routes that would not do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.records import Environment, Values
from generator.strategies.gateways import GatewayFeature, gateway_refusal
from generator.values.merge import enabled


def gateway_faults(values: Values, environment: Environment) -> Iterator[Fault]:
    """What routes ask for, each at its place, and the router or the controller of the gateway does not enforce."""
    router = environment.router
    for feature, place in _asked(values):
        match router:
            case 'service' | 'istio':
                pass
            case 'gateway-api':
                # Where no controller is named it may be any, and most enforce these.
                if environment.controller and (refused := gateway_refusal(feature, environment.controller)):
                    yield Fault(place, f"{refused.reason} (environment '{environment.name}')", refused.instead)
            case 'nginx':
                yield from _of_nginx(feature, place)
            case _:
                assert_never(router)


def _of_nginx(feature: GatewayFeature, place: Path) -> Iterator[Fault]:
    match feature:
        case 'rewrite':
            hint = "serve the path as it comes, or use router 'gateway-api'"
            yield Fault(place, "router 'nginx' rewrites no paths here", hint)
        case 'auth.jwt' | 'auth.oidc' | 'grpc' | 'mirror' | 'timeout':
            pass
        case _:
            assert_never(feature)


def _asked(values: Values) -> Iterator[tuple[GatewayFeature, Path]]:
    """What routes ask for beyond the core of the Gateway API; who may ask is decided where they are opened."""
    route = values['route']
    if route['enabled']:
        if route['timeout']:
            yield 'timeout', ('route', 'timeout')
        for name, rule in enabled(route['rules']).items():
            if rule.get('rewrite'):
                yield 'rewrite', ('route', 'rules', name, 'rewrite')
    if values['grpcRoute']['enabled']:
        yield 'grpc', ('grpcRoute', 'hostnames')
