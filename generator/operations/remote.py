"""An operation → one commit on a branch of a remote repository, without a checkout; retried if the branch moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from generator.domain.progress import Progress, quiet
from generator.operations.apply import apply
from generator.operations.operation import Operation, Options, Outcome, Remote
from generator.operations.replay import Site, replay
from generator.pipeline.run import open_run
from generator.tools.git.remote import fetch_head, fetch_published, temporary_clone
from generator.tools.git.repository import Repository
from generator.tools.git.run import answered_within
from generator.tools.git.transaction import finish_killed

# An operation is carried out in a work tree or on a remote repository.
Target = Repository | Remote


def perform(operation: Operation, target: Target, options: Options, progress: Progress = quiet) -> Outcome:
    """Carry out an operation on its target; complete, or no change at all."""
    with answered_within(options.patience.seconds):
        match target:
            case Repository():
                return apply(operation, target, options, progress)
            case Remote():
                return _apply_on_remote(operation, target, options, progress)


@contextmanager
def opened(target: Target) -> Iterator[Repository]:
    """Open a target for reading: finish an interrupted run in it, or fetch a remote with its history."""
    match target:
        case Repository():
            finish_killed(target)
            yield target
        case Remote():
            with temporary_clone(target.url, target.branch, target.prefix) as repository:
                fetch_published(repository, 'origin', target.branch, open_run(repository).settings_alone.branch)
                yield repository


def _apply_on_remote(operation: Operation, remote: Remote, options: Options, progress: Progress) -> Outcome:
    url, branch = remote.url, remote.branch
    with temporary_clone(url, branch, remote.prefix, may_be_empty=operation.begins) as repository:

        def follow() -> str:
            return fetch_head(repository, branch)

        def fetch_history(published: str) -> None:
            fetch_published(repository, 'origin', branch, published)

        site = Site(repository, 'origin', branch, url, follow, fetch_history)
        return replay(operation, site, options, progress)
