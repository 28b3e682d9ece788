"""chartloom lock: a release, an environment or an application → it moves to no other version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from generator.cli import offers
from generator.cli.operation import TIME, Place, operation_options, release_name
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.lock import LockScope, locking

F = TypeVar('F', bound=Callable[..., Any])


def scope_options(function: F) -> F:
    """Add the argument and options that say what is locked."""
    for option in (
        click.option('--application', default='', metavar='APP', shell_complete=offers.applications,
                     help='All members of this application, in all environments.'),
        click.option('--env', 'environment', default='', metavar='ENV', shell_complete=offers.environments,
                     help='All releases of this environment.'),
        click.argument('release', default='', metavar='[ENV/MODEL]', callback=release_name,
                       shell_complete=offers.releases),
    ):  # fmt: skip
        function = option(function)
    return function


def chosen_scope(release: str, environment: str, application: str) -> LockScope:
    if sum(map(bool, (release, environment, application))) != 1:
        raise click.UsageError('expected one of ENV/MODEL, --env and --application')
    return LockScope(release, environment, application)


def reason_of(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Check a reason: a line of text that the registry's schemas accept; '' where none is required."""
    text = value.strip()
    if text and not (2 <= len(text) <= 300 and text.isprintable()):
        raise click.UsageError('a reason is one line of 2 to 300 characters')
    if not text and parameter.required:
        raise click.UsageError(f'{parameter.opts[0]} is empty')
    return text


allow_frozen_option = click.option(
    '--allow-frozen', default='', metavar='REASON', callback=reason_of,
    help='Move although the environment is frozen now; the reason is written into the release.',
)  # fmt: skip


@click.command()
@scope_options
@click.option('--reason', required=True, callback=reason_of, help='Why, on one line.')
@click.option('--until', type=TIME, metavar='TIME', help='When the lock ends by itself: 2026-12-24T18:00:00Z.')
@operation_options
def command(
    release: str, environment: str, application: str, reason: str, until: int | None, place: Place, output: str
) -> None:
    """Lock a release, an environment or an application: nothing in it moves to another version.

    A lock stops pin, rollout start and advance, and versions that an environment would follow, also in 'verify' of a
    request. It never stops rollback, abort, or the end of an aborted rollout.
    """
    if until is not None and until <= place.now:
        raise click.UsageError('--until is in the past')
    scope = chosen_scope(release, environment, application)
    outcome = place.carry_out(locking(scope, reason, until))
    tell(outcome)
    if not wants_json():
        verb = 'would be' if outcome.dry_run else 'is'
        done = (
            f'{scope} {verb} locked' if outcome.changed else f'nothing to do: {scope} is already locked for this reason'
        )
        say(done + (f', until {outcome.result["lock"]["until"]}' if 'until' in outcome.result['lock'] else ''))
