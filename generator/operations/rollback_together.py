"""An application in an environment → its members that moved last, and together, back to what they ran before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from generator.documents.nulls import spec_in
from generator.domain.layout import (
    APPLICATIONS,
    ENVIRONMENTS,
    application_file,
    delivered_chart,
    delivery_file,
    release_file,
    rollout_file,
)
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.words import suggest
from generator.operations.hints import SET_ASIDE
from generator.operations.operation import Operation, RegistryChange, why
from generator.operations.rollback import Back
from generator.pipeline.history import file_changes
from generator.pipeline.run import Run
from generator.plan.message import shortened


def rolling_back_together(
    application: str, environment: str, reason: str = '', *, skip_blocked: bool = False
) -> Operation:
    """Roll back, in one commit, the members that the last commit moved which moved any: all of them, or with
    `skip_blocked` those that nothing stops."""
    back, names = Back(reason=reason), list[str]()

    def change(run: Run) -> RegistryChange:
        # As when the command began: the same releases go back, also if the branch has moved.
        names[:] = names or moved_last(run, _members(run, application, environment))
        changes: dict[str, RegistryChange] = {}
        blocked: dict[str, tuple[Problem, ...]] = {}
        for name in names:
            try:
                changes[name] = back.change(run, name)
            except ProblemsFound as error:
                blocked[name] = tuple(error.problems)
        if blocked and not (skip_blocked and changes):
            raise ProblemsFound(each for problems in blocked.values() for each in problems)
        return _together(run, application, environment, changes, blocked)

    flags = ('--skip-blocked',) if skip_blocked else ()
    arguments = ('--application', application, '--env', environment, *why(reason), *flags)
    return Operation(
        'rollback', arguments, change=change, instead=SET_ASIDE, history=True, urgent=True, environments=(environment,),
        application=application,
    )  # fmt: skip


def _members(run: Run, application: str, environment: str) -> list[str]:
    registry = run.registry
    if environment not in registry.environments:
        hint = suggest(environment, registry.environments)
        raise problem(ENVIRONMENTS, '', f"environment '{environment}' not found", hint)
    if application not in registry.applications:
        hint = suggest(application, registry.applications)
        raise problem(APPLICATIONS, '', f"application '{application}' not found", hint)
    names = sorted(f'{environment}/{member}' for member in registry.applications[application].members)
    found = [name for name in names if name in registry.releases]
    if not found:
        message = f"no member of application '{application}' has a release in '{environment}'"
        raise problem(application_file(application), '$.spec.members', message)
    return found


def moved_last(run: Run, names: Collection[str]) -> list[str]:
    """Return the releases that moved in the last commit of the branch that moved one of them.

    What counts is where a release goes: the target of its rollout, else its pin, else the chart that it follows. So the
    end of a rollout moves nothing, and services whose rollouts end one after the other moved together.
    """
    files = [file(name) for name in names for file in (release_file, rollout_file, delivery_file)]
    states: list[dict[str, str]] = [{}]
    for _, changed in file_changes(run.repository, run.source.head, files):
        states.append({**states[-1], **changed})
    steps = list(pairwise(states))
    for number, (before, after) in reversed(list(enumerate(steps))):
        if moved := [name for name in names if _target(run, before, name) != _target(run, after, name)]:
            if not number and run.repository.ask('rev-parse', '--is-shallow-repository') == 'true':
                break
            return moved
    hint = "fetch the history with 'git fetch --unshallow', or use --repo URL"
    raise problem(release_file(min(names)), '', 'the history of this clone has no move of a member', hint)


def _target(run: Run, blobs: Mapping[str, str], name: str) -> str:
    """The chart that a release goes to, by its files; '' for none."""
    if rollout := _spec(run, blobs.get(rollout_file(name), ''), rollout_file(name)):
        end = rollout.get('from' if rollout.get('aborted') else 'to')
        return str(end.get('chart', '')) if isinstance(end, dict) else ''
    if pin := _spec(run, blobs.get(release_file(name), ''), release_file(name)).get('chart'):
        return str(pin)
    blob = blobs.get(delivery_file(name), '')
    return delivered_chart(run.repository.read([blob])[blob]) if blob else ''


def _spec(run: Run, blob: str, file: str) -> Mapping[str, Any]:
    """The spec of a registry file; {} for none, and for one that was not valid."""
    return (spec_in(run.repository.read([blob])[blob], file) if blob else None) or {}


def _together(
    run: Run, application: str, environment: str, changes: Mapping[str, RegistryChange],
    blocked: Mapping[str, tuple[Problem, ...]],
) -> RegistryChange:  # fmt: skip
    others = [name for name in _members(run, application, environment) if name not in changes and name not in blocked]
    stays = [{'release': name, 'reason': _stays(run, name)} for name in others]
    result = {
        'result': 'rolled back',
        'rolledBack': [{'release': name, **each.result} for name, each in changes.items()],
        'stays': stays,
        'blocked': [
            {'release': name, 'problems': [{'message': each.message, 'hint': each.hint} for each in problems]}
            for name, problems in blocked.items()
        ],
    }
    files = {path: data for each in changes.values() for path, data in each.files.items()}
    warnings = tuple(each for change in changes.values() for each in change.warnings)
    notes = [f'{name}: {_way(each)}' for name, each in changes.items()]
    notes += [note for each in changes.values() for note in each.notes]
    notes += [
        f'{each["release"]} stays: {each["reason"]}' for each in stays if each['release'] in run.registry.rollouts
    ]
    notes += [f'Not rolled back: {name}: {problems[0].message}' for name, problems in blocked.items()]
    moved = f'{len(changes)} release{"" if len(changes) == 1 else "s"}'
    subject = shortened(f'Roll back application {application} in {environment}: {moved}')
    return RegistryChange(files, subject, result, tuple(notes), warnings=warnings)


def _stays(run: Run, name: str) -> str:
    why = 'it did not move with the others'
    if rollout := run.registry.rollouts.get(name):
        version, hint = rollout.spec['to']['version'], f"'chartloom rollout abort {name}' ends it"
        return f'{why}; its rollout to {version} is at {rollout.stage}, and {hint}'
    return why


def _way(change: RegistryChange) -> str:
    before, after = change.result['from'], change.result['to']
    verb = ', the rollout is aborted' if change.result['result'] == 'aborted' else ''
    return f'{before["version"]} → {after["version"]} (chart {after["chart"]}){verb}'
