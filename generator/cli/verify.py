"""chartloom verify: the repository → problems: files that do not match the registry, or that helm or schemas refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from generator.cli import PROBLEMS, offers
from generator.cli.operation import at_option
from generator.cli.output import common_options, count, problem_data, progress, report, result, say, warn
from generator.cli.registry import connect, registry_options
from generator.cli.reports import approved_by, check_report, report_option, tell_report
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline import verify
from generator.pipeline.early import early_stages
from generator.pipeline.merged import find_sides
from generator.pipeline.obeyed import obeyed_warnings
from generator.pipeline.packages import open_shelf, published_base
from generator.pipeline.requested import registry_settings
from generator.pipeline.review import Reviewed, review_since
from generator.pipeline.revisions import refuse_guess
from generator.pipeline.run import Run, open_run
from generator.pipeline.signed import unsigned_since_base
from generator.pipeline.stored import Stored, compare_registry
from generator.pipeline.vouched import not_as_listed, unvouched
from generator.plan.touched import about
from generator.review.report import ALL_RULES, NEVER_WAIVED
from generator.review.waivers import waiver_warnings
from generator.tools.git.opening import open_repository
from generator.tools.helm.binary import Helm, find_helm


@click.command()
@click.argument('models', nargs=-1, shell_complete=offers.models)
@click.option(
    '--base',
    default=None,
    metavar='REV',
    help='Compare published charts with this revision, for example origin/main; CI requires it for a request.',
)
@click.option(
    '--merged-with',
    'merged_with',
    default=None,
    metavar='BRANCH',
    shell_complete=offers.branches,
    help='Also judge what HEAD and this branch give together, and name what differs from HEAD alone.',
)
@click.option(
    '--approved',
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar='FILE',
    help='With --merged-with: name where the merged result differs from this report in JSON, which was approved.',
)
@click.option('--all', 'every', is_flag=True, help='Lint every chart, not only those that are not in the base.')
@click.option(
    '--schema-location',
    'locations',
    multiple=True,
    metavar='LOCATION',
    help="Location of strict JSON Schemas, as for kubeconform; repeatable; 'default': the schemas of Kubernetes.",
)
@click.option(
    '--jobs',
    type=click.IntRange(1),
    default=os.cpu_count() or 2,
    show_default='cores',
    help='Number of helm processes at a time.',
)
@click.option('--registry', 'stored', is_flag=True, help='Compare the OCI registry with the ledgers, too.')
@registry_options
@report_option
@at_option
@common_options
@click.pass_context
def command(
    context: click.Context, models: tuple[str, ...], base: str | None, merged_with: str | None, approved: Path | None,
    every: bool, locations: tuple[str, ...], jobs: int, stored: bool, plain_http: bool, ca_file: str | None,
    report_file: str | None, at: int | None, folder: Path, output: str,
) -> None:  # fmt: skip
    """Check schemas, drift, hand edits, published charts and their ledger, helm lint and helm template.

    With --schema-location, also check the rendered, delivery and bootstrap objects against strict schemas.
    With --registry, also check that the OCI registry has exactly the published charts, and no other ones under their
    tags. With --merged-with, the branch is also the base, unless --base names another one, and the merged result is
    checked, too: that of commits; a --report is that of the merged result then.
    """
    _check_usage(models, base, merged_with, approved)
    check_report(report_file, models)
    agreed = approved_by(approved) if approved else None
    repository = open_repository(folder)
    helm = find_helm(os.environ)
    sides = find_sides(repository, merged_with) if merged_with else None
    # The merge discards generated files that chartloom would not make; git's merge of a request keeps them.
    run = open_run(repository, models, base=base or merged_with or '', at=at)
    if report_file and not merged_with:
        tell_report(_reviewed(run, base, helm, jobs), report_file)
    problems = verify.drift(run, os.environ)
    charts = verify.changed_charts(run, every=every)
    counts = {'releases': len(run.releases), 'chartsLinted': 0, 'objects': 0}
    problems = problems or [*unvouched(run), *not_as_listed(run, charts)]
    signatures = unsigned_since_base(run)
    if not problems:
        problems, counts = _with_helm(run, helm, charts, locations, jobs)
    held = _stored(run, plain_http, ca_file) if stored else Stored()
    problems = [*problems, *held.problems, *signatures]
    counts |= {'chartsInRegistry': held.charts} if stored else {}
    warnings = [*held.warnings, *_warnings(run, models)]
    warn(warnings)
    if sides:
        from generator.cli.verify_merged import verify_merged

        problems = verify_merged(sides, problems, warnings, helm, locations, jobs, at, output, report_file, agreed)
    else:
        _tell(problems, counts, warnings, f'helm {helm.version}', output)
    if problems:
        context.exit(PROBLEMS)


def _check_usage(models: tuple[str, ...], base: str | None, merged_with: str | None, approved: Path | None) -> None:
    if merged_with is not None and models:
        raise click.UsageError('--merged-with excludes MODELS')
    if approved and not merged_with:
        raise click.UsageError('--approved requires --merged-with')
    if merged_with == '':
        raise click.UsageError('--merged-with is empty: name a branch, for example origin/main')
    if base == '':
        raise click.UsageError('--base is empty: name a revision, for example origin/main')


def _reviewed(run: Run, base: str | None, helm: Helm, jobs: int) -> Reviewed:
    """What the change does, since it left the base; raises ProblemsFound if that would be a guess."""
    if base is None:
        refuse_guess(run.source, run.settings_alone.branch, os.environ)
    since = find_sides(run.repository, base or '')
    return review_since(run, since.base, helm, jobs, published=since.theirs)


def _warnings(run: Run, models: tuple[str, ...]) -> Iterator[Problem]:
    yield from about(run.warnings, models, run.registry.releases)
    yield from early_stages(run)
    yield from waiver_warnings(run.registry, ALL_RULES, NEVER_WAIVED, run.clock.date)
    yield from () if models else obeyed_warnings(run)


def _with_helm(
    run: Run, helm: Helm, charts: list[str], locations: tuple[str, ...], jobs: int
) -> tuple[list[Problem], dict[str, int]]:
    schemas = verify.schemas_for(locations, run.repository.private / 'schemas')
    with progress('lint', len(charts)) as step:
        problems = verify.lint_charts(run, helm, charts, jobs, step)
    with progress('render', len(run.releases)) as step:
        found, objects = verify.render_objects(run, helm, schemas, jobs, step)
    problems += found
    if schemas:
        problems += verify.check_delivery(run, schemas)
    return problems, {'releases': len(run.releases), 'chartsLinted': len(charts), 'objects': objects}


def _stored(run: Run, plain_http: bool, ca_file: str | None) -> Stored:
    settings, may_log_in = registry_settings(run)
    registry = connect(settings, plain_http, ca_file, may_log_in=may_log_in)
    base = published_base(run.source, run.settings.branch, run.base_name)
    with progress('registry', len(base.ledgers)) as step:
        return compare_registry(registry, open_shelf(run.repository, base, settings), step)


def _tell(problems: list[Problem], counts: dict[str, int], warnings: list[Problem], helm: str, output: str) -> None:
    if output == 'json':
        told = {'warnings': problem_data(warnings), 'problems': problem_data(sorted(problems))}
        result({'valid': not problems, **counts, **told})
        return
    if problems:
        report(ProblemsFound(problems))
    none_new = '' if counts['chartsLinted'] or problems else ' (none are new; --all lints every chart)'
    held = counts.get('chartsInRegistry')
    in_registry = '' if held is None else f', {count(held, "chart")} compared with the OCI registry'
    say(
        f'{count(counts["releases"], "release")}, {count(counts["objects"], "object")} rendered with {helm}, '
        f'{count(counts["chartsLinted"], "chart")} linted{none_new}{in_registry}: {count(len(problems), "problem")}',
        fg='red' if problems else 'green',
    )
