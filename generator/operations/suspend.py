"""A release → its file with, or without, the word that the agent keeps its hands off."""

from __future__ import annotations

from typing import assert_never

from generator.documents.edit_values import REMOVED, set_value
from generator.domain.choices import Agent
from generator.domain.environments import Environment
from generator.domain.layout import delivery_name, model_name
from generator.domain.records import Release
from generator.operations.operation import Operation, RegistryChange, why
from generator.operations.rollout_start import known_release
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.tools.git.repository import Repository

_PATH = ('spec', 'suspended')


def suspending(name: str, reason: str) -> Operation:
    """Suspend a release (`env/model`); what runs stays as it is."""

    def change(run: Run) -> RegistryChange:
        release = known_release(run.registry, name)
        return suspension(run, release, reason, shortened(f'Suspend {name}: {reason}'))

    return Operation('suspend', (name, *why(reason)), (model_name(name),), change, releases=(name,))


def suspension(run: Run, release: Release, reason: str, subject: str) -> RegistryChange:
    """Suspend a release, or change the reason; nothing, if it is suspended for this reason."""
    by, before = committer(run.repository), release.spec.get('suspended')
    suspended = {'reason': reason, **({'by': by} if by else {})}
    result = {'result': 'suspended', 'release': release.name, 'suspended': suspended}
    if before and before['reason'] == reason:
        return RegistryChange(result={**result, 'suspended': before})
    data = set_value(run.source.read(release.file), release.file, _PATH, suspended, 'chart')
    who = f' ({by})' if by else ''
    was = (f'Before, it was suspended: {before["reason"]}',) if before else ()
    notes = (
        f'{release.name} is suspended: {reason}{who}',
        *was,
        _meaning(run.registry.environments[release.environment], release),
    )
    return RegistryChange({release.file: data}, subject, result, notes)


def resuming(name: str) -> Operation:
    """Give a suspended release back to its agent."""

    def change(run: Run) -> RegistryChange:
        release = known_release(run.registry, name)
        before = release.spec.get('suspended')
        result = {'result': 'resumed', 'release': name, 'suspended': before or {}}
        if not before:
            return RegistryChange(result=result)
        data = set_value(run.source.read(release.file), release.file, _PATH, REMOVED)
        notes = (
            f'{name} was suspended: {before["reason"]}',
            'Its agent now applies all that was committed meanwhile, and corrects what was changed in the cluster.',
        )
        return RegistryChange({release.file: data}, shortened(f'Resume {name}'), result, notes)

    return Operation('resume', (name,), (model_name(name),), change, releases=(name,))


def _meaning(environment: Environment, release: Release) -> str:
    kind = _kind(environment.agent, delivery_name(environment.name, release.model))
    return f'{kind}: no commit is applied and no drift corrected; the objects stay, also if the release is removed.'


def _kind(agent: Agent, name: str) -> str:
    match agent:
        case 'argocd':
            return f"Application '{name}' has no automated sync and no finalizer"
        case 'flux':
            return f"HelmRelease '{name}' says suspend: true"
        case _:
            assert_never(agent)


def committer(repository: Repository) -> str:
    """The name of the person or bot that makes the commit, '' if git does not know it."""
    return repository.ask('var', 'GIT_COMMITTER_IDENT').partition(' <')[0]
