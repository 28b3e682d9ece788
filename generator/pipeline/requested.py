"""A run and the charts of a request → ProblemsFound: what CI must not push with its login, and not to where."""

from __future__ import annotations

from collections.abc import Iterator

from generator.documents.schema import RegistrySchemas
from generator.domain.layout import SETTINGS, ledger_file
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.settings import Settings
from generator.domain.words import quoted
from generator.pipeline.earlier import Earlier
from generator.pipeline.published import Base
from generator.pipeline.revisions import published_commit, published_ref
from generator.pipeline.run import Run
from generator.pipeline.weaker import settings_of


def check_request(run: Run, base: Base, named: str) -> None:
    """Raise ProblemsFound if the charts of `base` shall go to an address, or are charts, that only the request has.

    `named`: the base was named; it is a request unless the published branch has it.
    """
    source = run.source
    ref = _published_ref(run)
    published = source.refs.get(ref, '')
    requested = bool(named) and not (published and source.repository.contains(published, base.revision))
    if not (requested or ref.startswith('refs/remotes/')):
        return
    there = settings_of(Earlier(source, published, RegistrySchemas(run.templates.schemas))) if published else None
    _check_address(run.settings_alone, there)
    if requested and (found := list(_not_made(run, base))):
        raise ProblemsFound(found)


def registry_settings(run: Run) -> tuple[Settings, bool]:
    """The settings that say where charts are, and whether that may have CI's login: the published ones, if they name a
    registry, since a request may name any server."""
    if run.base_name:
        published = published_commit(run.source, run.settings.branch, run.base_name)
    else:
        published = run.source.refs.get(_published_ref(run), '')
    there = settings_of(Earlier(run.source, published, RegistrySchemas(run.templates.schemas))) if published else None
    if there and there.registry:
        return there, True
    return run.settings, published in ('', run.source.head)


def _published_ref(run: Run) -> str:
    """The main branch of the remote, since the settings of a request may name any branch as the published one; that of
    the settings where there is no remote.

    Raises ProblemsFound if the clone does not know the main branch.
    """
    ref, remotes = published_ref(run.settings_alone.branch, run.source.refs), run.repository.ask('remote').split()
    if not remotes:
        return ref
    origin = 'origin' if 'origin' in remotes else remotes[0]
    remote = ref.split('/')[2] if ref.startswith('refs/remotes/') else origin
    if main := run.repository.ask('symbolic-ref', '--quiet', f'refs/remotes/{remote}/HEAD'):
        return main
    message = f"this clone does not know the main branch of '{remote}', and the settings of a request may name any"
    raise problem('--base', '', message, f"run 'git remote set-head {remote} --auto' first")


def _check_address(settings: Settings, published: Settings | None) -> None:
    place = '$.spec.charts.registry'
    if published is None:
        message = f"the published branch '{settings.branch}' has no settings here, which say where charts go"
        raise problem(SETTINGS, place, message, 'fetch it first, or publish after the merge')
    if settings.registry != published.registry:
        there = quoted(published.registry) if published.registry else 'none'
        message = f'charts go to the registry of the published settings, {there}, found {quoted(settings.registry)}'
        raise problem(SETTINGS, place, message, 'publish after the merge of this change')


def _not_made(run: Run, base: Base) -> Iterator[Problem]:
    """Report charts of a request that `generate` does not make from its registry, and that are not published."""
    for model, entries in sorted(base.ledgers.items()):
        made = {(entry.version, entry.digest) for entry in run.ledger_of(model)}
        for entry in entries:
            if (entry.version, entry.digest) not in made:
                message = f'chart {entry.version} is not published, and not what the registry makes'
                yield Problem(ledger_file(model), '', message, "run 'chartloom verify', which says what differs")
