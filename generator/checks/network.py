"""Network policies → problems: settings that nothing reads, and releases that would open more than they may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from generator.charts.stores import namespace_of
from generator.checks.scope import Scope
from generator.domain.choices import is_meshed
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path, json_path
from generator.domain.problems import Fault, Problem
from generator.domain.records import Environment, Values
from generator.domain.words import quoted
from generator.values.blame import written_at
from generator.values.merge import enabled

# Where a container gets credentials of its node; charts leave them out of EVERYWHERE.
RESERVED = (
    '169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32',
    'fe80::/10', 'fd00:ec2::/32', 'fd20:ce::254/128', '64:ff9b::a9fe:0/112', '::ffff:0:0/96',
)  # fmt: skip
EVERYWHERE = ('*', '0.0.0.0/0', '::/0')
_DNS_NAMESPACES, _DNS_PORTS = ('kube-system', 'openshift-dns'), frozenset([53, 5353])
# Istio lets a container of this name change the one that it injects.
_PROXIES = ('istio-proxy', 'istio-init', 'istio-validation')
_Finding = tuple[Path, str, str]  # where, what is wrong, and a hint, if it is not to let the environment do it


@cache
def block(cidr: str) -> IPv4Network | IPv6Network | None:
    """Return a block of addresses, or None if the text is none."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None


@cache
def reaches_nodes(cidr: str) -> bool:
    """Whether a block contains addresses at which nodes get credentials, which charts would not leave out."""
    if cidr in EVERYWHERE or (found := block(cidr)) is None:
        return False
    return any(found.version == other.version and found.overlaps(other) for other in map(ip_network, RESERVED))


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
    policy = release.merged['networkPolicy']
    if not policy['enabled']:
        yield ('networkPolicy', 'enabled'), 'the pods would have no network policy', ''
    for name, exception in policy['egress'].items():
        if (why := _beyond(exception, release.environment)) and exception.get('enabled', True):
            yield ('networkPolicy', 'egress', name), f"egress exception '{name}' {why[0]}", why[1]


def _beyond(exception: Values, environment: Environment) -> tuple[str, str] | None:
    """What an exception opens beyond the namespace of the releases and addresses outside the cluster, and a hint."""
    namespace, cidr = exception.get('namespace'), exception.get('cidr')
    if cidr and reaches_nodes(cidr):
        return f"opens {quoted(cidr)}: there containers get the credentials of the node or the cloud's", ''
    if not namespace or namespace == environment.spec['namespace']:
        return None
    if namespace in _DNS_NAMESPACES and _is_dns(exception):
        return None
    if namespace in _permitted(environment):
        return None
    if namespace == '*':
        return 'opens all namespaces', ''
    hint = f"remove it, or add '{namespace}' to spec.egress.namespaces of {environment.file}"
    return f"opens namespace '{namespace}', which environment '{environment.name}' does not permit", hint


def _permitted(environment: Environment) -> list[str]:
    """The other namespaces that an environment opens: by name, and those of its stores."""
    spec = environment.spec
    return [*spec.get('egress', {}).get('namespaces', ()), *map(namespace_of, spec.get('artifactStores', {}).values())]


def _is_dns(exception: Values) -> bool:
    """Whether an exception only opens ports of DNS; without a port that is enabled it opens all."""
    ports = exception.get('ports', {}).values()
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
        layers = [x for x in (*release.chart.layers, *release.layers) if x.file != release.environment.file]
        if place := written_at(path, layers):
            yield Problem(*place, message, hint)
        elif not release.chart.is_new and _at(release.chart.values, path) == _at(release.merged, path):
            yield Problem(release.release.file, '$.spec', f'{json_path(path)[2:]} of the chart: {message}', hint)


def _at(values: Values, path: Path) -> object:
    found: object = values
    for step in path:
        found = found.get(str(step)) if isinstance(found, dict) else None
    return found
