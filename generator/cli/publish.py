"""chartloom publish: charts of the ledgers → an OCI registry, each by the digest that was computed before."""

from __future__ import annotations

import os
from pathlib import Path

import click

from generator.cli import PROBLEMS, offers
from generator.cli.output import common_options, count, problem_data, report, result, say, wants_json
from generator.cli.registry import connect, registry_options
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.packages import open_shelf
from generator.pipeline.publish import Push, base_to_publish, carry_out, pushes
from generator.pipeline.requested import check_request
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@click.option('--tag', is_flag=True, help='Also tag each chart with its version; a tag is never moved.')
@click.option('--pruned', is_flag=True, help='Also publish charts that were pruned; they are restored from git.')
@click.option(
    '--base', default='', metavar='REV',
    help='Publish the charts of this revision, for example HEAD of a request. Default: the published ones.',
)  # fmt: skip
@click.option('--dry-run', is_flag=True, help='Show what would be pushed; push nothing.')
@registry_options
@common_options
@click.pass_context
def command(
    context: click.Context, models: tuple[str, ...], tag: bool, pruned: bool, base: str, dry_run: bool,
    plain_http: bool, ca_file: str | None, folder: Path, output: str,
) -> None:  # fmt: skip
    """Push the charts of MODELS, by default of all models, that the OCI registry lacks: charts.registry in
    registry/settings.yaml.

    What the registry stores has exactly the digest that chartloom computed, or the command fails. Logins are those of
    'helm registry login' and 'docker login'. A run that was interrupted is finished by the next one.
    """
    run = open_run(open_repository(folder), models)
    settings = run.settings_alone
    registry = connect(settings, plain_http, ca_file)
    found = base_to_publish(run.source, settings.branch, base, tag=tag, environ=os.environ)
    check_request(run, found, base)
    shelf = open_shelf(run.repository, found, settings)
    told: dict[str, list[dict[str, str]]] = {'pushed': [], 'tagged': [], 'skipped': []}
    problems: list[Problem] = []
    for push in pushes(registry, shelf, tag=tag, pruned=pruned):
        if not dry_run:
            carry_out(registry, shelf, push)
        _tell(push, told, dry_run)
        problems += [push.problem] if push.problem else []
    _sum_up(registry.address, told, problems, dry_run)
    if problems:
        context.exit(PROBLEMS)


def _tell(push: Push, told: dict[str, list[dict[str, str]]], dry_run: bool) -> None:
    about = {'model': push.model, 'version': push.entry.version, 'digest': push.entry.manifest}
    done = [kind for kind, lacks in (('pushed', push.lacks_chart), ('tagged', push.lacks_tag)) if lacks]
    for kind in done or ['skipped']:
        told[kind].append(about)
    if done and not wants_json():
        would = 'would be ' if dry_run else ''
        say(f'{about["model"]} {about["version"]} {would}{" and ".join(done)}: {about["digest"]}')


def _sum_up(address: str, told: dict[str, list[dict[str, str]]], problems: list[Problem], dry_run: bool) -> None:
    if wants_json():
        result({'registry': address, **told, 'dryRun': dry_run, 'problems': problem_data(sorted(problems))})
        return
    if problems:
        report(ProblemsFound(problems))
    pushed, tagged, skipped = (len(told[kind]) for kind in ('pushed', 'tagged', 'skipped'))
    would = 'would be ' if dry_run else ''
    there = f'{count(skipped, "chart")} skipped: the registry has {"it" if skipped == 1 else "them"}'
    say(f'{address}: {count(pushed, "chart")} {would}pushed, {tagged} {would}tagged, {there}')
