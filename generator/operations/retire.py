"""A model → the registry without its releases, or without the model: after a proof that nothing leads to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.domain.layout import (
    ENVIRONMENTS,
    MODELS,
    delivery_file,
    ledger_file,
    release_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Release
from generator.domain.words import some, suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.retire_proof import blocking
from generator.operations.suspend import suspension
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.suspended import objects_stay


@dataclass(frozen=True, slots=True)
class Retired:
    """What goes: a model's releases in `environments`, or all and the model itself (`everywhere`).

    `keep`: the objects stay in the cluster. `with_routes`: its host names go, too.
    """

    model: str
    environments: tuple[str, ...] = ()
    everywhere: bool = False
    keep: bool = False
    with_routes: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        environments = (word for name in self.environments for word in ('--env', name))
        flags = (('--all', self.everywhere), ('--keep', self.keep), ('--with-routes', self.with_routes))
        return (self.model, *environments, *(flag for flag, given in flags if given))

    def __str__(self) -> str:
        return f'{self.model} everywhere' if self.everywhere else some([f'{e}/{self.model}' for e in self.environments])


def retiring(what: Retired) -> Operation:
    """Remove releases of a model, or the model with all of them."""

    def change(run: Run) -> RegistryChange:
        releases = _releases(run, what)
        model = run.registry.models.get(what.model)
        if not releases and not (what.everywhere and model):
            return RegistryChange(result={'result': 'nothing', 'retired': []})
        published = {release.name: _stays(run, release) for release in releases}
        # Also before the first of two commits: what is closed after it, the agent does not close any more.
        problems = [*blocking(run, releases, everywhere=what.everywhere, with_routes=what.with_routes)]
        problems += [] if what.keep else [_would_stay(each) for each in releases if published[each.name]]
        if problems:
            raise ProblemsFound(problems)
        if what.keep and not all(published.values()):
            return _suspended_first(run, what, [each for each in releases if not published[each.name]])
        return _removal(run, what, releases)

    models = () if what.everywhere else (what.model,)
    return Operation('retire', what.arguments, models, change)


def _releases(run: Run, what: Retired) -> list[Release]:
    """The releases that are still there; raises ProblemsFound for unknown names."""
    registry = run.registry
    if what.model not in registry.models and ledger_file(what.model) not in run.source.tree.ids:
        hint = suggest(what.model, registry.model_names)
        raise problem(MODELS, '', f"model '{what.model}' not found", hint)
    if unknown := [name for name in what.environments if name not in registry.environments]:
        raise ProblemsFound(
            Problem(ENVIRONMENTS, '', f"environment '{name}' not found", suggest(name, registry.environments))
            for name in unknown
        )
    mine = (each for each in registry.releases.values() if each.model == what.model)
    found = [each for each in mine if what.everywhere or each.environment in what.environments]
    return sorted(found, key=lambda each: each.name)


def _stays(run: Run, release: Release) -> bool:
    """Whether the agent leaves the objects when the release goes: it knows what is published."""
    path = delivery_file(release.name)
    blob = run.base.ids.get(path, '')
    return bool(blob) and objects_stay(run.repository.read([blob])[blob])


def _would_stay(release: Release) -> Problem:
    message = f"'{release.name}' is suspended: its objects would stay in the cluster"
    hint = f"run 'chartloom resume {release.name}' first, or say --keep"
    return Problem(release.file, '$.spec.suspended', message, hint)


def _suspended_first(run: Run, what: Retired, releases: Sequence[Release]) -> RegistryChange:
    """The first of two commits: agents leave the objects of a release only if they have let go of it before."""
    names = [each.name for each in releases]
    result = {'result': 'suspended', 'suspended': names, 'again': f'chartloom retire {" ".join(what.arguments)}'}
    made = [
        suspension(run, each, 'it is retired, and its objects stay', '') for each in releases if not each.is_suspended
    ]
    if not made:
        return RegistryChange(result={**result, 'result': 'unpublished'})
    files = {path: data for change in made for path, data in change.files.items()}
    notes = [note for change in made for note in change.notes]
    notes.append(f"When the agent has applied this commit, run '{result['again']}': the second commit removes it.")
    return RegistryChange(files, shortened(f'Retire {what}, 1 of 2: suspend it'), result, tuple(notes))


def _removal(run: Run, what: Retired, releases: Sequence[Release]) -> RegistryChange:
    files: dict[str, bytes | None] = {release_file(each.name): None for each in releases}
    model = run.registry.models.get(what.model)
    if what.everywhere and model:
        files[model.file] = None
    step = ', 2 of 2: remove it' if what.keep and releases else ''
    names = tuple(each.name for each in releases)
    result = {'result': 'retired', 'retired': names, 'model': what.everywhere, 'kept': what.keep}
    return RegistryChange(
        files, shortened(f'Retire {what}{step}'), result, tuple(_notes(run, what, releases)), removable=names
    )


def _notes(run: Run, what: Retired, releases: Sequence[Release]) -> Iterator[str]:
    for each in releases:
        pin = f'{each.version} (chart {each.chart})' if each.version else 'the newest version'
        namespace = run.registry.environments[each.environment].namespace
        stays = f"its objects stay in namespace '{namespace}'" if what.keep else 'its agent uninstalls it'
        yield f'{each.name} ran {pin}; {stays}.'
    yield 'No registry file names its Service, and no rollout is in progress.'
    yield from _successors(run, releases)
    if what.everywhere:
        yield "Its published charts stay until 'chartloom prune'."


def _successors(run: Run, releases: Sequence[Release]) -> Iterator[str]:
    """Environments whose next version of the model would have come from a release that goes."""
    registry, gone = run.registry, {each.name for each in releases}
    for name, environment in sorted(registry.environments.items()):
        for each in releases:
            mine = f'{name}/{each.model}'
            before = {f'{source}/{each.model}' for source in environment.promotes_from} & {*registry.releases}
            if each.name in before and before <= gone and mine in registry.releases and mine not in gone:
                yield f"'{name}' promotes from '{each.environment}': its next version of the model has no predecessor."
