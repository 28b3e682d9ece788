"""Releases of a run → what helm renders of them; two sides of a release → where their objects differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.compare.difference import differences
from generator.compare.objects import objects, plain
from generator.domain.layout import delivery_file
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.pipeline.renders import Shelf, rendered_releases
from generator.pipeline.run import Run
from generator.review.noise import without_noise
from generator.review.records import Side, Touched
from generator.review.tracks import beside
from generator.tools.helm.binary import Helm, Rendered

_HOOK = b'helm.sh/hook'
_ANNOTATED = re.compile(rb'^    "?helm\.sh/hook"?: ', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Looked:
    """The releases of a run that are of interest, their rendered objects, and why there are none."""

    sides: Mapping[str, Side] = field(default_factory=dict)
    rendered: Mapping[str, Rendered] = field(default_factory=dict)
    problem: str = ''


def look(run: Run, names: Sequence[str], helm: Helm, shelf: Shelf, jobs: int) -> Looked:
    if not (names and run.source.names):
        return Looked()
    try:
        # Resolving the releases has checked their values by the schemas of their charts.
        rendered = rendered_releases(run, names, helm, shelf, jobs, checked=False)
    except (ProblemsFound, CommandFailed) as error:
        revision = run.source.head[:12] if run.repository.bare else 'the work tree'
        return Looked(problem=first_problem(error, f'{revision} could not be rendered'))
    registry = run.registry
    sides = {
        name: Side(each, registry.models.get(each.release.model), registry.rollouts.get(name), rendered[name].documents)
        for each in run.releases
        if (name := each.release.name) in rendered
    }
    return Looked(sides, rendered)


def renamed(old: Looked, new: Looked) -> dict[str, str]:
    """Releases that are new, by those that are gone from the same cluster and namespace: their environment has another
    name."""
    gone = {_place(side): name for name, side in old.sides.items() if name not in new.sides}
    came = {name: _place(side) for name, side in new.sides.items() if name not in old.sides}
    return {name: gone[place] for name, place in came.items() if place in gone}


def _place(side: Side) -> tuple[str, str, str]:
    environment = side.resolved.environment
    return str(sorted(environment.spec['cluster'].items())), environment.namespace, side.resolved.release.model


def compared(name: str, name_before: str, old: Looked, new: Looked) -> Touched:
    touched = Touched(name, old.sides.get(name_before), new.sides.get(name))
    before, after = old.rendered.get(name_before), new.rendered.get(name)
    if faults := [each.problem for each in (before, after) if each and each.problem]:
        return replace(touched, problem=faults[0].message)
    old_documents, new_documents = (_deployed(each) for each in (before, after))
    found = differences(old_documents, new_documents, delivery_file(name))
    return replace(touched, found=tuple(beside(without_noise(found), old_documents, touched.model)))


def _deployed(rendered: Rendered | None) -> list[bytes]:
    """The documents that an agent applies: no tests of helm."""
    return [each for each in rendered.documents if not _is_hook(each)] if rendered else []


def _is_hook(document: bytes) -> bool:
    """Whether helm runs it, by its annotations: the same words may stand anywhere else."""
    if _HOOK not in document:
        return False
    head, spec, _ = document.partition(b'\nspec:\n')
    if spec and _ANNOTATED.search(head):  # before the spec only annotations are so deep
        return True
    found = [(each.get('metadata') or {}).get('annotations') or {} for each in objects([plain(document)]).values()]
    return all(_HOOK.decode() in annotations for annotations in found)


def first_problem(error: ProblemsFound | CommandFailed, what: str) -> str:
    if isinstance(error, CommandFailed):
        return f'{what}: {error.stderr.strip().splitlines()[0] if error.stderr.strip() else "no helm"}'
    first = error.problems[0]
    return f'{what}: {first.file}: {first.message}'
