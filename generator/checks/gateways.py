"""Merged values of a release and its environment → faults: route features that the router does not enforce."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from generator.domain.choices import Router
from generator.domain.environments import Environment
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.strategies.gateways import GatewayFeature, gateway_refusal
from generator.values.merge import enabled

# What gateways compare literally, and write into their configuration; schemas of older charts permit more.
_PATH = re.compile(r"/[A-Za-z0-9/._~!$&'()*+,;=:@-]*")
_OF_NGINX = re.compile(r'/[A-Za-z0-9/._~:@-]*')
# Clients, gateways and servers do not agree on what these parts of a path mean.
_CHANGED = re.compile(r'//|/\.\.?(/|$)')


def gateway_faults(values: Values, environment: Environment) -> Iterator[Fault]:
    """Yield a fault for each route feature that the router, or the controller of its gateway, does not enforce."""
    router = environment.router
    yield from _paths(values, _form(router))
    for feature, place in _asked(values):
        match router:
            case 'service' | 'istio':
                pass
            case 'gateway-api':
                # If the environment names no controller it may be any, and most enforce these.
                if environment.controller and (refused := gateway_refusal(feature, environment.controller)):
                    yield Fault(place, f"{refused.reason} (environment '{environment.name}')", refused.instead)
            case 'nginx':
                yield from _of_nginx(feature, place)
            case _:
                assert_never(router)


def _form(router: Router) -> re.Pattern[str]:
    match router:
        case 'nginx':
            return _OF_NGINX
        case 'service' | 'gateway-api' | 'istio':
            return _PATH
        case _:
            assert_never(router)


def _paths(values: Values, form: re.Pattern[str]) -> Iterator[Fault]:
    """Yield a fault for each path that would be more than text to a gateway."""
    route = values['route']
    for name, rule in enabled(route['rules']).items() if route['enabled'] else ():
        for key in ('path', 'rewrite'):
            path: str = rule.get(key) or '/'
            if not form.fullmatch(path) or _CHANGED.search(path):
                message = f'{quoted(path)} is no plain path, and gateways write it into their configuration'
                yield Fault(
                    ('route', 'rules', name, key), message, 'write letters, digits and -._~:@ between single slashes'
                )


def _of_nginx(feature: GatewayFeature, place: Path) -> Iterator[Fault]:
    match feature:
        case 'rewrite':
            hint = "remove it and serve the original path, or use router 'gateway-api'"
            yield Fault(place, "router 'nginx' does not support path rewrites", hint)
        case 'auth.jwt' | 'auth.oidc' | 'grpc' | 'mirror' | 'timeout':
            pass
        case _:
            assert_never(feature)


def _asked(values: Values) -> Iterator[tuple[GatewayFeature, Path]]:
    """Features of routes beyond the core of the Gateway API; `auth` is checked elsewhere."""
    route = values['route']
    if route['enabled']:
        if route['timeout']:
            yield 'timeout', ('route', 'timeout')
        for name, rule in enabled(route['rules']).items():
            if rule.get('rewrite'):
                yield 'rewrite', ('route', 'rules', name, 'rewrite')
    if values['grpcRoute']['enabled']:
        yield 'grpc', ('grpcRoute', 'hostnames')
