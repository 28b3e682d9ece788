"""chartloom environment: an environment → a copy of it for another cluster, or the same under another name."""

from __future__ import annotations

from typing import Any

import click

from generator.cli import offers
from generator.cli.operation import Place, operation_options
from generator.cli.outcome import number, tell
from generator.cli.output import say, wants_json
from generator.operations import environment_copy, environment_rename


@click.group()
def command() -> None:
    """Copy an environment, or give it another name."""


@command.command()
@click.argument('source', metavar='FROM', shell_complete=offers.environments)
@click.argument('target', metavar='TO')
@click.option('--cluster', required=True, metavar='NAME', help='Name of the cluster of the copy.')
@click.option('--server', default='', metavar='URL', help='Address of its API server, if FROM has one.')
@click.option('--namespace', default='', help='Namespace of its releases; default: that of FROM.')
@click.option('--domain', default='', help='Domain of its host names, if FROM has one.')
@click.option(
    '--application-namespace', default='', metavar='NAME', help='Namespace of its Applications, if FROM has one.'
)
@click.option('--store-path', default='', metavar='PATH', help='Path of its secrets in the secret store.')
@click.option(
    '--promotes-from', multiple=True, metavar='ENV', shell_complete=offers.environments,
    help='Environments that it promotes from; default: those of FROM.',
)  # fmt: skip
@click.option('--skip-promotion', default='', metavar='REASON', help='Why its pins need not come by promotion.')
@click.option('--inherits', is_flag=True, help='Let the copy inherit the spec of FROM instead of repeating it.')
@operation_options
def copy(source: str, target: str, place: Place, output: str, **options: Any) -> None:
    """Write an environment like FROM, with the same releases and pins, in one commit.

    What two environments cannot share is asked for. Comments are kept. Rollouts, locks and rollbacks are not copied;
    the owners of the files of FROM own the same files of TO.
    """
    outcome = place.carry_out(environment_copy.copying(source, target, environment_copy.Place(**options)))
    tell(outcome)
    if wants_json():
        return
    if not outcome.changed:
        say(f"nothing to do: '{target}' is this copy of '{source}'")
        return
    say(f'{source} → {target}, with {number(outcome.result["pins"], "release")}')
    for name in outcome.result['rollouts']:
        say(f'{name}: its rollout is not copied, only what it started from')


@command.command()
@click.argument('old', metavar='OLD', shell_complete=offers.environments)
@click.argument('new', metavar='NEW')
@operation_options
def rename(old: str, new: str, place: Place, output: str) -> None:
    """Give an environment another name: its files, its releases, and what refers to it, in one commit.

    Pods do not restart: names and values of workloads do not contain the environment. Its delivery objects do: nothing
    is uninstalled, and the warnings say how the agent changes over. It is refused while a rollout in git runs there.
    """
    outcome = place.carry_out(environment_rename.renaming(old, new))
    tell(outcome)
    if wants_json():
        return
    if not outcome.changed:
        say(f"nothing to do: there is no '{old}', and '{new}' is there")
        return
    say(f'{old} → {new}, with {number(outcome.result["models"], "release")}')
