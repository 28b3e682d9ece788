"""A run → the board of its releases: what they run and ran, and generated files that are not what the registry says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from generator.board.board import make_board
from generator.board.lag import unfinished
from generator.board.parity import drifted
from generator.board.records import Board, Drift, Facts
from generator.documents.write import is_sealed
from generator.domain.generated import Plan, ResolvedRelease
from generator.domain.layout import (
    BY_ENVIRONMENT,
    DOCUMENTS,
    MODELS,
    delivery_file,
    folder_and_stem,
    model_of_file,
    release_of,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.pipeline.elsewhere import Touched, left_out
from generator.pipeline.ran import Ran, charts_of, delivered
from generator.pipeline.revisions import published_commit
from generator.pipeline.run import Run
from generator.plan.adoption import values_in
from generator.plan.summary import folder_of
from generator.tools.clock import utc_text
from generator.tools.git.remote import is_shallow

_HOW = {
    'add': 'missing',
    'update': 'not generated from the registry as it is',
    'remove': 'not required by the registry',
}

# Any file may be left out, but for those of applications: they may name any model.
_NOBODY = Touched(('',), frozenset(), frozenset())


def board(whole: Run) -> Board:
    """Make the board; it tells of what is left out because its files are invalid.

    Raises ProblemsFound if nothing can be told: of the settings, or of an application.
    """
    run, invalid = _valid(whole)
    plan, problems = run.differences()
    drift = _drift(run, plan)
    ledgers = {model: made.ledger for model, made in run.charts.items()}
    facts = Facts(run.registry, run.releases, ledgers, {}, drift, run.clock, lambda time: utc_text(time)[:10])
    told = [f'{each.file}: {each.message}' for each in [*invalid, *problems]]
    facts = replace(facts, ran=_ran(run, facts))
    return make_board(facts, run.source.head, drift.get('', ()), told, cut=is_shallow(run.repository))


def _valid(run: Run) -> tuple[Run, Sequence[Problem]]:
    """The run over the files of the registry that are valid, and the problems of the others."""
    problems: list[Problem] = []
    while True:
        try:
            _ = run.releases
        except ProblemsFound as error:
            found = _with_releases(run, left_out(error.problems, run.source, _NOBODY))
            if found <= run.left_out:
                raise
            problems += error.problems
            run = replace(run, left_out=run.left_out | found)
        else:
            return run, problems


def _with_releases(run: Run, files: Collection[str]) -> frozenset[str]:
    """These files, and those of the releases of models among them."""
    models = {model_of_file(file) for file in files if file.startswith(f'{MODELS}/')}
    its = (path for path in run.source.names if folder_and_stem(path)[0] in BY_ENVIRONMENT)
    return frozenset([*files, *(path for path in its if model_of_file(path) in models)])


def _ran(run: Run, facts: Facts) -> Mapping[str, Ran]:
    """What each release of the registry ran on the published branch."""
    head = published_commit(run.source, run.settings.branch)
    blobs = delivered(run.repository, head, run.source.scope)
    here = {each.release.name: each.chart.version for each in run.releases}
    still = {run.desired_ids[delivery_file(name)]: here[name] for name in here if name not in run.registry.rollouts}
    return charts_of(run.repository, {name: blobs[name] for name in here if name in blobs}, still, unfinished(facts))


def _drift(run: Run, plan: Plan) -> Mapping[str, Sequence[Drift]]:
    """What generate would change, by release; '' for what belongs to none."""
    resolved = {each.release.name: each for each in run.releases}
    found = defaultdict[str, dict[str, Drift]](dict)
    for change in plan.changes:
        name = release_of(change.path)
        how = 'edited by hand' if _is_edited(run, change.path) else _HOW[change.kind]
        shown = folder_of(change.path) or change.path
        values = tuple(_values(run, resolved[name], change.path)) if name in resolved else ()
        found[name if name in resolved else ''].setdefault(shown, Drift(shown, how, values))
    return {name: [*each.values()] for name, each in found.items()}


def _is_edited(run: Run, path: str) -> bool:
    """Whether a file of a release or an environment is not as chartloom wrote it."""
    is_there = run.current.get(path, LINK) != LINK and not folder_of(path) and path not in DOCUMENTS
    return is_there and path in run.desired_ids and not is_sealed(run.source.read(path))


def _values(run: Run, release: ResolvedRelease, path: str) -> Iterator[str]:
    """The values of a generated file that are not those of the registry; none if it cannot be read."""
    name = release.release.name
    if path not in (values_file(name), delivery_file(name)) or run.current.get(path, LINK) == LINK:
        return
    try:
        yield from drifted(release.values, values_in(path, run.source.read(path)))
    except ProblemsFound:
        return
