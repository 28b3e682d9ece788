"""A release → the version that it ran before, in one commit and as fast as its engine can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from generator.documents.nulls import read_with_nulls
from generator.domain.choices import Engine
from generator.domain.layout import model_name
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Release, Rollout
from generator.domain.strategy import Rolling, Strategy
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout import SET_ASIDE, aborted
from generator.operations.rollout_start import known_release
from generator.operations.rollout_state import resolve_named
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.suspended import suspended_warning

# Commits of a release's file that are read for earlier pins.
_MOST = 200


def rolling_back(name: str, version: str = '') -> Operation:
    """Go back to the pin before the current one, or to the last one with this model version.

    A rollout in git that is in progress is aborted. The pin says that it is a rollback, until the next one.
    """

    def change(run: Run) -> RegistryChange:
        release = known_release(run.registry, name)
        if rollout := run.registry.rollouts.get(name):
            return _abort(run, release, rollout, version)
        _check_clean(run, release)
        warnings = (suspended_warning(release),) if release.is_suspended else ()
        to = _earlier(run, release, version)
        found = resolve_named(run, name)
        subject = shortened(f'Roll back {name}: {release.version} → {to}')
        result = {'result': 'rolled back', 'from': _pin(release.spec).spec, 'to': to.spec}
        notes = (f'{name}: {_way(found.strategy, release.engine(found.environment), to.version)}',)
        files = move_pin(release, to, run.source.read, back=True)
        return RegistryChange(files, subject, result, notes, warnings=warnings)

    arguments = (name, *(('--to', version) if version else ()))
    return Operation('rollback', arguments, (model_name(name),), change, instead=SET_ASIDE, history=True)


def _pin(spec: object) -> Pin:
    found = spec if isinstance(spec, dict) else {}
    return Pin(str(found.get('version', '')), str(found.get('chart', '')))


def _abort(run: Run, release: Release, rollout: Rollout, version: str) -> RegistryChange:
    """The old version still runs: it gets all requests again."""
    if version not in ('', release.version):
        message = f"a rollout to {rollout.spec['to']['version']} is in progress, and '{version}' is not the old version"
        raise problem(rollout.file, '', message, f"run 'chartloom rollout abort {rollout.name}' first")
    subject = f'Roll back {rollout.name}: abort the rollout of {rollout.spec["to"]["version"]} at {rollout.stage}'
    change = aborted(run, rollout, subject)
    result = {**change.result, 'from': rollout.spec['to'], 'to': rollout.spec['from']}
    return replace(change, result=result)


def _earlier(run: Run, release: Release, version: str) -> Pin:
    """The last pin with a version, else the last one that nobody gave up."""
    now, given_up = _pin(release.spec), list[Pin]()
    _check_pinned(run, release)
    places = {entry.version: place for place, entry in enumerate(run.charts[release.model].ledger)}
    versions = {entry.version for entry in run.registry.models[release.model].versions}
    later, is_rollback = now, release.is_rollback
    for pin, back in _pins(run, release):
        # A move to an older chart gives up the newer one, by a rollback or, for example, by `git revert`.
        known = later.chart in places and pin.chart in places
        if pin != later and (places[later.chart] < places[pin.chart] if known else is_rollback):
            given_up.append(pin)
        later, is_rollback = pin, back
        wanted = pin.version == version if version else pin not in given_up
        if wanted and pin != now and pin.version in versions and pin.chart in places:
            return pin
    if run.repository.ask('rev-parse', '--is-shallow-repository') == 'true':
        hint = "fetch the history with 'git fetch --unshallow', or use --repo URL"
        raise problem(release.file, '', 'this clone is shallow: its history has no earlier pin', hint)
    raise _no_pin(release, now, version, [pin for pin in given_up if pin != now and pin.version in versions])


def _check_clean(run: Run, release: Release) -> None:
    """Raise ProblemsFound if the release's file has other changes: a rollback deploys them without checks."""
    source = run.source
    if release.file not in source.laid and source.tree.ids.get(release.file) != source.tree.held.get(release.file):
        raise problem(release.file, '', 'changed, and not part of this operation', SET_ASIDE)


def _check_pinned(run: Run, release: Release) -> None:
    """Raise ProblemsFound for a release that follows the newest version."""
    environment = run.registry.environments[release.environment]
    if not release.version and environment.follows_newest:
        message = f"'{environment.name}' follows the newest version, and '{release.name}' has no pin"
        hint = f"to hold it at a version, set spec.version in {release.file} and run 'chartloom pin {release.name}'"
        raise problem(environment.file, '$.spec.follow', message, hint)


def _no_pin(release: Release, now: Pin, version: str, given_up: Sequence[Pin]) -> ProblemsFound:
    hint = f"to pin another version, set spec.version and run 'chartloom pin {release.name}'"
    if version and version == now.version:
        message = f"'{release.name}' already runs {now}"
    elif version:
        message = f"version '{version}' was never pinned here"
    elif given_up:
        message = f'no older pin than {now.version}; {given_up[0].version} was rolled back'
        hint = f'to return to it, use --to {given_up[0].version}'
    else:
        message = f"'{release.name}' had no other pin under this name"
    return problem(release.file, '$.spec', message, hint)


def _pins(run: Run, release: Release) -> Iterator[tuple[Pin, bool]]:
    """Pins of a release on its branch, the newest first, and whether each is a rollback."""
    repository, path = run.repository, run.repository.prefix + release.file
    options = ('--no-show-signature', '--first-parent', f'-{_MOST}', '--format=%H')
    for commit in repository.ask('log', *options, run.source.head, '--', f':(top,literal){path}').split():
        blob = repository.ask('rev-parse', '--verify', '--quiet', f'{commit}:{path}')
        if not blob:
            continue
        try:
            document = read_with_nulls(repository.read([blob])[blob], release.file)[0]
        except ProblemsFound:
            continue
        spec = document.get('spec') if isinstance(document, dict) else None
        pin = _pin(spec)
        yield pin, isinstance(spec, dict) and spec.get('rollback') == pin.chart


def _way(strategy: Strategy, engine: Engine, version: str) -> str:
    """How the pods and the requests go back, and what it costs."""
    if isinstance(strategy, Rolling):
        return f'Kubernetes replaces the pods by those of {version}, as strategy rolling says.'
    match engine:
        case 'native':
            return f'Kubernetes replaces the pods by those of {version}; requests go to ready pods only.'
        case 'argo-rollouts':
            return f'all pods of {version} start, then they get all requests at once, without checks and approvals.'
        case 'flagger':
            return (
                f'the pods of {version} start as the target and get all requests, without checks; then the primary'
                ' starts them, too: it takes two model loads and as many spare accelerators.'
            )
        case _:
            assert_never(engine)
