"""Network policies → problems: settings that nothing reads, and releases that would open more than they may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from generator.charts.stores import other_port, store_key
from generator.checks.addresses import EVERYWHERE, block, is_granted, is_private, reaches_nodes
from generator.checks.exceptions import OF_ENVIRONMENT
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.choices import is_meshed
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.blame import written_at
from generator.values.merge import enabled

# Keys of a store that say where it is, then also those that narrow it; the others say what it asks for.
_WHERE = frozenset(['endpoint', 'cidr', 'namespace'])
_PLACES = _WHERE | {'podLabels', 'port'}
_WEB_PORTS = frozenset(['80', '443'])
_DNS_NAMESPACES, _DNS_PORTS = ('kube-system', 'openshift-dns'), frozenset([53, 5353])
# Istio lets a container of this name change the one that it injects.
_PROXIES = ('istio-proxy', 'istio-init', 'istio-validation')
_Finding = tuple[Path, str, str]  # where, what is wrong, and a hint, if it is not to let the environment do it


def cidr_faults(values: Values) -> Iterator[Fault]:
    """Yield a fault for each exception with a block that the API server would refuse."""
    for side in ('ingress', 'egress'):
        for name, exception in values['networkPolicy'][side].items():
            cidr = exception.get('cidr')
            if cidr and cidr not in EVERYWHERE and block(cidr) is None:
                message = f'expected a block of addresses, found {quoted(cidr)}'
                yield Fault(
                    ('networkPolicy', side, name, 'cidr'), message, 'write <address>/<bits>, for example 10.40.12.0/24'
                )


def opened_networks(scope: Scope) -> Iterator[Problem]:
    """Report what a file of a model or a release opens, although only the environment may."""
    for release in scope.releases:
        if found := [*_opened(release), *(_of_mesh(release.merged) if is_meshed(release.environment.mesh) else ())]:
            yield from _told(release, found)


def _opened(release: ResolvedRelease) -> Iterator[_Finding]:
    merged, environment = release.merged, release.environment
    policy = merged['networkPolicy']
    if not policy['enabled']:
        yield ('networkPolicy', 'enabled'), 'the pods would have no network policy', ''
    if (kind := merged['service']['type']) != 'ClusterIP':
        yield ('service', 'type'), f"a Service of type '{kind}' leads past the gateway and its tokens", ''
    if any(sign in merged['metrics']['path'] for sign in '*{}'):
        message = f'policies about tokens take {quoted(merged["metrics"]["path"])} for a pattern'
        yield ('metrics', 'path'), message, 'write the one path of the metrics'
    for side, name, exception in _judged(merged, environment):
        place = ('networkPolicy', side, name)
        for key, what, hint in _beyond(side, exception, environment):
            if not _is_of_environment((*place, key), release):
                yield place, f"{side} exception '{name}' {what}", hint
    if address := _private_store(merged, environment):
        found = merged['artifact'][address]
        hint = f'write the name of the host, or add its scheme to spec.artifactStores of {environment.file}'
        yield ('artifact', address), f'{quoted(found)} is a private address', hint
    key, port = other_port(merged['artifact'], environment.spec.get('artifactStores', {}))
    if port:
        message = f"port {port} is not one that the store of environment '{environment.name}' opens"
        store = store_key(merged['artifact']['uri'])
        hint = f'add port: {port} to spec.artifactStores.{store} of {environment.file}, or use its standard port'
        yield ('artifact', key), message, hint


def _judged(values: Values, environment: Environment) -> Iterator[tuple[str, str, Values]]:
    """Side, name and exception, except those that another rule keeps to who makes them."""
    free = ('', environment.spec['namespace'])
    for side in ('ingress', 'egress'):
        for name, exception in values['networkPolicy'][side].items():
            is_near = exception.get('namespace', '') in free and not exception.get('cidr')
            if is_near or not exception.get('enabled', True) or (side == 'ingress' and name in OF_ENVIRONMENT):
                continue
            if not _is_of_store(name, exception, values, environment):
                yield side, name, exception


def _beyond(side: str, exception: Values, environment: Environment) -> Iterator[tuple[str, str, str]]:
    """The key that opens more than the namespace of the releases and addresses of the internet; what; and a hint."""
    if cidr := exception.get('cidr'):
        for what, hint in _addresses(side, cidr, exception, environment):
            yield 'cidr', what, hint
    namespace = exception.get('namespace')
    if not namespace or namespace == environment.spec['namespace']:
        return
    if namespace in environment.spec.get(side, {}).get('namespaces', ()):
        return
    if side == 'egress' and namespace in _DNS_NAMESPACES and _is_dns(exception):
        return
    if namespace == '*':
        yield 'namespace', 'opens all namespaces', ''
        return
    hint = f"remove it, or add '{namespace}' to spec.{side}.namespaces of {environment.file}"
    what = f"opens namespace '{namespace}', which environment '{environment.name}' does not permit"
    yield 'namespace', what, hint


def _addresses(side: str, cidr: str, exception: Values, environment: Environment) -> Iterator[tuple[str, str]]:
    """What a block of addresses opens: public ones are free to call, others and who calls are the environment's."""
    if side == 'egress' and reaches_nodes(cidr):
        yield f"opens {quoted(cidr)}: there containers get the credentials of the node or the cloud's", ''
    elif not is_granted(cidr, environment.spec.get(side, {}).get('cidrs', ())):
        hint = f"remove it, or add '{cidr}' to spec.{side}.cidrs of {environment.file}"
        if side == 'ingress':
            otherwise = '' if cidr in EVERYWHERE else hint
            yield f"opens {quoted(cidr)}, which environment '{environment.name}' does not permit", otherwise
        elif cidr in EVERYWHERE:
            if not _ports(exception) <= _WEB_PORTS or not _ports(exception):
                ports = 'write the addresses, or only the ports 80 and 443'
                yield f'opens all addresses on {_shown(exception)}', ports
        elif is_private(cidr):
            yield f"opens {quoted(cidr)}, which environment '{environment.name}' does not permit", hint


