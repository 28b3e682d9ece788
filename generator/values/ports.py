"""Ports of merged values → faults: references to unknown ports, and duplicate names and numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import suggest
from generator.values.merge import enabled

_PROBES = ('startupProbe', 'readinessProbe', 'livenessProbe')
_WITH_PORT = ('http', 'grpc', 'tcp')


class _Use(NamedTuple):
    """A place that names a port, the ports it may name, and the places that cause this use."""

    path: Path
    name: str
    ports: Collection[str]
    reasons: tuple[Path, ...] = ()


def port_faults(values: Values) -> list[Fault]:
    """Return the faults of the ports of a pod; helm would render each of them without an error."""
    places: dict[Path, Values] = {('ports', name): port for name, port in enabled(values['ports']).items()}
    faults: list[Fault] = []
    for sidecar, container in enabled(values['containers']).items():
        home: Path = ('containers', sidecar, 'ports')
        ports = enabled(container.get('ports', {}))
        places |= {(*home, name): port for name, port in ports.items()}
        faults += _unknown(_probes(home[:2], container, ports), home)
    # The server's own ports win; duplicate names are reported below.
    pod = {str(path[-1]): port for path, port in reversed(places.items())}
    of_service = list(_of_service(values, pod))
    found = _unknown([*of_service, *_of_server(values, pod)], ('ports',))
    told = {fault.others[-1] for fault in found}
    faults += [
        *found,
        *(fault for fault in _unknown(_of_policy(values, pod), ('ports',)) if fault.others[-1] not in told),
    ]
    # A route that no environment enables yet: report it only if the model sets it.
    faults += [replace(fault, others=(), if_written=True) for fault in _unknown(_idle_rules(values, pod), ('ports',))]
    return [*faults, *_not_served(of_service, pod), *_twice(places)]


def _of_server(values: Values, pod: Collection[str]) -> Iterator[_Use]:
    yield from _probes((), values, enabled(values['ports']))
    yield _Use(('metrics', 'port'), values['metrics']['port'], pod)


def _probes(home: Path, container: Values, ports: Collection[str]) -> Iterator[_Use]:
    for key in _PROBES:
        probe = container.get(key, {'type': 'none'})
        if probe['type'] in _WITH_PORT:
            yield _Use((*home, key, 'port'), probe['port'], ports)


def _of_service(values: Values, pod: Collection[str]) -> Iterator[_Use]:
    """Uses of a port of the Service by its name."""
    if values['route']['enabled']:
        yield from _rules(values, pod)
    route = values['grpcRoute']
    if route['enabled']:
        # The port is a default; the methods of the route cause its use.
        methods = tuple(('grpcRoute', 'methods', name) for name in enabled(route['methods']))
        yield _Use(('grpcRoute', 'port'), route['port'], pod, methods)
    if values['test']['enabled']:
        yield _Use(('test', 'port'), values['test']['port'], pod)


def _rules(values: Values, pod: Collection[str]) -> Iterator[_Use]:
    for name, rule in enabled(values['route']['rules']).items():
        yield _Use(('route', 'rules', name), rule['port'], pod)


def _idle_rules(values: Values, pod: Collection[str]) -> Iterator[_Use]:
    if not values['route']['enabled']:
        yield from _rules(values, pod)


def _of_policy(values: Values, pod: Collection[str]) -> Iterator[_Use]:
    for exception, peers in enabled(values['networkPolicy']['ingress']).items():
        for name, port in enabled(peers.get('ports', {})).items():
            if isinstance(port['port'], str):
                yield _Use(('networkPolicy', 'ingress', exception, 'ports', name), port['port'], pod)


def _unknown(uses: Iterable[_Use], home: Path) -> list[Fault]:
    """Return one fault for each unknown name, for all its uses; its last other place is the missing port's own."""
    missing: dict[str, list[_Use]] = {}
    for use in uses:
        if use.name not in use.ports:
            missing.setdefault(use.name, []).append(use)
    faults = []
    for name, users in missing.items():
        message = f"port '{name}' not found (used by {_who(users)})"
        others = (*(reason for use in users for reason in use.reasons), *(use.path for use in users[1:]), (*home, name))
        faults.append(
            Fault(
                users[0].path,
                message,
                suggest(name, users[0].ports, '' if users[0].ports else 'add it to ports'),
                others,
            )
        )
    return faults


def _who(users: Iterable[_Use]) -> str:
    names = ['.'.join(map(str, use.path)).removesuffix('.port') for use in users]
    return f'{", ".join(names[:-1])} and {names[-1]}' if len(names) > 1 else names[0]


def _not_served(uses: Iterable[_Use], pod: Mapping[str, Values]) -> Iterator[Fault]:
    for use in uses:
        if use.name in pod and 'servicePort' not in pod[use.name]:
            message = f"port '{use.name}' is not in the Service (used by {_who([use])})"
            yield Fault(use.path, message, f"add servicePort to port '{use.name}'", (*use.reasons, ('ports', use.name)))


def _twice(places: Mapping[Path, Values]) -> Iterator[Fault]:
    """Containers of a pod share names and numbers of ports, and the API server refuses a list with duplicates."""
    for key in ('name', 'containerPort', 'servicePort'):
        seen: dict[object, Path] = {}
        for path, port in places.items():
            mark = path[-1] if key == 'name' else port.get(key)
            first = path if mark is None else seen.setdefault(mark, path)
            if first != path:
                message = f'{".".join(map(str, first))} has the same {key} {mark}'
                hint = "change one of the two, or remove one with 'enabled: false'"
                yield Fault((*path, key), message, hint, ((*first, key), path, first))
