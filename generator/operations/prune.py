"""Chart folders that nobody needs any more → a work tree or a commit without them; git's history keeps them."""

from __future__ import annotations

from dataclasses import replace

from generator.domain.progress import Progress, quiet
from generator.domain.records import Plan
from generator.operations.apply import Options, Outcome, generate
from generator.pipeline.run import Run
from generator.tools.git.build import finish
from generator.tools.git.repository import Repository


def prune(repository: Repository, options: Options, progress: Progress = quiet, *, dry_run: bool = False) -> Outcome:
    """Remove what may go, marked in the ledgers, and generate what follows; with `dry_run` only say what would go."""
    if dry_run:
        finish(repository)
        run = Run(repository, options.models, prune=True)
        run.progress = progress
        return Outcome(run.plan(), warnings=tuple(run.warnings))
    # A commit of its own, which changes no file of the registry.
    operation = ' '.join(('prune', *options.models))
    options = replace(options, operation=operation, prune=True, edit=lambda run: {})
    return generate(repository, options, progress)


def pruned_charts(plan: Plan) -> list[str]:
    """The chart folders that a plan removes."""
    ending = '/Chart.yaml'
    return [path.removesuffix(ending) for path in plan.removed if path.startswith('charts/') and path.endswith(ending)]
