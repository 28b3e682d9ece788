"""chartloom completion: a shell → the script that completes chartloom's commands, options and names in it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from generator.cli import cli
from generator.cli.output import output_option, result, say


@click.command()
@click.argument('shell', type=click.Choice(['bash', 'zsh', 'fish']))
@output_option
def command(shell: str, output: str) -> None:
    """Print the completion script of a shell, for a file such as /etc/bash_completion.d/chartloom."""
    kind = get_completion_class(shell)
    assert kind is not None, 'click knows these shells'
    script = kind(cli, {}, 'chartloom', '_CHARTLOOM_COMPLETE').source()
    if output == 'json':
        result({'shell': shell, 'script': script})
    else:
        say(script)
