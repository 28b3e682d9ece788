"""A host name and two owners → the registry files in which the second one has it, in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from generator.checks.hosts import KINDS, Owner
from generator.checks.written import at
from generator.documents.edit_values import REMOVED, set_value
from generator.domain.layout import APPLICATIONS, MODELS
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Application, Model, Registry
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.pipeline.run import Run
from generator.plan.message import shortened

_APART = 'The agent changes the two routes one after the other: for some seconds both have the host name, or none.'


@dataclass(frozen=True, slots=True)
class HostMove:
    """`instead` is the first label that the old owner gets, '' for its default."""

    host: str
    old: str
    new: str
    instead: str = ''

    @property
    def arguments(self) -> tuple[str, ...]:
        return (self.host, '--from', self.old, '--to', self.new, *(('--instead', self.instead) if self.instead else ()))


def moving(move: HostMove) -> Operation:
    """Hand a host name from one owner (`model/NAME`, `application/NAME` or a name) to another."""

    def change(run: Run) -> RegistryChange:
        registry = run.registry
        old, new = _owner(registry, move.old), _owner(registry, move.new)
        if old == new:
            raise problem(_record(registry, old).file, '$.spec', f'{old} has it already: --from and --to are the same')
        edits = [*_grants(registry, move.host, old, new), *_labels(registry, move, old, new)]
        result = {'result': 'moved', 'host': move.host, 'from': str(old), 'to': str(new)}
        if not edits:
            if _has(registry, move.host, new):
                return RegistryChange(result=result)
            raise _not_his(registry, move.host, old)
        files: dict[str, bytes] = {}
        for file, path, value, _ in edits:
            files[file] = set_value(files.get(file) or run.source.read(file), file, path, value)
        notes = (*(note for *_, note in edits), _APART)
        return RegistryChange(files, shortened(f'Move host {move.host}: {old.name} → {new.name}'), result, notes)

    return Operation('host move', move.arguments, (), change)


_Edit = tuple[str, Path, Any, str]  # file, path, value, and what is said of it


def _owner(registry: Registry, name: str) -> Owner:
    kind, slash, rest = name.rpartition('/')
    known = {'model': registry.models, 'application': registry.applications}
    kinds = [each for each in known if rest in known[each] and kind in ('', each)]
    if len(kinds) == 1:
        return Owner(kinds[0], rest)
    if kinds:
        raise problem(
            MODELS, '', f"'{name}' is a model and an application", f'write model/{name} or application/{name}'
        )
    folder = APPLICATIONS if kind == 'application' else MODELS
    what = f'{kind} ' if slash else 'model or application '
    raise problem(folder, '', f"{what}'{rest}' not found", suggest(rest, [*registry.models, *registry.applications]))


def _record(registry: Registry, owner: Owner) -> Model | Application:
    return registry.models[owner.name] if owner.kind == 'model' else registry.applications[owner.name]


def _grants(registry: Registry, host: str, old: Owner, new: Owner) -> Iterator[_Edit]:
    """Environments that grant the host name to the old owner."""
    for environment in registry.environments.values():
        # What it inherits is written in another file.
        if environment.parts[0].spec.get('hostnames', {}).get(host) == {old.kind: old.name}:
            note = f"environment '{environment.name}' grants {host} to {new}, before to {old}"
            yield environment.file, ('spec', 'hostnames', host), {new.kind: new.name}, note


def _labels(registry: Registry, move: HostMove, old: Owner, new: Owner) -> Iterator[_Edit]:
    """The first label of both owners, if the host name is below the domain of an environment."""
    giver, taker = _record(registry, old), _record(registry, new)
    label = giver.hostname
    if not _is_routed(giver) or move.host not in _hosts(registry, label):
        return
    if not _is_routed(taker):
        hint = f'open one first: routes of an application, or route: {{}} in {taker.file}'
        raise problem(taker.file, '$.spec', f'{new} has no route', hint)
    rest = move.instead or (giver.name if label != giver.name else '')
    if not rest:
        message = f"'{label}' is the name of {old}, and its default host name"
        raise problem(giver.file, json_path(_place(giver)), message, 'say with --instead LABEL what it gets')
    value = REMOVED if rest == giver.name else rest
    yield taker.file, _place(taker), label, f"{new} has '{label}' as its first label, before '{taker.hostname}'"
    yield giver.file, _place(giver), value, f"{old} has '{rest}', before '{label}'; in all environments"
    yield from _pinned(registry, new, label)
    yield from _pinned(registry, old, rest)


def _pinned(registry: Registry, owner: Owner, label: str) -> Iterator[_Edit]:
    """The releases of a model: the host name is part of its chart, and a pinned chart keeps its own."""
    for release in registry.releases.values() if owner.kind == 'model' else ():
        if release.model != owner.name or not registry.environments[release.environment].spec.get('domain'):
            continue
        before, value = release.spec.get('hostname', REMOVED), label if release.chart else REMOVED
        if before != value:
            note = f"release '{release.name}' has '{label}' as its first label, also with chart {release.chart}"
            gone = f"release '{release.name}' has no first label of its own any more"
            yield release.file, ('spec', 'hostname'), value, note if release.chart else gone


def _is_routed(record: Model | Application) -> bool:
    match record:
        case Model():
            return 'route' in record.spec
        case Application():
            return bool(record.spec.get('routes'))
        case _:
            assert_never(record)


def _place(record: Model | Application) -> Path:
    match record:
        case Model():
            return 'spec', 'route', 'hostname'
        case Application():
            return 'spec', 'hostname'
        case _:
            assert_never(record)


def _hosts(registry: Registry, label: str) -> set[str]:
    domains = {environment.spec.get('domain', '') for environment in registry.environments.values()}
    return {f'{label}.{domain}' for domain in domains if domain}


def _has(registry: Registry, host: str, owner: Owner) -> bool:
    record = _record(registry, owner)
    grants = (each.spec.get('hostnames', {}).get(host) for each in registry.environments.values())
    return {owner.kind: owner.name} in grants or (_is_routed(record) and host in _hosts(registry, record.hostname))


def _not_his(registry: Registry, host: str, old: Owner) -> ProblemsFound:
    """Where else the host name is written, or that the old owner does not have it."""
    items: Mapping[str, Any] = {**registry.models, **registry.releases}
    problems = [
        Problem(item.file, json_path(('spec', 'values', key, 'hostnames')), f"'{host}' is written in values", _BY_HAND)
        for name, item in items.items()
        if name.rpartition('/')[2] == old.name and old.kind == 'model'
        for key in KINDS.values()
        if isinstance(found := at(item.spec.get('values'), (key, 'hostnames')), list) and host in found
    ]
    file = _record(registry, old).file
    return ProblemsFound(problems or [Problem(file, '$.spec', f"'{host}' is no host name of {old}", _SEE)])


_BY_HAND = 'move it by hand: only the two files of the releases know the other names in these lists'
_SEE = "run 'chartloom explain release/ENV/MODEL route.hostnames' to see whose it is"
