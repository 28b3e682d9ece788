"""Releases that are to go → what still leads to them: rollouts, routes, applications, and who calls their Services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.checks.hosts import KINDS, place_of
from generator.documents.nulls import read_with_nulls
from generator.domain.environments import Environment
from generator.domain.layout import model_file, registry_place, release_file
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Release
from generator.domain.words import some
from generator.operations.rollout_state import resolve_alone
from generator.pipeline.run import Run
from generator.plan.callers import named_in


def blocking(run: Run, releases: Sequence[Release], *, everywhere: bool, with_routes: bool) -> Iterator[Problem]:
    """Yield what must change first."""
    for release in releases:
        if rollout := run.registry.rollouts.get(release.name):
            hint = f"run 'chartloom rollout abort {release.name}' or 'chartloom rollout finish {release.name}' first"
            yield Problem(rollout.file, '', 'a rollout is in progress', hint)
        if not with_routes:
            yield from _routes(run, release)
    if everywhere and releases:
        yield from _applications(run, releases[0].model)
    yield from _callers(run, releases)


def _routes(run: Run, release: Release) -> Iterator[Problem]:
    found = resolve_alone(run, release)
    for kind, key in KINDS.items():
        if found.merged[key]['enabled']:
            file, path = place_of(found, kind, (key, 'enabled'))
            hosts = some(found.merged[key]['hostnames'])
            message = f"the {kind} route of '{release.name}' is open: {hosts}"
            hint = (
                f'close it first ({key}: {{enabled: false}} under spec.values of {release.file}), or say --with-routes'
            )
            yield Problem(file, path, message, hint)


def _applications(run: Run, model: str) -> Iterator[Problem]:
    for application in run.registry.applications_of.get(model, ()):
        place = json_path(('spec', 'members', application.members.index(model)))
        message = f"'{model}' is a member of application '{application.name}'"
        yield Problem(application.file, place, message, 'remove it there first, with the routes that lead to it')


def _callers(run: Run, releases: Sequence[Release]) -> Iterator[Problem]:
    """Report registry files of others that name a Service, each once."""
    if not releases:
        return
    model = releases[0].model
    own = {model_file(model), *(release_file(each.name) for each in releases)}
    environments = [run.registry.environments[each.environment] for each in releases]
    for path in run.source.every_name:
        place = registry_place(path)
        if path in own or not place or place[0] not in ('Model', 'Environment', 'Release'):
            continue
        data = run.source.read(path)
        if model.encode() not in data or (place[0] == 'Release' and place[1].rpartition('/')[2] == model):
            continue
        try:
            document = read_with_nulls(data, path)[0]
        except ProblemsFound:
            continue
        for environment in environments:
            inside = _is_inside(run, place, environment)
            named = next(named_in(document, model, environment.namespace, inside=inside), None)
            if named:
                message = f"names the Service of '{environment.name}/{model}'"
                yield Problem(path, json_path(named), message, 'let it call another one first, or remove it')
                break


def _is_inside(run: Run, place: tuple[str, str], environment: Environment) -> bool:
    """Whether the texts of a file come into an environment: there, a short name is enough."""
    kind, name = place
    if kind == 'Environment':
        return name == environment.name
    if kind == 'Release':
        return name.startswith(f'{environment.name}/')
    return f'{environment.name}/{name}' in run.registry.release_names
