"""chartloom plan: the registry → the changes that generate would make, as a table, a list of files, or JSON."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from generator.cli import CHANGES, offers
from generator.cli.operation import at_option
from generator.cli.output import common_options, problem_data, result, say, table, warn
from generator.cli.reports import check_report, report_option, tell_report
from generator.domain.generated import Plan
from generator.domain.layout import chart_file, chart_folder
from generator.domain.secrets import veil
from generator.operations.operation import Options
from generator.operations.reported import reported
from generator.pipeline import known
from generator.pipeline.heirs import heirs
from generator.pipeline.reasons import release_reasons
from generator.pipeline.run import Run, open_run
from generator.plan.removals import removal_warnings
from generator.plan.summary import explained, folder_of, new_folders, summarize
from generator.plan.touched import about
from generator.tools.git.opening import open_repository
from generator.tools.git.transaction import finish_killed


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@click.option('--diff', is_flag=True, help='Show the changes of each file.')
@click.option('--exit-code', is_flag=True, help='Exit with 4 if there are changes.')
@click.option('--discard-edits', is_flag=True, help='Plan as for generate --discard-edits.')
@click.option(
    '--allow-removal', multiple=True, metavar='NAME', shell_complete=offers.removed,
    help='Plan as for generate --allow-removal.',
)  # fmt: skip
@report_option
@at_option
@common_options
@click.pass_context
def command(
    context: click.Context, models: tuple[str, ...], diff: bool, exit_code: bool,
    discard_edits: bool, allow_removal: tuple[str, ...], report_file: str | None, at: int | None, folder: Path,
    output: str,
) -> None:  # fmt: skip
    """Show what generate would change: releases, charts and files. Nothing is written."""
    check_report(report_file, models)
    repository = open_repository(folder)
    finish_killed(repository)
    run = open_run(repository, models, shards=True, at=at)
    print_ = known.fingerprint(repository, run.source, 'files')
    plan = Plan((), {})
    if not known.is_known(repository, 'files', print_):
        plan = run.plan(discard=discard_edits, removable=allow_removal)
        run.judged.check_requests(plan, allow_removal)
        if not plan.changes:
            known.remember(repository, 'files', print_)
    diffs = {change.path: _diff(run, plan, change.path) for change in plan.changes} if diff else {}
    reasons = release_reasons(run, plan)
    shown = about(run.warnings, models, run.registry.releases) if plan.changes else []
    warnings = [*shown, *removal_warnings(plan, allow_removal, heirs(run, plan))]
    warn(warnings)
    tell_report(reported(run, Options(report=bool(report_file))), report_file)
    if output == 'json':
        result({**_data(plan, diffs, reasons), 'warnings': problem_data(warnings)})
    else:
        _tell(plan, diffs, reasons)
    if exit_code and plan.changes:
        context.exit(CHANGES)


def _data(plan: Plan, diffs: dict[str, str], reasons: dict[str, str]) -> dict[str, object]:
    summary = summarize(plan)
    changes = [
        {'kind': c.kind, 'path': c.path, **({'diff': diffs[c.path]} if c.path in diffs else {})} for c in plan.changes
    ]
    return {
        'changed': bool(plan.changes),
        'newCharts': summary.new_charts,
        'restoredCharts': summary.restored_charts,
        'changedDrafts': summary.changed_charts,
        'releases': explained(plan, reasons),
        'removed': summary.removed,
        'changes': changes,
    }


def _tell(plan: Plan, diffs: dict[str, str], reasons: dict[str, str]) -> None:
    if not plan.changes:
        say('nothing to do: the generated files match the registry')
        return
    summary = summarize(plan, reasons)
    groups = (
        ('new chart', summary.new_charts),
        ('restored chart', summary.restored_charts),
        ('changed draft', summary.changed_charts),
        ('release', summary.releases),
    )
    rows = [
        (kind, name, reasons.get(name, '')) for kind, names in (*groups, ('removed', summary.removed)) for name in names
    ]
    if rows:
        table(rows, ('WHAT', 'NAME', 'WHY'))
        say()
    colours = {'add': 'green', 'update': 'yellow', 'remove': 'red'}
    folders = {} if diffs else new_folders(plan)
    for folder, number in folders.items():
        say(f'add     {folder}/ ({number} files)', fg=colours['add'])
    for change in plan.changes:
        if folder_of(change.path) in folders:
            continue
        say(f'{change.kind:<7} {change.path}', fg=colours[change.kind])
        for line in diffs.get(change.path, '').splitlines():
            say(f'    {line}', fg={'+': 'green', '-': 'red'}.get(line[:1]))
    if summary.uninstalled:
        say('\nthe agent uninstalls the removed releases', fg='red')
    if summary.kept:
        say(f'\nthe objects of these removed releases stay in the cluster: {", ".join(summary.kept)}')
    counts = {kind: sum(change.kind == kind for change in plan.changes) for kind in colours}
    say(f'\n{counts["add"]} to add, {counts["update"]} to update, {counts["remove"]} to remove')


def _diff(run: Run, plan: Plan, path: str) -> str:
    """The diff of a file; a file of a new chart version is compared with that of the version before."""
    older = _older(run, path)
    before = run.source.read(older).decode(errors='replace') if older else ''
    after = plan.files.get(path, b'').decode(errors='replace')
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f'a/{older}', f'b/{path}', lineterm='')
    return veil('\n'.join(lines))


def _older(run: Run, path: str) -> str:
    if path in run.source.tree.ids:
        return path
    chart = chart_file(path)
    if not chart:
        return ''
    model, version, inner = chart
    versions = [entry.version for entry in run.ledger_of(model)]
    earlier = versions[: versions.index(version)] if version in versions else []
    candidates = (f'{chart_folder(model, v)}/{inner}' for v in reversed(earlier))
    return next((name for name in candidates if name in run.source.tree.ids), '')
