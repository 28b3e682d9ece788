"""chartloom verify --merged-with: HEAD and a branch → the problems of their merge, and what differs from HEAD alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from generator.cli.output import count, problem_data, progress, report, result, say, warn
from generator.domain.layout import release_file
from generator.domain.problems import Problem, ProblemsFound
from generator.pipeline.approved import Judged, judge
from generator.pipeline.merged import Merge, find_sides, merge
from generator.pipeline.verify import schemas_for
from generator.tools.git.repository import open_repository
from generator.tools.helm.binary import find_helm


def verify_merged(folder: Path, branch: str, locations: Sequence[str], jobs: int, output: str) -> bool:
    """Judge the merged result and tell it; True if it has problems. Nothing is written."""
    repository = open_repository(folder)
    helm = find_helm(os.environ)
    made = merge(find_sides(repository, branch), progress)
    judged = judge(made, helm, schemas_for(locations, repository.private / 'schemas'), jobs)
    warnings = [
        Problem(release_file(each.release), '', f'merged with {branch}, not as approved: {each.text}')
        for each in judged.deviations
    ]
    warn(warnings)
    if output == 'json':
        result(_data(made, judged))
        return bool(judged.problems)
    if judged.problems:
        report(ProblemsFound(judged.problems))
    differ = len({each.release for each in judged.deviations})
    changed = count(len(judged.releases), 'release')
    say(
        f'merged with {branch} ({made.sides.theirs[:8]}), rendered with helm {helm.version}: '
        f'{differ} of {changed} that HEAD changes {"differs" if differ == 1 else "differ"} from what was approved, '
        f'{count(len(judged.problems), "problem")}',
        fg='red' if judged.problems else 'yellow' if differ else 'green',
    )
    return bool(judged.problems)


def _data(made: Merge, judged: Judged) -> dict[str, object]:
    return {
        'valid': not judged.problems,
        'mergedWith': {'branch': made.sides.name, 'commit': made.sides.theirs},
        'releases': list(judged.releases),
        'asApproved': not (judged.deviations or judged.problems),
        'differences': [
            {'release': e.release, 'object': e.object, 'field': e.field, 'approved': e.approved, 'merged': e.merged}
            for e in judged.deviations
        ],
        'problems': problem_data(sorted(judged.problems)),
    }
