"""Annotations and labels that people write → problems: those that Helm, agents and controllers obey.

Helm and agents find and remove objects by theirs, so nobody may write them. Others take host names, addresses,
certificates or networks, or let requests pass the sidecar of a mesh: only an environment may write them, whose file the
platform guards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.scope import Scope
from generator.checks.written import Written, at, written
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import DOMAIN, Environment
from generator.domain.words import quoted
from generator.strategies.routers.nginx import PREFIX

# The keys of an item that become annotations or labels of objects.
_PLACES: tuple[Path, ...] = (
    ('podAnnotations',),
    ('service', 'annotations'),
    ('route', 'annotations'),
    ('grpcRoute', 'annotations'),
    ('serviceAccount', 'annotations'),
    ('monitoring', 'podMonitor', 'labels'),
    ('monitoring', 'rules', 'labels'),
    ('monitoring', 'dashboard', 'labels'),
)
_OF_ENVIRONMENT: tuple[Path, ...] = (('monitoring', 'labels'), ('workloadIdentity', 'annotations'))
# Domains of keys, also with other labels before them, and who obeys them.
_NOBODY = {
    'helm.sh': 'Helm',
    'argoproj.io': 'Argo',
    'fluxcd.io': 'Flux',
    'app.kubernetes.io': 'agents',
    DOMAIN: 'chartloom',
}
_ENVIRONMENT = {
    'cert-manager.io': 'cert-manager',
    'external-dns.alpha.kubernetes.io': 'external-dns',
    'ingress.kubernetes.io': 'an ingress controller',
    'alpha.kubernetes.io': 'the node or a load balancer',
    'beta.kubernetes.io': 'the node or a load balancer',
    'gateway.networking.k8s.io': 'a gateway',
    'cloud.google.com': 'a load balancer',
    'networking.gke.io': 'a load balancer',
    'metallb.io': 'a load balancer',
    'metallb.universe.tf': 'a load balancer',
    'istio.io': 'Istio',
    'linkerd.io': 'Linkerd',
    'kuma.io': 'Kuma',
    'cncf.io': 'Multus',
    'ovn.org': 'the network of the cluster',
    'projectcalico.org': 'the network of the cluster',
    'cilium.io': 'the network of the cluster',
    'io.cilium': 'the network of the cluster',
    'traefik.io': 'an ingress controller',
    'konghq.com': 'an ingress controller',
    'projectcontour.io': 'an ingress controller',
    'haproxy.org': 'an ingress controller',
    'haproxy-ingress.github.io': 'an ingress controller',
    'nginx.org': 'an ingress controller',
    'nginx.com': 'an ingress controller',
    'openshift.io': 'OpenShift',
}
_KEYS = {
    'kubectl.kubernetes.io/last-applied-configuration': 'kubectl',
}
_KEYS_OF_ENVIRONMENT = {
    'kubernetes.io/ingress.class': 'an ingress controller',
    'kubernetes.io/ingress.allow-http': 'an ingress controller',
}
# Of ingress-nginx, what only sets limits, buffers and time for the requests of the same Ingress.
_OF_NGINX = frozenset(
    f'{PREFIX}/{name}'
    for name in """
    backend-protocol client-body-buffer-size client-header-buffer-size connection-proxy-header cors-allow-credentials
    cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max-age enable-cors
    force-ssl-redirect http2-push-preload limit-burst-multiplier limit-connections limit-rate limit-rate-after limit-rpm
    limit-rps load-balance proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number
    proxy-busy-buffers-size proxy-connect-timeout proxy-http-version proxy-max-temp-file-size proxy-next-upstream
    proxy-next-upstream-timeout proxy-next-upstream-tries proxy-read-timeout proxy-request-buffering proxy-send-timeout
    service-upstream ssl-redirect
    """.split()
)


def obeyed_metadata(scope: Scope) -> Iterator[Problem]:
    """Report annotations and labels that something else than people obeys."""
    for item in written(scope.registry):
        free = isinstance(item, Environment)
        for place, keys in _metadata(item):
            for key in keys:
                if who := _reader(key, _NOBODY, _KEYS):
                    message = f'{quoted(key)} is an order to {who}, which nobody may give here'
                    yield Problem(item.file, json_path((*place, key)), message, 'remove it')
                elif not free and (who := _reader(key, _ENVIRONMENT, _KEYS_OF_ENVIRONMENT)) and key not in _OF_NGINX:
                    message = f'{quoted(key)} is an order to {who}, which only an environment may give'
                    hint = 'remove it here; the platform may set it in spec.values of the environment'
                    yield Problem(item.file, json_path((*place, key)), message, hint)


def _metadata(item: Written) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    places = ((('spec', 'values', *path), path) for path in _PLACES) if item.spec.get('values') else ()
    for place, path in places:
        if isinstance(found := at(item.spec['values'], path), Mapping):
            yield place, found
    if isinstance(item, Environment):
        for path in _OF_ENVIRONMENT:
            if isinstance(found := at(item.spec, path), Mapping):
                yield ('spec', *path), found


def _reader(key: str, domains: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """Who obeys a key: by the key itself, or by the end of its domain; '' if nobody does."""
    domain = key.partition('/')[0].lower() if '/' in key else ''
    while domain:
        if domain in domains:
            return domains[domain]
        domain = domain.partition('.')[2]
    return keys.get(key, '')