def _ports(exception: Values) -> frozenset[str]:
    """The ports of an exception; empty means all."""
    metrics = ('metrics',) if exception.get('metrics') else ()
    return frozenset([*metrics, *(str(port['port']) for port in enabled(exception.get('ports', {})).values())])


def _shown(exception: Values) -> str:
    others = sorted(_ports(exception) - _WEB_PORTS)
    return f'port {others[0]}' if others else 'all ports'


def _is_of_store(name: str, exception: Values, values: Values, environment: Environment) -> bool:
    """Whether an exception is the way to a store of the environment, which says where it is."""
    # Values of models, which published charts may contain, could add a port.
    is_own = name == 'artifact-store' and exception.get('ports', {}).keys() == {'store'}
    store = _store(values['artifact'], environment)
    return is_own and (not _WHERE.isdisjoint(store) or ('port' in store and not exception.get('namespace')))


def _store(artifact: Values, environment: Environment) -> Values:
    """What an environment says of the store of a download."""
    stores: Values = environment.spec.get('artifactStores', {})
    return stores.get(store_key(artifact['uri']), {}) if stores and artifact['delivery'] == 'download' else {}


def _private_store(values: Values, environment: Environment) -> str | None:
    """The key of an artifact's address that is a private one, if the environment does not say where its store is."""
    artifact = values['artifact']
    if artifact['delivery'] != 'download' or (_PLACES - {'port'}) & _store(artifact, environment).keys():
        return None
    key = 'endpoint' if artifact.get('endpoint') else 'uri'
    url = urlsplit(artifact[key])
    host = (url.hostname or '') if url.scheme in ('http', 'https', 'oci') else ''
    # Clients read 2130706433, 0x7f.1 and 127.1 as addresses, too.
    if ':' not in host and not host.rpartition('.')[2][:1].isdigit():
        return None
    return None if block(host) and not is_private(host) else key


def _is_dns(exception: Values) -> bool:
    """Whether an exception only opens ports of DNS; without a port that is enabled it opens all."""
    ports = exception.get('ports', {}).values()
    if exception.get('metrics'):  # its port may be any
        return False
    return any(port.get('enabled', True) for port in ports) and _DNS_PORTS.issuperset([port['port'] for port in ports])


def _of_mesh(values: Values) -> Iterator[_Finding]:
    for name in _PROXIES:
        if name in enabled(values['containers']):
            yield ('containers', name), f"container '{name}' changes the mesh's own", 'give it another name'


def _told(release: ResolvedRelease, findings: Iterable[_Finding]) -> Iterator[Problem]:
    """Findings as problems of the file that wrote a part of them, unless only the environment did."""
    of_environment = f'only values of {release.environment.file} may open it'
    for path, message, otherwise in findings:
        hint = otherwise or of_environment
        if _is_of_environment(path, release):
            continue
        layers = [x for x in (*release.chart.layers, *release.layers) if x.file != release.environment.file]
        if place := written_at(path, layers):
            yield Problem(*place, message, hint)
        elif not release.chart.is_new and at(release.chart.values, path) == at(release.merged, path):
            yield Problem(release.release.file, '$.spec', f'{json_path(path)[2:]} of the chart: {message}', hint)


def _is_of_environment(path: Path, release: ResolvedRelease) -> bool:
    """Whether the environment has set a single value; parts of an exception may be of several files."""
    if isinstance(at(release.merged, path), dict):
        return False
    above = release.release
    if at(release.environment.spec.get('values'), path) is not None and not above.removed:
        return at(above.spec.get('values'), path) is None
    place = written_at(path, release.layers)
    return place is not None and place[0] == release.environment.file
