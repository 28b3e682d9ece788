"""A run over a changed registry → the report of what the change does to releases, compared with HEAD."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generator.operations.operation import Options
from generator.pipeline.revisions import published_commit
from generator.pipeline.run import Run
from generator.tools.forks import cores
from generator.tools.helm.binary import find_helm

if TYPE_CHECKING:
    from generator.pipeline.review import Reviewed


def reported(run: Run, options: Options) -> Reviewed | None:
    """Return the report if it is wanted; raises CommandFailed if there is no helm."""
    if not options.report:
        return None
    from generator.pipeline.review import review_since  # with all rules, for those who want a report

    published = published_commit(run.source, run.settings.branch)
    return review_since(run, run.source.head, find_helm(os.environ), cores(), published=published)
