"""Requests to release model versions → the models' files with these versions; what follows the newest takes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.documents.entries import insert_entry
from generator.documents.nulls import read_with_nulls
from generator.domain.generated import Chart
from generator.domain.layout import MODELS, SETTINGS, model_of_file
from generator.domain.places import json_path
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.domain.values import Values
from generator.domain.words import suggest
from generator.operations.bump_entries import contradictions, entry_of, place_of
from generator.operations.bump_requests import Request
from generator.operations.bump_told import blocked_row, body, row_of, subject
from generator.operations.following import followers
from generator.operations.hints import SET_ASIDE
from generator.operations.hold import reach
from generator.operations.operation import Operation, RegistryChange
from generator.pipeline.run import Run, open_run
from generator.pipeline.trial import helm_problems
from generator.plan.waves import together_problems

Blocked = dict[Request, tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class Additions:
    """The files of models with their new versions, the requests that add one, and the models with them."""

    files: dict[str, bytes]
    added: tuple[Request, ...]
    models: Mapping[str, Model]

    def is_newest(self, request: Request) -> bool:
        """Whether what follows the newest version takes the added one."""
        return self.models[request.model].newest.version == request.version

    def named(self, problem: Problem) -> Problem:
        """A problem of an entry that is in no file yet: its place is the request."""
        for request in self.added:
            model = self.models[request.model]
            index = [version.version for version in model.versions].index(request.version)
            place = json_path(('spec', 'versions', index))
            if problem.file == model.file and f'{problem.path}.'.startswith(f'{place}.'):
                keys = re.findall(r'\.([\w-]+)', problem.path.removeprefix(place))
                return request.problem(tuple(keys), problem.message, problem.hint)
        return problem


def bumping(
    requests: Sequence[Request], *, skip_blocked: bool = False, source: str = '', together: bool = False
) -> Operation:
    """Add model versions to the registry: all of them, or with `skip_blocked` those that have no problems.

    A version that is there with the same content is no change. `source` names the file of the requests, '' for none.
    `together`: several production environments may take them.
    """

    def change(run: Run) -> RegistryChange:
        blocked, trial = _blocked(run, requests)
        if trial is None or (blocked and not skip_blocked):
            raise ProblemsFound(problem for problems in blocked.values() for problem in problems)
        if problems := list(together_problems(trial[0].registry, _taking(*trial), together=together)):
            raise ProblemsFound(problems)
        return _told(*trial, requests, blocked)

    models = tuple(sorted({request.model for request in requests}))
    arguments = (*_arguments(requests, skip_blocked, source), *(('--together',) if together else ()))
    return Operation('bump', arguments, models, change, instead=SET_ASIDE)


def _arguments(requests: Sequence[Request], skip_blocked: bool, source: str) -> tuple[str, ...]:
    if source:
        return ('--file', source, *(('--skip-blocked',) if skip_blocked else ()))
    (request,) = requests
    artifact = request.given.get('artifact', {})
    options = {
        '--image': request.given.get('image'), '--artifact': artifact.get('uri'), '--sha256': artifact.get('sha256'),
        '--size': artifact.get('size'), '--bump': request.given.get('bump'), '--after': request.after,
    }  # fmt: skip
    return (request.model, request.version, *(word for pair in options.items() if pair[1] for word in pair))


def _blocked(run: Run, requests: Sequence[Request]) -> tuple[Blocked, tuple[Run, Additions] | None]:
    """Return all requests that have problems, and the run with the additions of all others; None if there are none."""
    blocked = _unknown(run, requests)
    while left := [request for request in requests if request not in blocked]:
        found, trial = _try(_over(run, left), left)
        if not found:
            return blocked, trial
        blocked |= found
    return blocked, None


def _over(run: Run, requests: Sequence[Request]) -> Run:
    """The run over the models of these requests."""
    models = sorted({request.model for request in requests})
    same = (*models,) == run.source.scope
    return run if same else open_run(run.repository, models, shards=run.shards, progress=run.progress, at=run.at)


def _try(run: Run, requests: Sequence[Request]) -> tuple[Blocked, tuple[Run, Additions] | None]:
    """Make the commit of these requests as far as its files; return what stops some of them, else the run and what is
    added. Raises ProblemsFound for problems that belong to none of the requests."""
    additions = None
    try:
        blocked, additions = _additions(run, requests)
        if blocked:
            return blocked, None
        additions = _with_held(run, additions)
        laid = RegistryChange(dict(additions.files)).on(run)
        if additions.files:
            _check(laid, additions.added)
    except ProblemsFound as error:
        return _by_request(error.problems, requests, additions), None
    return {}, (laid, additions)


def _with_held(run: Run, additions: Additions) -> Additions:
    """Add pins of releases that a lock holds back, and remove those that none holds any more."""
    newest = {request.model for request in additions.added if additions.is_newest(request)}
    found = reach(run, newest).files if newest else {}
    return replace(additions, files={**additions.files, **{path: data for path, data in found.items() if data}})


def _taking(laid: Run, additions: Additions) -> Iterator[str]:
    """Yield the releases that take the new versions at once."""
    for model in {request.model for request in additions.added if additions.is_newest(request)}:
        yield from (f'{each.environment}/{model}' for each in followers(laid.registry, model) if not each.held)


def _unknown(run: Run, requests: Iterable[Request]) -> Blocked:
    if SETTINGS not in run.source.names:  # the run says where the registry is, or how to begin one
        return {}
    known = run.source.known(MODELS)
    return {
        request: (request.problem(('model',), f"model '{request.model}' not found", suggest(request.model, known)),)
        for request in requests
        if request.model not in known
    }


def _additions(run: Run, requests: Sequence[Request]) -> tuple[Blocked, Additions]:
    models, files = dict(run.registry.models), dict[str, bytes]()
    blocked: Blocked = {}
    added: list[Request] = []
    for request in requests:
        model = models[request.model]
        there = next((each for each in model.versions if each.version == request.version), None)
        try:
            _check_clean(run, model)
            if there:
                if problems := contradictions(request, model, there):
                    raise ProblemsFound(problems)
                continue
            data, index = files.get(model.file) or run.source.read(model.file), place_of(request, model)
            # As people wrote it: a record of the registry has its keys in another order.
            before = read_with_nulls(data, model.file)[0]['spec']['versions'][index - 1]
            entry = entry_of(request, before)
            files[model.file] = insert_entry(data, model.file, ('spec', 'versions'), index, entry)
            models[model.name] = _with(model, index, entry)
            added.append(request)
        except ProblemsFound as error:
            blocked[request] = error.problems
    return blocked, Additions(files, tuple(added), models)


def _with(model: Model, index: int, entry: Values) -> Model:
    new = ModelVersion(entry['version'], entry['image'], entry)
    return replace(model, versions=(*model.versions[:index], new, *model.versions[index:]))


def _check_clean(run: Run, model: Model) -> None:
    """Raise ProblemsFound if the model's file has other changes: the commit would release them, too."""
    tree = run.source.tree
    if tree.ids.get(model.file) != tree.held.get(model.file):
        raise ProblemsFound([Problem(model.file, '', 'changed, and not part of this operation', SET_ASIDE)])


