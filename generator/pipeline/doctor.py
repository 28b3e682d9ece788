"""The machine and the repository → findings: ok, warning or problem, each with its next action."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generator import __version__
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository
from generator.tools.git.repository import Repository
from generator.tools.helm.binary import find_helm
from generator.tools.process import run

OLDEST_GIT = (2, 30)
# `init` writes it if no URL is known.
PLACEHOLDER = 'https://git.example.com/team/ml-gitops.git'


@dataclass(frozen=True, slots=True)
class Finding:
    """`state` is ok, warning or problem; `hint` is the next action."""

    what: str
    state: str
    detail: str
    hint: str = ''


def examine(folder: Path) -> Iterator[Finding]:
    """Check what a run requires: first the machine, then the repository; a failed check does not stop the others."""
    yield Finding('chartloom', 'ok', f'{__version__}, Python {platform.python_version()}')
    yield from _guarded('git', _git)
    yield from _guarded('helm', _helm)
    repositories: list[Repository] = []
    yield from _guarded('repository', lambda: _repository(folder, repositories))
    for repository in repositories:
        yield from _guarded('commits', lambda here=repository: _commits(here))  # type: ignore[misc]
        yield from _guarded('registry', lambda here=repository: _registry(here))  # type: ignore[misc]


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except ProblemsFound as error:
        for found in error.problems[:5]:
            yield Finding(
                what, 'problem', f'{found.file}: {found.message}' if found.file else found.message, found.hint
            )
        if len(error.problems) > 5:
            yield Finding(what, 'problem', f'and {len(error.problems) - 5} more', "run 'chartloom plan' to see all")
    except CommandFailed as error:
        said = error.stderr.strip().splitlines() or [' '.join(error.command)]
        hint = f"correct what '{' '.join(error.command[:2])}' reports; 'git fsck' looks for damage in a repository"
        yield Finding(what, 'problem', said[-1], hint)


def _git() -> Iterator[Finding]:
    text = run(['git', '--version']).stdout.decode()
    found = re.search(r'(\d+)\.(\d+)', text)
    new_enough = bool(found) and (int(found[1]), int(found[2])) >= OLDEST_GIT if found else False
    state = 'ok' if new_enough else 'problem'
    yield Finding(
        'git', state, text.strip().removeprefix('git version '), '' if new_enough else 'install git 2.30 or later'
    )


def _helm() -> Iterator[Finding]:
    helm = find_helm(os.environ)
    old = helm.version.startswith('3.')
    hint = 'its security fixes end in February 2027; Argo CD 3.5 and Flux 2.8 render with Helm 4' if old else ''
    yield Finding('helm', 'warning' if old else 'ok', f'{helm.version} ({helm.path})', hint)


def _repository(folder: Path, found: list[Repository]) -> Iterator[Finding]:
    repository = open_repository(folder)
    found.append(repository)
    place = f'{repository.folder}, folder {repository.prefix}' if repository.prefix else str(repository.folder)
    yield Finding('repository', 'ok', place)
    if (
        repository.ask('config', '--type=bool', 'core.autocrlf') == 'true'
        and not (repository.root / '.gitattributes').exists()
    ):
        yield Finding(
            'line ends',
            'warning',
            'core.autocrlf is on',
            "run 'chartloom generate': its .gitattributes keeps git from changing bytes",
        )


def _commits(repository: Repository) -> Iterator[Finding]:
    name, email = repository.ask('config', 'user.name'), repository.ask('config', 'user.email')
    known = bool((name or os.environ.get('GIT_COMMITTER_NAME')) and (email or os.environ.get('GIT_COMMITTER_EMAIL')))
    hint = "run 'git config user.name …' and 'git config user.email …'"
    yield Finding(
        'identity',
        'ok' if known else 'problem',
        f'{name} <{email}>' if known else 'user.name and user.email are not set in git',
        '' if known else hint,
    )
    signed = repository.ask('config', '--type=bool', 'commit.gpgsign') == 'true'
    yield Finding('signing', 'ok', 'commits are signed' if signed else 'commits are not signed')


def _registry(repository: Repository) -> Iterator[Finding]:
    reader = open_run(repository, shards=True)
    registry = reader.registry
    counts = {
        'model': registry.models, 'environment': registry.environments, 'release': registry.releases,
        'application': registry.applications,
    }  # fmt: skip
    told = (f'{len(items)} {what}{"" if len(items) == 1 else "s"}' for what, items in counts.items())
    yield Finding('registry', 'ok', ', '.join(told))
    if registry.settings.url == PLACEHOLDER:
        hint = 'set spec.repository.url in registry/settings.yaml'
        yield Finding('repository URL', 'warning', f'the URL for the agents is a placeholder, {PLACEHOLDER}', hint)
    branch = registry.settings.branch
    known = repository.refs().get(f'refs/remotes/origin/{branch}')
    if not known and repository.ask('remote'):
        yield Finding(
            'published branch',
            'warning',
            f'origin/{branch} not found: published charts are compared with HEAD',
            f"run 'git fetch origin {branch}'",
        )
    plan = reader.plan()
    done = not plan.changes
    yield Finding(
        'generated files',
        'ok' if done else 'warning',
        'up to date' if done else f'{len(plan.changes)} files to change',
        '' if done else "run 'chartloom generate'",
    )
