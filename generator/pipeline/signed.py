"""Commits and the settings → problems of those whose signature does not count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from generator.documents.schema import RegistrySchemas
from generator.domain.layout import SETTINGS
from generator.domain.problems import Problem
from generator.domain.settings import Signing
from generator.pipeline.earlier import Earlier
from generator.pipeline.revisions import published_commit
from generator.pipeline.run import Run
from generator.pipeline.weaker import settings_of
from generator.tools.git.repository import Repository
from generator.tools.git.signing import unverified

_MOST = 20  # commits to name


def unsigned_since_base(run: Run) -> list[Problem]:
    """Judge the commits that the published branch does not have by the settings that are published now: neither the
    request nor the commit that it started from chooses its signers.

    Nothing is judged without a base.
    """
    published, head = published_commit(run.source, run.settings.branch, run.base_name), run.source.head
    if not published or published == head:
        return []
    earlier = Earlier(run.source, published, RegistrySchemas(run.templates.schemas))
    signing = (settings_of(earlier) or run.settings).signing
    if not signing.required:
        return []
    commits = run.repository.git('rev-list', '--reverse', f'{published}..{head}').split()
    return list(islice(unsigned(run.repository, commits, signing), _MOST))


def unsigned(repository: Repository, commits: Iterable[str], signing: Signing) -> Iterator[Problem]:
    """Yield a problem for each commit whose signature does not count."""
    for commit in commits:
        if why := unverified(repository, commit, signing):
            hint = 'let a signer of spec.signing.signers sign it, or let them add the key of its signer first'
            yield Problem(
                SETTINGS, '$.spec.signing', f'commit {commit[:12]} must be signed by a known signer: {why}', hint
            )