def _check(laid: Run, added: Collection[Request]) -> None:
    """Raise ProblemsFound with what generating and helm find."""
    charts = [chart for request in added for chart in _charts(laid, request)]
    if problems := helm_problems(laid, charts):
        raise ProblemsFound(problems)
    laid.plan()


def _charts(laid: Run, request: Request) -> list[Chart]:
    made = laid.charts[request.model]
    entry = made.newest(request.version)
    return [made.charts[entry.version]] if entry and entry.version in made.charts else []


def _by_request(problems: Sequence[Problem], requests: Sequence[Request], additions: Additions | None) -> Blocked:
    """Give each problem to the requests of its model; raises ProblemsFound for one that belongs to none."""
    blocked: Blocked = {}
    shown = {problem: additions.named(problem) if additions else problem for problem in problems}
    for problem, named in shown.items():
        about = [request for request in requests if request.model == model_of_file(problem.file)]
        if not about:
            raise ProblemsFound(shown.values())
        for request in about:
            blocked[request] = (*blocked.get(request, ()), named)
    return blocked


def _told(run: Run, additions: Additions, requests: Sequence[Request], blocked: Blocked) -> RegistryChange:
    """The change, with what is said of each request in their order."""
    rows: list[dict[str, Any]] = []
    for request in requests:
        if request not in blocked:
            rows.append(row_of(request, run.charts[request.model], run.registry, added=request in additions.added))
    stopped = [blocked_row(request, blocked[request]) for request in requests if request in blocked]
    result = {'bumps': rows, 'blocked': stopped}
    new = [row for row in rows if row['added']]
    return RegistryChange(additions.files, subject(new), result, body(new, stopped), laid=run)
