"""chartloom verify --merged-with: HEAD and a branch → the problems of their merge, and what differs from HEAD alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from generator.cli import PROBLEMS
from generator.cli.output import count, problem_data, progress, report, result, say, warn
from generator.cli.reports import tell_report
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.approved import Approved, Judged, judge
from generator.pipeline.merged import Merge, merge
from generator.pipeline.review import review_since
from generator.pipeline.sides import Sides
from generator.pipeline.verify import schemas_for
from generator.tools.helm.binary import Helm


def verify_merged(
    sides: Sides, problems: Sequence[Problem], warnings: Sequence[Problem], helm: Helm, locations: Sequence[str],
    jobs: int, at: int | None, output: str, report_file: str | None, agreed: Approved | None,
) -> list[Problem]:  # fmt: skip
    """Judge the merged result and tell it; return its problems with those of HEAD alone. Nothing is written.

    `agreed` is what a report says that was approved.
    """
    made = merge(sides, progress)
    made = replace(made, run=replace(made.run, at=at))
    if report_file:
        tell_report(review_since(made.run, sides.theirs, helm, jobs), report_file)
    judged = judge(made, problems, helm, schemas_for(locations, sides.repository.private / 'schemas'), jobs, agreed)
    _tell(made, judged, warnings, helm, output)
    if agreed and judged.deviations and not judged.problems:
        raise click.exceptions.Exit(PROBLEMS)
    return list(judged.problems)


def _tell(made: Merge, judged: Judged, warnings: Sequence[Problem], helm: Helm, output: str) -> None:
    branch = made.sides.name
    differing = [
        Problem(each.file, '', f'merged with {branch}, not as approved: {each.text}') for each in judged.deviations
    ]
    warn(differing)
    if output == 'json':
        result(_data(made, judged, warnings))
        return
    if judged.problems:
        report(ProblemsFound(judged.problems))
    differ = len({each.release for each in judged.deviations} - {''})
    changed = count(len(judged.releases), 'release')
    say(
        f'merged with {branch} ({made.sides.theirs[:8]}), rendered with helm {helm.version}: '
        f'{differ} of {changed} that HEAD changes {"differs" if differ == 1 else "differ"} from what was approved, '
        f'{count(len(judged.problems), "problem")}',
        fg='red' if judged.problems else 'yellow' if differ else 'green',
    )


def _data(made: Merge, judged: Judged, warnings: Sequence[Problem]) -> dict[str, object]:
    return {
        'valid': not judged.problems,
        'mergedWith': {'branch': made.sides.name, 'commit': made.sides.theirs},
        'releases': list(judged.releases),
        'asApproved': not (judged.deviations or judged.problems),
        'differences': [
            {'release': e.release, 'object': e.object, 'field': e.field, 'approved': e.approved, 'merged': e.merged}
            for e in judged.deviations
        ],
        'warnings': problem_data(warnings),
        'problems': problem_data(sorted(judged.problems)),
    }
