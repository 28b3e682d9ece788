"""Environment and routes → layers that say who may ask: TLS, and tokens or signing in, by what the router can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.domain.places import Path
from generator.domain.problems import problem
from generator.domain.records import Environment, Layer, Values
from generator.strategies.routers.nginx import PREFIX
from generator.values.merge import enabled


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks for (none, jwt or oidc), and the file and place that say so."""

    kind: str
    file: str
    source: Path


# What each router can ask for, what it needs of `identity` for it, and what to do where it cannot.
_NEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ('gateway-api', 'jwt'): ('issuer', 'jwksUri'),
    ('gateway-api', 'oidc'): ('issuer', 'clientID', 'clientSecret'),
    ('istio', 'jwt'): ('issuer', 'jwksUri'),
    ('nginx', 'oidc'): ('authUrl', 'signInUrl'),
}
_INSTEAD = {
    ('istio', 'oidc'): "Istio signs nobody in: use auth 'jwt', or router 'gateway-api' with Envoy Gateway",
    ('nginx', 'jwt'): "ingress-nginx reads no tokens: use auth 'oidc', or another router",
}
_KEYS = ('issuer', 'jwksUri', 'audiences', 'clientID', 'clientSecret')


def auth_layers(environment: Environment, access: Access, hostnames: Sequence[str]) -> Iterator[Layer]:
    """Layers that let nobody in without a token or an account; ProblemsFound where the router cannot see to it."""
    router, identity = environment.router, environment.spec.get('identity', {})
    if access.kind == 'none' or router == 'service':
        return
    _check(environment, access)
    yield Layer(access.file, access.source, ('auth', 'type'), access.kind)
    found = {key: identity[key] for key in _KEYS if key in identity}
    if access.kind == 'oidc' and router == 'gateway-api':
        found['redirectURL'] = f'https://{hostnames[0]}/oauth2/callback'
    yield Layer(environment.file, ('spec', 'identity'), ('auth',), found)
    if router == 'nginx':
        annotations = {f'{PREFIX}/auth-url': identity['authUrl'], f'{PREFIX}/auth-signin': identity['signInUrl']}
        for route in ('route', 'grpcRoute'):
            yield Layer(environment.file, ('spec', 'identity'), (route, 'annotations'), annotations)


def _check(environment: Environment, access: Access) -> None:
    """A router that cannot ask would let everybody in without a word."""
    router, name = environment.router, environment.name
    if (router, access.kind) not in _NEEDS:
        message = f"environment '{name}' with router '{router}' cannot ask for '{access.kind}'"
        raise problem(environment.file, '$.spec.router', message, _INSTEAD[router, access.kind])
    if router == 'gateway-api' and environment.spec['gateway'].get('controller') != 'envoy-gateway':
        message = f"auth '{access.kind}' is Envoy Gateway's, and environment '{name}' does not say that it has it"
        hint = 'write controller: envoy-gateway if it has; another controller would let everybody in'
        raise problem(environment.file, '$.spec.gateway', message, hint)
    missing = [key for key in _NEEDS[router, access.kind] if key not in environment.spec.get('identity', {})]
    if missing:
        message = f"auth '{access.kind}' with router '{router}' wants {', '.join(missing)} of 'identity'"
        raise problem(environment.file, '$.spec.identity', message, f'add {missing[0]}, or write auth: none')


def tls_layers(environment: Environment, label: str, hostnames: Sequence[str], *, owner: bool) -> Iterator[Layer]:
    """A certificate of all host names that share it, for router nginx; its `owner` alone makes it.

    A gateway has its own certificates: they belong to the platform, not to a release.
    """
    if environment.router != 'nginx' or 'tls' not in environment.spec:
        return
    source: Path = ('spec', 'tls')
    values: dict[str, Any] = {'secretName': f'{label}-tls', 'hostnames': list(hostnames)}
    yield Layer(environment.file, source, ('tls',), values)
    if owner:
        yield Layer(environment.file, source, ('tls', 'issuer'), environment.spec['tls']['issuer'])


def secret_names(values: Values) -> dict[str, set[str]]:
    """The Secrets that merged values name, with the keys that are read of each."""
    found: dict[str, set[str]] = {}
    holders = [values, *enabled(values['containers']).values()]
    if values['artifact']['delivery'] == 'download':
        holders.append(values['artifact'])
    for variable in (variable for holder in holders for variable in enabled(holder.get('env', {})).values()):
        if variable.get('secret'):
            found.setdefault(variable['secret'], set()).add(variable['key'])
    if values['auth']['type'] == 'oidc' and values['auth']['clientSecret']:
        found.setdefault(values['auth']['clientSecret'], set()).add('client-secret')
    for name in enabled(values['imagePullSecrets']):
        found.setdefault(name, set()).add('.dockerconfigjson')
    return found


def secret_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    """An ExternalSecret for each Secret, read from the environment's store at <path>/<secret>, one property a key."""
    store = environment.spec.get('secretStore')
    if store is None:
        return
    secrets = {
        name: {'remoteKey': '/'.join(filter(None, [store.get('path', ''), name])), 'keys': sorted(keys)}
        for name, keys in sorted(secret_names(values).items())
    }
    if secrets:
        place = {'kind': store.get('kind', 'ClusterSecretStore'), 'name': store['name']}
        yield Layer(environment.file, ('spec', 'secretStore'), ('externalSecrets', 'store'), place)
        yield Layer(environment.file, ('spec', 'secretStore'), ('externalSecrets', 'secrets'), secrets)


def identity_layers(environment: Environment, model: str) -> Iterator[Layer]:
    """The cloud's account of the pods: annotations of the ServiceAccount, `{model}` in them is the model's name."""
    annotations = environment.spec.get('workloadIdentity', {}).get('annotations', {})
    if annotations:
        filled = {key: value.replace('{model}', model) for key, value in annotations.items()}
        source: Path = ('spec', 'workloadIdentity', 'annotations')
        yield Layer(environment.file, source, ('serviceAccount', 'annotations'), filled)
