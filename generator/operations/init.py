"""An empty folder or branch → a GitOps repository: a first registry and the files generated from it, or no change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from generator.charts.starter import load_templates
from generator.documents.jinja import render_document
from generator.documents.write import scalar_text
from generator.domain.layout import SETTINGS
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.tree import Files
from generator.operations.operation import Operation, Options, Outcome, RegistryChange, Remote
from generator.operations.remote import Target, perform
from generator.pipeline.doctor import PLACEHOLDER
from generator.pipeline.run import Run
from generator.pipeline.source import Source
from generator.tools.git.files import FOLDER, blob_at, folder_in_the_way
from generator.tools.git.opening import find_repository, open_repository
from generator.tools.git.repository import Repository
from generator.tools.git.run import call
from generator.tools.git.transaction import finish_killed

_START = 'init/'
FIRST_ENVIRONMENT = 'local'


@dataclass(frozen=True, slots=True)
class First:
    """Input of a first registry: the URL for agents ('' for that of the remote), and the agent."""

    url: str
    agent: str
    example: bool = False


def init(folder: Path, first: First, options: Options) -> Outcome:
    """Create a first registry in a folder of a git repository; both are created if they are missing.

    If it fails, it raises ProblemsFound and removes what it created.
    """
    with _work_tree(folder, keep=not options.dry_run) as repository:
        finish_killed(repository)  # an earlier `init` may have been interrupted
        origin = '' if first.url else repository.ask('remote', 'get-url', 'origin')
        branch = repository.ask('symbolic-ref', '--short', 'HEAD') or 'main'
        named = "the URL of git's remote 'origin'" if origin else '--url'
        return _begin(replace(first, url=first.url or origin), named, branch, repository, options)


def init_remote(remote: Remote, first: First, options: Options) -> Outcome:
    """Create a first registry on a branch of a remote repository, which may be empty."""
    named = '--url' if first.url else '--repo'
    return _begin(replace(first, url=first.url or remote.url), named, remote.branch, remote, options)


def _begin(first: First, named: str, branch: str, target: Target, options: Options) -> Outcome:
    """`named` is where the URL comes from."""
    url = first.url or PLACEHOLDER
    files = _files(url, branch, first.agent, first.example)

    def change(run: Run) -> RegistryChange:
        _check_new(run.source, files)
        return RegistryChange(files, 'Create a chartloom repository', {'url': url, 'written': sorted(files)})

    try:
        return perform(Operation('init', change=change, along=None, begins=True), target, options)
    except ProblemsFound as error:
        raise ProblemsFound(_where_from(found, named, target) for found in error.problems) from None


@contextmanager
def _work_tree(folder: Path, *, keep: bool) -> Iterator[Repository]:
    """The repository around a folder; both are created if they are missing, and removed again if the rest fails."""
    before = os.path.isfile(folder / SETTINGS)
    missing = [place for place in (folder / '.git', folder, *folder.parents) if not os.path.lexists(place)]
    try:
        _make(folder)
        repository = find_repository(folder)
        if repository is None:
            call(folder, ('init', '--quiet', '--initial-branch=main'))
        yield repository or open_repository(folder)
        if not keep:
            _unmake(missing)
    except BaseException:
        if before or not os.path.isfile(folder / SETTINGS):  # else the next run continues from here
            _unmake(missing)
        raise


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = 'name another folder with --path'
        raise problem(str(folder), '', f'cannot create this folder: {error.strerror}', hint) from None


def _unmake(made: list[Path]) -> None:
    """Remove .git, then the empty folders around it, the innermost first."""
    for place in made:
        if place.name == '.git':
            shutil.rmtree(place, ignore_errors=True)
        else:
            with suppress(OSError):
                place.rmdir()


def _files(url: str, branch: str, agent: str, example: bool) -> dict[str, bytes]:
    names = {key: scalar_text(value) for key, value in (('url', url), ('branch', branch), ('agent', agent))}
    documents = load_templates().documents
    return {
        path.removeprefix(_START).removesuffix('.j2'): render_document(source, **names).encode(errors='surrogateescape')
        for path, source in documents.items()
        if path.startswith(_START) and (example or ('/models/' not in path and '/releases/' not in path))
    }


def _check_new(source: Source, files: Files) -> None:
    """Raise ProblemsFound if a file of the registry exists; the operation reports other files that block it."""
    repository = source.repository
    if repository.bare:
        found = {path: source.tree.ids.get(path, '') for path in files}
    else:
        found = {path: blob_at(repository, path) for path in sorted(files)}
    if found[SETTINGS] == FOLDER:
        raise ProblemsFound([folder_in_the_way(SETTINGS)])
    present = [path for path, blob in found.items() if blob not in ('', FOLDER)]
    if SETTINGS not in present:
        source.check_missing(SETTINGS)
    if SETTINGS in present:
        hint = 'edit it, or name another folder with --path'
        raise problem(SETTINGS, '', 'this folder is already a chartloom repository', hint)
    if present:
        raise ProblemsFound(Problem(path, '', 'the file exists', 'move it to another place') for path in present)


def _where_from(found: Problem, named: str, target: Target) -> Problem:
    """Replace the place of a problem in the new settings by the source of the value, because no file is written."""
    match found.file, found.path:
        case str(file), '$.spec.repository.url' if file == SETTINGS:
            return Problem(named, '', found.message, 'set the URL for agents with --url, without credentials')
        case str(file), '$.spec.repository.branch' if file == SETTINGS:
            place = '--branch' if isinstance(target, Remote) else "git's current branch"
            return Problem(place, '', found.message, found.hint)
    return found
