"""A run over a changed registry → the report of what the change does to releases, compared with HEAD."""

from __future__ import annotations

import os

from generator.operations.operation import Options
from generator.pipeline.review import review_since
from generator.pipeline.run import Run
from generator.review.records import Report
from generator.tools.forks import cores
from generator.tools.helm.binary import find_helm


def reported(run: Run, options: Options) -> Report | None:
    """Return the report if it is wanted; raises CommandFailed if there is no helm."""
    return review_since(run, run.source.head, find_helm(os.environ), cores()) if options.report else None
