"""Merged values → faults that a schema cannot express: unknown names, numbers that contradict each other.

The API server, the kubelet or a gateway would refuse each of these, or ignore it silently.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.domain.choices import is_ingress
from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.units import LONGEST, quantity
from generator.domain.values import Values
from generator.values.merge import containers, enabled
from generator.values.mounts import mount_faults
from generator.values.ports import port_faults
from generator.values.references import reference_faults
from generator.values.sizes import FILES, files_size


def value_faults(values: Values) -> list[Fault]:
    """Return the faults of values that match the schema of their chart."""
    return [
        *port_faults(values),
        *mount_faults(values),
        *_files(values),
        *_scaling(values),
        *_strategy(values),
        *_times(values),
        *_routes(values),
        *(fault for path, container in containers(values) for fault in _container(path, container)),
        *reference_faults(values),
    ]


def _files(values: Values) -> Iterator[Fault]:
    """Report files that pods cannot hold; in a rollout each track has its own, as its release has without one."""
    sizes = files_size(enabled(values['files']))
    total = sum(sizes.values())
    if total > FILES:
        names = sorted(sizes, key=lambda name: (-sizes[name], name))
        found = ', '.join(f'{name} {round(sizes[name] / 1000):,} kB' for name in names[:3])
        message = f'the files have {total:,} bytes, a pod takes {FILES:,}: {found}'
        places: list[Path] = [('files', name, 'content') for name in names]
        yield Fault(places[0], message, 'put them into the image or a volume', tuple(places[1:]))


def _scaling(values: Values) -> Iterator[Fault]:
    scaling = values['autoscaling']
    if not scaling['enabled']:
        return
    low, high = ('autoscaling', 'minReplicas'), ('autoscaling', 'maxReplicas')
    if scaling['minReplicas'] > scaling['maxReplicas']:
        message = f'minReplicas {scaling["minReplicas"]} is more than maxReplicas {scaling["maxReplicas"]}'
        yield Fault(low, message, 'raise maxReplicas or lower minReplicas', (high,))
    if scaling.get('type') == 'keda':
        return
    for path, container in containers(values):
        if not quantity(container.get('resources', {}).get('requests', {}).get('cpu', '0')):
            who = f"container '{path[-1]}'" if path else 'the model server'
            hint = 'set resources.requests.cpu, or turn autoscaling off'
            yield Fault(
                (*path, 'resources'), f'autoscaling by CPU requires a cpu request of {who}', hint, (path, low[:1])
            )


def _strategy(values: Values) -> Iterator[Fault]:
    strategy = values['strategy']
    if strategy['type'] == 'rolling' and not any(
        _count(strategy['rolling'][key]) for key in ('maxSurge', 'maxUnavailable')
    ):
        message = 'with maxSurge 0 and maxUnavailable 0 no pod can be replaced'
        yield Fault(('strategy', 'rolling'), message, 'set one of the two to 1 or more')


def _count(number_or_percent: int | str) -> int:
    return int(str(number_or_percent).removesuffix('%'))


def _times(values: Values) -> Iterator[Fault]:
    grace = values['terminationGracePeriodSeconds']
    for path, container in containers(values):
        if container.get('preStopSeconds', 0) > grace:
            message = f'preStopSeconds {container["preStopSeconds"]} is more than terminationGracePeriodSeconds {grace}'
            hint = 'raise terminationGracePeriodSeconds: it includes the time after preStopSeconds'
            yield Fault((*path, 'preStopSeconds'), message, hint, (('terminationGracePeriodSeconds',),))
    deadline, ready = values['progressDeadlineSeconds'], values['minReadySeconds']
    if deadline <= ready:
        message = f'progressDeadlineSeconds {deadline} is not more than minReadySeconds {ready}'
        yield Fault(('progressDeadlineSeconds',), message, 'raise progressDeadlineSeconds', (('minReadySeconds',),))


def _routes(values: Values) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    for name, rule in enabled(values['route']['rules']).items():
        first = seen.setdefault((rule['type'], rule['path'].rstrip('/')), name)
        if first != name:
            places = (('route', 'rules', first),)
            yield Fault(
                ('route', 'rules', name),
                f"rule '{first}' has the same path '{rule['path']}'",
                'remove one of the two',
                places,
            )
    if values['grpcRoute']['enabled'] and is_ingress(values['grpcRoute']['type']):
        for name, method in enabled(values['grpcRoute']['methods']).items():
            if not method.get('service'):
                hint = "add 'service', or use router 'gateway-api'"
                yield Fault(('grpcRoute', 'methods', name), "router 'nginx' requires the service of a method", hint)
    for key in ('route', 'grpcRoute'):
        for hostname in values[key]['hostnames']:
            if label := next((label for label in hostname.split('.') if len(label) > 63), ''):
                message = f"host name label '{label}' has {len(label)} characters, 63 are allowed"
                yield Fault((key, 'hostnames'), message, 'choose a shorter host name')


def _container(path: Path, container: Values) -> Iterator[Fault]:
    yield from _resources((*path, 'resources'), container.get('resources', {}))
    for name, variable in enabled(container.get('env', {})).items():
        if variable.get('secret') and variable.get('value'):
            yield Fault(
                (*path, 'env', name),
                f"'{name}' has both a value and a secret",
                'keep one of the two; null removes an inherited one',
            )


def _resources(path: Path, resources: Values) -> Iterator[Fault]:
    requests, limits = resources.get('requests', {}), resources.get('limits', {})
    for name in sorted({*requests, *limits}):
        asked, allowed = requests.get(name), limits.get(name)
        places = ((*path, 'limits', name), (*path, 'requests', name))
        if len(allowed or '') > LONGEST or len(asked or '') > LONGEST:  # the schemas of older charts allow it
            yield Fault(
                places[0], f'the quantity of {name} is too long', f'write at most {LONGEST} characters', places[1:]
            )
            continue
        if '/' not in name and not name.startswith('hugepages-'):  # resources that nodes may overcommit
            if asked != allowed and asked and allowed and quantity(asked) > quantity(allowed):
                message = f'the request for {name}, {asked}, is more than the limit, {allowed}'
                yield Fault(places[0], message, 'raise the limit or lower the request', places[1:])
        elif any(text and quantity(text).denominator > 1 for text in (asked, allowed)):
            yield Fault(places[0], f'{name} must be an integer', "write an integer, for example '1'", places[1:])
        elif asked and quantity(asked) != quantity(allowed or '0'):
            message = f'request and limit of {name} must be equal, found {asked} and {allowed or "none"}'
            yield Fault(places[1], message, 'remove the request: Kubernetes uses the limit for it', places[:1])
