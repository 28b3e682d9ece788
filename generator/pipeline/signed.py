"""Commits and the settings → problems of those whose signature does not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.documents.schema import RegistrySchemas
from generator.domain.layout import SETTINGS
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Settings, Signing
from generator.pipeline.earlier import Earlier
from generator.pipeline.run import Run
from generator.registry.load import read_record
from generator.tools.git.repository import Repository
from generator.tools.git.signing import unverified

_MOST = 20  # commits to name


def unsigned_since_base(run: Run) -> list[Problem]:
    """Judge the commits from the base to HEAD by the settings of the base: a request does not choose its own signers.

    Nothing is judged without a base.
    """
    revision, head = run.base.revision, run.source.head
    if not revision or revision == head:
        return []
    earlier = Earlier(run.source, revision, RegistrySchemas(run.templates.schemas))
    signing = _settings(earlier, run).signing
    if not signing.required:
        return []
    commits = run.repository.git('rev-list', '--reverse', f'{revision}..{head}').split()
    return list(unsigned(run.repository, commits, signing))[:_MOST]


def _settings(earlier: Earlier, run: Run) -> Settings:
    """The settings of a revision; those of the run if it has none that can be read."""
    ids = run.repository.ids(earlier.revision, [SETTINGS])
    try:
        data = run.repository.read([ids[SETTINGS]])[ids[SETTINGS]]
        found = read_record(SETTINGS, data, earlier.schemas)
    except (KeyError, ProblemsFound):
        return run.settings
    return found if isinstance(found, Settings) else run.settings


def unsigned(repository: Repository, commits: Iterable[str], signing: Signing) -> Iterator[Problem]:
    """Yield a problem for each commit whose signature does not count."""
    for commit in commits:
        if why := unverified(repository, commit, signing):
            hint = 'let a signer of spec.signing.signers sign it, or let them add the key of its signer first'
            yield Problem(
                SETTINGS, '$.spec.signing', f'commit {commit[:12]} must be signed by a known signer: {why}', hint
            )
