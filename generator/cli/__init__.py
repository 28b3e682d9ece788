"""The command line: one verb a module, loaded when it is called; the only place that prints or sets an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from generator import __version__
from generator.domain.problems import CommandFailed, ProblemsFound, problem

DONE, PROBLEMS, USAGE, FAILED, CHANGES = range(5)

# Written here, so that --help need not load what the verbs need.
GROUPS = {
    'Daily work': {
        'plan': 'Show what generate would change.',
        'generate': 'Make charts, values and delivery objects from the registry; commit and push on request.',
        'verify': 'Check that the repository is what the registry says, and that helm accepts it.',
        'pin': 'Write missing or new pins into releases, comments kept.',
        'rollout': 'Move a release to another version, step by step: start, advance, abort, finish, status.',
    },
    'Registry and charts': {
        'explain': 'Show every value of a release, and the file and line it comes from.',
        'strategies': 'Show which strategies each engine can carry out with which routers.',
        'dockerfile': 'Print a Dockerfile that bakes a version of a model into the image of its runtime.',
        'prune': 'Remove old chart versions that no release needs; git keeps them.',
    },
    'Setting up': {
        'init': 'Begin an empty GitOps repository that works, with comments that teach.',
        'doctor': 'Check git, helm and the repository.',
        'completion': 'Print the shell completion script.',
        'version': 'Print the versions of chartloom and of what it works with, for a bug report.',
    },
}
VERBS = {name: text for group in GROUPS.values() for name, text in group.items()}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f'generator.cli.{cmd_name}').command
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, VERBS))
        for title, verbs in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The verbs and the options of the group; click would load each verb to ask whether it is hidden."""
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(name, help=text) for name, text in VERBS.items() if name.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0] not in VERBS and not ctx.resilient_parsing:
            import difflib

            close = difflib.get_close_matches(args[0], VERBS, 1)
            hint = f" Did you mean '{close[0]}'?" if close else ''
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Verbs,
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 110},
    epilog='Exit codes: 0 done, 1 problems, 2 usage, 3 a command failed (git, helm, network), 4 changes pending.',
)
@click.version_option(__version__, prog_name='chartloom')
def cli() -> None:
    """Weave a registry of models and environments into Helm charts and a GitOps repository.

    'chartloom COMMAND --help' shows the arguments and options of a command.
    """
    from generator.tools.git.run import forget_surroundings

    forget_surroundings()


def main() -> None:
    """The console script: every failure becomes a text on stderr (or JSON on stdout) and an exit code."""
    import gc

    from generator.cli.streams import lost_output, open_streams

    # What a run makes it mostly keeps to its end: looking through all of it again and again for garbage takes a third
    # of the time of a large run. Seldom costs nothing, and keeps what a long one drops from piling up.
    gc.set_threshold(1_000_000, 50, 1000)
    open_streams()
    code = _run()
    if lost := lost_output():
        print(f'stdout: cannot be written: {lost}; what was done is done', file=sys.stderr)
        code = code or FAILED
    sys.exit(code)


def _run() -> int:
    """Run the command; its exit code."""
    from generator.cli.output import report, report_usage

    try:
        code = cli.main(prog_name='chartloom', standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        report_usage(error)
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except ProblemsFound as error:
        report(error)
        code = PROBLEMS
    except CommandFailed as error:
        report(error)
        code = FAILED
    except OSError as error:
        report(_refused(error))
        code = PROBLEMS
    return code if isinstance(code, int) else DONE


def _refused(error: OSError) -> ProblemsFound:
    """What the system refuses: a full disk, a folder that nobody may enter."""
    place = error.filename2 or error.filename or ''
    hint = 'mend it (is there a file or a folder in the way, may it be used, is the disk full), then run it again'
    return problem(os.fsdecode(place) if isinstance(place, str | bytes) else '', '', error.strerror or str(error), hint)
