"""Environment and routes → layers of access: TLS, and tokens or sign-in, as the router supports them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from generator.domain.choices import Auth, Enforcer, Router, is_meshed, is_of_istio
from generator.domain.environments import Environment
from generator.domain.generated import Layer
from generator.domain.places import Path
from generator.domain.problems import ProblemsFound, problem
from generator.domain.values import Values
from generator.releases.mesh import asking_layers
from generator.strategies.gateways import GatewayFeature, unenforced
from generator.strategies.routers.nginx import PREFIX
from generator.values.merge import enabled


@dataclass(frozen=True, slots=True)
class Access:
    """The auth of a route, and the file and path that set it."""

    kind: Auth
    file: str
    source: Path


_KEYS = ('issuer', 'jwksUri', 'audiences', 'clientID', 'clientSecret')


def auth_layers(
    environment: Environment, access: Access, hostnames: Sequence[str], known: Container[str]
) -> Iterator[Layer]:
    """Yield layers that require a token or an account; raises ProblemsFound if the router cannot enforce that.

    `known` are the keys of section `auth` that the chart has.
    """
    needs = _needs(environment, access.kind)
    if not needs:
        return
    _check_identity(environment, access.kind, needs)
    router, identity = environment.router, environment.spec['identity']
    yield Layer(access.file, access.source, ('auth', 'type'), access.kind)
    if (enforcer := _enforcer(environment, access.kind)) != 'gateway':
        yield Layer(environment.file, ('spec', 'mesh'), ('auth', 'enforcedBy'), enforcer)
        yield from asking_layers(environment, known)
    found = {key: identity[key] for key in _KEYS if key in identity}
    annotations: dict[str, str] = {}
    match router:
        case 'service' | 'istio':
            pass
        case 'gateway-api':
            if 'clientID' in needs:
                found['redirectURL'] = f'https://{hostnames[0]}/oauth2/callback'
        case 'nginx':
            annotations = {f'{PREFIX}/auth-url': identity['authUrl'], f'{PREFIX}/auth-signin': identity['signInUrl']}
        case _:
            assert_never(router)
    if found:
        yield Layer(environment.file, ('spec', 'identity'), ('auth',), found)
    for route in ('route', 'grpcRoute') if annotations else ():
        yield Layer(environment.file, ('spec', 'identity'), (route, 'annotations'), annotations)


def _needs(environment: Environment, kind: Auth) -> tuple[str, ...]:
    """Keys of `identity` that the router requires. A router that cannot enforce auth is refused: all could enter."""
    match kind:
        case 'none':
            return ()
        case 'jwt':
            return _jwt(environment)
        case 'oidc':
            return _oidc(environment)
        case _:
            assert_never(kind)


def _jwt(environment: Environment) -> tuple[str, ...]:
    router = environment.router
    match router:
        case 'service':  # no requests from outside
            return ()
        case 'gateway-api':
            if not (_by_mesh(environment) and is_meshed(environment.mesh)):
                _check_controller(environment, 'auth.jwt')
            return ('issuer', 'jwksUri')
        case 'istio':
            return ('issuer', 'jwksUri')
        case 'nginx':
            raise _cannot(environment, 'jwt', "ingress-nginx does not check tokens: use auth 'oidc', or another router")
        case _:
            assert_never(router)


def _oidc(environment: Environment) -> tuple[str, ...]:
    router = environment.router
    match router:
        case 'service':
            return ()
        case 'gateway-api':
            _check_controller(environment, 'auth.oidc')
            return ('issuer', 'clientID', 'clientSecret')
        case 'istio':
            hint = "Istio does not support sign-in: use auth 'jwt', or router 'gateway-api' with Envoy Gateway"
            raise _cannot(environment, 'oidc', hint)
        case 'nginx':
            return ('authUrl', 'signInUrl')
        case _:
            assert_never(router)


def _by_mesh(environment: Environment) -> bool:
    """Whether the mesh checks tokens: behind a gateway of Istio, whose own policies would be in its namespace."""
    return is_of_istio(environment.router, environment.controller)


def _enforcer(environment: Environment, kind: Auth) -> Enforcer:
    """Who checks tokens; raises ProblemsFound if nobody would, or if the gateway itself had no need of one."""
    if not _by_mesh(environment) or kind != 'jwt':
        return 'gateway'
    home = environment.proxy_namespace
    if home in (environment.namespace, environment.spec.get('monitoring', {}).get('namespace')):
        message = f"auth 'jwt' is not enforced: the gateway's pods are in '{home}', which needs no token"
        hint = 'run the gateway in a namespace of its own'
        raise problem(environment.file, '$.spec.gateway', message, hint)
    mesh = environment.mesh
    match mesh:
        case 'none':
            message = "auth 'jwt' is not enforced: Istio checks tokens in the mesh, and the pods are not in it"
            hint = "add mesh: {mode: sidecar}, or use router 'gateway-api' with controller envoy-gateway"
            raise problem(environment.file, '$.spec.mesh', message, hint)
        case 'sidecar':
            return 'sidecar'
        case 'ambient':
            if environment.waypoint:
                return 'waypoint'
            message = "auth 'jwt' is not enforced: an ambient mesh checks tokens in a waypoint only"
            raise problem(environment.file, '$.spec.mesh', message, "add the waypoint's name, or use mode sidecar")
        case _:
            assert_never(mesh)


def _cannot(environment: Environment, kind: Auth, hint: str) -> ProblemsFound:
    message = f"environment '{environment.name}' with router '{environment.router}' cannot enforce auth '{kind}'"
    return problem(environment.file, '$.spec.router', message, hint)


def _check_controller(environment: Environment, feature: GatewayFeature) -> None:
    if refused := unenforced(feature, environment.controller):
        message = f"{refused.reason} ({feature}, environment '{environment.name}')"
        raise problem(environment.file, '$.spec.gateway', message, refused.instead)


def _check_identity(environment: Environment, kind: Auth, needs: Sequence[str]) -> None:
    missing = [key for key in needs if key not in environment.spec.get('identity', {})]
    if missing:
        message = f"auth '{kind}' with router '{environment.router}' requires {', '.join(missing)} in 'identity'"
        raise problem(environment.file, '$.spec.identity', message, f'add {" and ".join(missing)} to identity')


def tls_layers(environment: Environment, label: str, hostnames: Sequence[str], *, owner: bool) -> Iterator[Layer]:
    """Yield the certificate of all host names that share it, for router nginx; only its `owner` creates it.

    Certificates of a gateway belong to the platform, not to a release.
    """
    if not _certifies(environment.router) or 'tls' not in environment.spec:
        return
    source: Path = ('spec', 'tls')
    values: dict[str, Any] = {'secretName': f'{label}-tls', 'hostnames': list(hostnames)}
    yield Layer(environment.file, source, ('tls',), values)
    if owner:
        yield Layer(environment.file, source, ('tls', 'issuer'), environment.spec['tls']['issuer'])


def _certifies(router: Router) -> bool:
    """Whether a release contains the certificate of its host name."""
    match router:
        case 'service' | 'gateway-api' | 'istio':
            return False
        case 'nginx':
            return True
        case _:
            assert_never(router)


def secret_names(values: Values) -> dict[str, set[str]]:
    """Return the Secrets that merged values name, with the keys that are read from each."""
    found: dict[str, set[str]] = {}
    holders = [values, *enabled(values['containers']).values()]
    if values['artifact']['delivery'] == 'download':
        holders.append(values['artifact'])
        credentials = values['artifact'].get('credentials', {})
        if credentials.get('secret'):
            keys = {*credentials['variables'].values(), *credentials['files'].values()}
            found.setdefault(credentials['secret'], set()).update(keys)
    for variable in (variable for holder in holders for variable in enabled(holder.get('env', {})).values()):
        if variable.get('secret'):
            found.setdefault(variable['secret'], set()).add(variable['key'])
    if values['auth']['type'] == 'oidc' and values['auth']['clientSecret']:
        found.setdefault(values['auth']['clientSecret'], set()).add('client-secret')
    for name in enabled(values['imagePullSecrets']):
        found.setdefault(name, set()).add('.dockerconfigjson')
    return found


def secret_layers(environment: Environment, values: Values) -> Iterator[Layer]:
    """Yield an ExternalSecret for each Secret: <path>/<secret> in the environment's store, unless a key is written."""
    store = environment.spec.get('secretStore')
    if store is None:
        return
    written = values['externalSecrets']['secrets']
    secrets = {
        name: {
            **({} if name in written else {'remoteKey': '/'.join(filter(None, [store.get('path', ''), name]))}),
            # Releases that share a Secret write the same keys into it, also those that only the other one reads.
            'keys': sorted(keys.union(written[name]['keys']) if name in written else keys),
        }
        for name, keys in sorted(secret_names(values).items())
    }
    if secrets or enabled(written):
        place = {'kind': store.get('kind', 'ClusterSecretStore'), 'name': store['name']}
        yield Layer(environment.file, ('spec', 'secretStore'), ('externalSecrets', 'store'), place)
    if secrets:
        yield Layer(environment.file, ('spec', 'secretStore'), ('externalSecrets', 'secrets'), secrets)


def identity_layers(environment: Environment, model: str) -> Iterator[Layer]:
    """Yield the cloud identity of the pods: annotations of the ServiceAccount; `{model}` becomes the model's name."""
    annotations = environment.spec.get('workloadIdentity', {}).get('annotations', {})
    if annotations:
        filled = {key: value.replace('{model}', model) for key, value in annotations.items()}
        source: Path = ('spec', 'workloadIdentity', 'annotations')
        yield Layer(environment.file, source, ('serviceAccount', 'annotations'), filled)
