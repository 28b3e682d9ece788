"""A report and its two runs → the file and line of each risk, for tools that show risks beside files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile

from generator.documents.read import yaml_marks
from generator.domain.layout import SETTINGS, environment_file, model_file, release_file, rollout_file
from generator.domain.places import json_path
from generator.domain.problems import ProblemsFound
from generator.pipeline.run import Run
from generator.review.records import Report
from generator.review.sarif import Place, Places, place_key


def risk_places(base: Run, run: Run, report: Report) -> Places:
    """Find the place of each release that has risks, and of each risk that is about a file of the registry."""
    prefix = run.repository.prefix
    found = {name: _of_release(base, run, name) for risk in report.risks for name in risk.releases}
    for risk in report.risks:
        key = place_key(risk, *risk.releases[:1])
        found[key] = found.get(key) or _in_file(run, risk.evidence.object, risk.evidence.field)
    return {key: Place(f'{prefix}{place.file}', place.line) for key, place in found.items()}


def _of_release(base: Run, run: Run, name: str) -> Place:
    """Of the files that make a release, the first that the change touches: forges show what is in the lines of a
    change. Else the one of the release, or what is left where it is removed."""
    before, after = base.source.tree.ids, run.source.tree.ids
    there = [file for file in _files(name) if file in after]
    changed = next((file for file in there if before.get(file) != after[file]), '')
    if not changed or changed not in before:
        return Place(changed or there[0])
    return Place(changed, first_changed(base.source.read(changed), run.source.read(changed)))


def _files(name: str) -> Iterator[str]:
    environment, _, model = name.partition('/')
    yield from (release_file(name), rollout_file(name), model_file(model), environment_file(environment), SETTINGS)


def first_changed(old: bytes, new: bytes) -> int:
    """The first line of a text that differs from an older one; its last line if only lines at the end are gone."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    equal = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return max(1, min(equal + 1, len(new.splitlines())))


def _in_file(run: Run, file: str, path: str) -> Place:
    """The line of a value, or of the nearest that holds it."""
    if file not in run.source.tree.ids:
        return Place(SETTINGS)
    lines = {'': 1}
    with suppress(ProblemsFound):
        lines |= {json_path(at): mark.line for at, mark in yaml_marks(run.source.read(file), file).items()}
    while path not in lines:
        path = path[: max(path.rfind('.'), path.rfind('['), 0)]
    return Place(file, lines[path])
