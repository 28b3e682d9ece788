"""A release → the pin that a rollback goes back to, from git's history: what it ran before and did not give up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.documents.nulls import spec_in
from generator.domain.problems import ProblemsFound, problem
from generator.domain.records import Release
from generator.domain.units import number_of
from generator.domain.values import Values
from generator.operations.rollout_steps import Pin
from generator.pipeline.history import charts_run
from generator.pipeline.run import Run
from generator.releases.pins import choose_entry

# Commits of a release's file that are read for earlier pins.
_MOST = 200


def pin_before(run: Run, release: Release, now: Pin, version: str) -> Pin:
    """The pin to go back to from `now`, of a version or ('') of any; raises ProblemsFound if there is none."""
    follows = run.registry.environments[release.environment].follows_newest
    return (_followed_before if follows else _earlier)(run, release, now, version)


def pin_of(spec: Values) -> Pin:
    return Pin(str(spec.get('version', '')), str(spec.get('chart', '')))


def running(run: Run, release: Release) -> Pin:
    """What a release runs: its pin, or what it follows."""
    if release.chart:
        return pin_of(release.spec)
    environment, model = run.registry.environments[release.environment], run.registry.models[release.model]
    entry = choose_entry(release, environment, model, run.charts[release.model])
    return Pin(entry.model_version, entry.version)


def _followed_before(run: Run, release: Release, now: Pin, version: str) -> Pin:
    """What a release that follows the newest version ran before, by its delivery object: it had no pin."""
    ran = charts_run(run.repository, run.source.head, release.name, ever=True)
    known = {entry.version for entry in run.registry.models[release.model].versions}
    ledger = run.charts[release.model].ledger
    older = [entry for entry in ledger if number_of(entry.version) < number_of(now.chart)]
    for entry in reversed(older):
        pin = Pin(entry.model_version, entry.version)
        wanted = version in ('', pin.version) and not release.gave_up(pin.version, pin.chart)
        if wanted and pin.version in known and pin.chart in ran:
            return pin
    message = f"'{release.name}' ran no other version than {now} that it did not give up"
    if version and release.gave_up(version):
        message = f"'{release.name}' gave up version '{version}'"
        raise problem(release.file, '$.spec', message, f"run 'chartloom reinstate {release.name} {version}' first")
    if version:
        message = f"'{release.name}' ran no older version '{version}'"
    hint = f"to hold it at a version, set spec.version in {release.file} and run 'chartloom pin {release.name}'"
    raise problem(release.file, '$.spec', message, hint)


def _earlier(run: Run, release: Release, now: Pin, version: str) -> Pin:
    """The last older pin that nobody gave up, of this version or of any.

    To newer ones, and to those that were given up, the release goes as to every version: with its steps and checks.
    """
    given_up, newer = list[Pin](), list[Pin]()
    places = {entry.version: place for place, entry in enumerate(run.charts[release.model].ledger)}
    versions = {entry.version for entry in run.registry.models[release.model].versions}
    later, is_rollback = now, release.is_rollback
    for pin, back in _pins(run, release):
        # A move to an older chart gives up the newer one, by a rollback or, for example, by `git revert`.
        known = later.chart in places and pin.chart in places
        if pin != later and (places[later.chart] < places[pin.chart] if known else is_rollback):
            given_up.append(pin)
        later, is_rollback = pin, back
        if release.gave_up(pin.version, pin.chart) and pin not in given_up:
            given_up.append(pin)
        if pin == now or version not in ('', pin.version) or pin.version not in versions or pin.chart not in places:
            continue
        if now.chart in places and places[pin.chart] >= places[now.chart]:
            newer.append(pin)
        elif pin not in given_up:
            return pin
    if run.repository.ask('rev-parse', '--is-shallow-repository') == 'true':
        hint = "fetch the history with 'git fetch --unshallow', or use --repo URL"
        raise problem(release.file, '', 'this clone is shallow: its history has no earlier pin', hint)
    known_pins = [pin for pin in given_up if pin != now and pin.version in versions and version in ('', pin.version)]
    raise _no_pin(release, now, version, known_pins, newer)


def _no_pin(release: Release, now: Pin, version: str, given_up: Sequence[Pin], newer: Sequence[Pin]) -> ProblemsFound:
    hint = f"to pin another version, set spec.version and run 'chartloom pin {release.name}'"
    again = f"to return to it, set spec.version to '{{0}}' and run 'chartloom pin {release.name}', or start a rollout"
    if given_up and release.gave_up(given_up[0].version, given_up[0].chart):
        again = f"to return to it, run 'chartloom reinstate {release.name} {{0}}' first"
    if version and version == now.version:
        message = f"'{release.name}' already runs {now}"
    elif version and given_up:
        message, hint = f'{given_up[0]} was rolled back here', again.format(version)
    elif version and newer:
        message, hint = f'{newer[0]} is newer than {now}: a rollback goes back', again.format(version)
    elif version:
        message = f"version '{version}' was never pinned here"
    elif given_up:
        message = f'no older pin than {now.version}; {given_up[0].version} was rolled back'
        hint = again.format(given_up[0].version)
    else:
        message = f"'{release.name}' had no other pin under this name"
    return problem(release.file, '$.spec', message, hint)


def _pins(run: Run, release: Release) -> Iterator[tuple[Pin, bool]]:
    """Pins of a release on its branch, the newest first, and whether each is a rollback."""
    repository, path = run.repository, run.repository.prefix + release.file
    options = ('--no-show-signature', '--first-parent', f'-{_MOST}', '--format=%H')
    for commit in repository.ask('log', *options, run.source.head, '--', f':(top,literal){path}').split():
        blob = repository.ask('rev-parse', '--verify', '--quiet', f'{commit}:{path}')
        if blob and (spec := spec_in(repository.read([blob])[blob], release.file)) is not None:
            pin = pin_of(spec)
            yield pin, spec.get('rollback') == pin.chart
