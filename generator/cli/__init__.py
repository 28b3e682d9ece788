"""Command line → exit code: one module per command, loaded when it is called; only this package prints."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from generator import __version__
from generator.domain.problems import CommandFailed, ProblemsFound, problem

DONE, PROBLEMS, USAGE, FAILED, CHANGES = range(5)

# Texts are here, so that --help does not load the modules of the commands.
GROUPS = {
    'Daily work': {
        'plan': 'Show what generate would change.',
        'generate': 'Generate charts, values and delivery objects from the registry; commit and push on request.',
        'verify': 'Check that the generated files match the registry, and that helm accepts them.',
        'review': 'Show what a change does to releases: risks, pods, requests, objects.',
        'board': 'Show all releases: versions, lag, rollouts, locks, drift; also as a page.',
        'bump': 'Release new versions of models: the registry, their charts, and what follows the newest version.',
        'pin': 'Write missing or new pins into releases; comments are kept.',
        'promote': 'Move models to the version that they run in the environment before.',
        'refresh': 'Bring a branch up to date with its base: merge the registry, generate the rest anew.',
        'rollback': 'Go back to the version that a model ran before in an environment.',
        'lock': 'Let a release, an environment or an application move to no other version.',
        'unlock': 'Remove a lock.',
        'reinstate': 'Take back that a rollback or an abort withdrew a version.',
        'suspend': "Take the agent's hands off a release: it applies no commit and corrects no drift.",
        'resume': 'Give a suspended release back to its agent.',
        'retire': 'Remove a model from environments, or everywhere, if nothing leads to it any more.',
        'adopt': 'Take hand edits in generated files into the registry.',
        'host': 'Hand a host name from one owner to another: move.',
        'history': 'Show who moved a model, when and why.',
        'rollout': 'Move a release to another version, step by step: start, advance, abort, finish, status.',
    },
    'Registry and charts': {
        'environment': 'Copy an environment with its releases, or give it another name.',
        'model': 'Give a model another name, as long as no published release runs it.',
        'explain': 'Show every value of a release, with the file and line that sets it.',
        'strategies': 'Show which strategies each engine supports with which routers.',
        'dockerfile': 'Print a Dockerfile that puts a version of a model into the image of its runtime.',
        'package': 'Write a chart version as an archive, the same bytes on every machine.',
        'publish': 'Push the charts that an OCI registry lacks, by the digests that are known before.',
        'chart-source': 'Move to charts from an OCI registry, or back to folders of git.',
        'prune': 'Remove old chart versions that no release requires; the git history keeps them.',
    },
    'Setting up': {
        'init': 'Create a GitOps repository, with comments that explain each file.',
        'doctor': 'Check git, helm and the repository.',
        'completion': 'Print the shell completion script.',
        'version': 'Print the versions of chartloom, Python, helm, git and the libraries, for a bug report.',
    },
}
VERBS = {name: text for group in GROUPS.values() for name, text in group.items()}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f'generator.cli.{cmd_name.replace("-", "_")}').command
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
        """Offer the commands and the group's options; click would load each command to ask whether it is hidden."""
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
    """Generate Helm charts and a GitOps repository from a registry of models and environments.

    'chartloom COMMAND --help' shows the arguments and options of a command.
    """
    from generator.tools.git.run import forget_surroundings

    forget_surroundings()


def main() -> None:
    """Run the console script: every failure becomes a text on stderr (or JSON on stdout) and an exit code."""
    import gc

    from generator.cli.streams import lost_output, open_streams

    # A run keeps most of its objects to the end: at the default threshold, garbage collection takes a third of the
    # time of a large run. With a high threshold it costs nothing and still limits the memory of a long run.
    gc.set_threshold(1_000_000, 50, 1000)
    open_streams()
    code = _run()
    if lost := lost_output():
        print(f'stdout: cannot write the result: {lost}; the command itself is complete', file=sys.stderr)
        code = code or FAILED
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code."""
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
    """Turn an error of the operating system into a problem: a full disk, a folder without permission."""
    place = error.filename2 or error.filename or ''
    hint = 'check that no other file or folder blocks it, its permissions and the disk space, then run it again'
    return problem(os.fsdecode(place) if isinstance(place, str | bytes) else '', '', error.strerror or str(error), hint)
