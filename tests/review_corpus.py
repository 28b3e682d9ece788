"""Changes of a release as data, each with the rules that must find it; `reviewed` makes many in one repository."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import registries as r
from gitops import Checkout, published

from generator.operations.operation import Options
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.remote import perform
from generator.pipeline.published import chart_reader
from generator.pipeline.review import review
from generator.pipeline.run import Run, open_run
from generator.pipeline.source import open_revision
from generator.releases.resolve import resolve_pinned
from generator.review.records import Report
from generator.review.report import report
from generator.strategies.course import workload_digest
from generator.tools.helm.binary import find_helm

# What a case begins with: 'model', environments ('prod', 'eu', 'staging') and their releases ('prod-release', …), and
# 'prod-rollout'. @model@ and @prod@ stand for the names that the case has among the others.
Specs = dict[str, dict[str, Any]]
Change = Callable[[Specs], None]
ENVIRONMENTS = ('prod', 'eu', 'staging')
NEWEST = 'newest'
NULL = object()  # is written as null, which removes what is inherited


@dataclass(frozen=True)
class Case:
    """A change with the identifiers of all rules that find something dangerous in it; none for noise."""

    base: Specs
    change: Change
    rules: frozenset[str]
    refused: bool = False  # it cannot be generated, and the report says why


Cases = Mapping[str, Case]


def danger(base: Specs, change: Change, *rules: str) -> Case:
    assert rules
    return Case(base, change, frozenset(rules))


def noise(base: Specs, change: Change) -> Case:
    return Case(base, change, frozenset())


def put(part: str, *path: str | int, value: Any) -> Change:
    """Set a value in a part of the specs; None removes it."""

    def change(specs: Specs) -> None:
        place: Any = specs.setdefault(part, {})
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = None if value is NULL else copy.deepcopy(value)

    return change


def drop(part: str) -> Change:
    return lambda specs: specs.pop(part) and None


def values(*path: str, value: Any) -> Change:
    """A value of the release in prod."""
    return put('prod-release', 'values', *path, value=value)


def several(*changes: Change) -> Change:
    return lambda specs: [change(specs) for change in changes] and None


def newest(*changes: Change) -> Change:
    """A change of the model, and the pin of prod to the chart that it makes."""
    return several(*changes, put('prod-release', 'version', value=NEWEST))


def model(*path: str | int, value: Any) -> Change:
    """A value of the model, in a chart that prod gets."""
    return newest(put('model', *path, value=value))


def to(version: str, chart: str, where: str = 'prod-release') -> Change:
    """A pin that somebody writes by hand."""
    return several(put(where, 'version', value=version), put(where, 'chart', value=chart))


def files(specs: Specs, names: Mapping[str, str], *, pinned: bool = False) -> r.Files:
    """The registry of a case; `pinned`: without pins that are still to be written."""
    name = names['model']
    found = r.model(name, **specs['model'])
    for part in ENVIRONMENTS:
        if part in specs:
            env = names[part]
            cluster = {'name': env, 'server': f'https://{env}.example'}
            found |= r.environment(env, **{'cluster': cluster, **specs[part]})
        if f'{part}-release' in specs:
            spec = specs[f'{part}-release']
            found |= r.release(names[part], name, **({**spec, 'version': '1'} if pinned and wants_pin(specs) else spec))
    if 'prod-rollout' in specs:
        rollout = r.document('Rollout', name, specs['prod-rollout'])
        found[f'registry/rollouts/{names["prod"]}/{name}.yaml'] = rollout
    return {path: _named(data, names) for path, data in found.items()}


def wants_pin(specs: Specs) -> bool:
    return specs.get('prod-release', {}).get('version') == NEWEST


def _named(data: bytes, names: Mapping[str, str]) -> bytes:
    return re.sub(rb'@([a-z]+)@', lambda found: names[found[1].decode()].encode(), data)


def names_of(number: int) -> dict[str, str]:
    """Names that contain no other's."""
    return {'model': f'm{number:03}x', **{part: f'{part}{number:03}x' for part in ENVIRONMENTS}}


def reviewed(cases: Cases, folder: Path) -> dict[str, dict[str, list[str]]]:
    """Review all changes at once; return the rules of each case by its name, with their evidence."""
    named = {name: names_of(number) for number, name in enumerate(cases)}
    before = {name: copy.deepcopy(case.base) for name, case in cases.items()}
    after = copy.deepcopy(before)
    for name, case in cases.items():
        case.change(after[name])
    made = _published(folder, before, after, named)
    head = made.head()
    _pin(made, after, named)
    for name in cases:
        if not wants_pin(after[name]):
            now = files(after[name], named[name])
            made.remove(*(path for path in files(before[name], named[name]) if path not in now))
            made.write(now)
    found = judged(made, head)
    refused = any(case.refused for case in cases.values())
    if found.problems and not refused:
        _ = open_run(made.repository(), base=head).desired_ids  # tells all problems
    assert bool(found.problems) == refused, found.problems
    return {name: dict(_told(found, named[name])) for name in cases}


Named = Mapping[str, Mapping[str, str]]


def _published(folder: Path, before: Mapping[str, Specs], after: Mapping[str, Specs], named: Named) -> Checkout:
    """The repository that all cases begin with: first without rollouts, which require published charts."""
    started = {name: {**specs} for name, specs in before.items()}
    rolling = [name for name, specs in started.items() if specs.pop('prod-rollout', None)]
    registry = dict(r.settings())
    for name, specs in started.items():
        registry |= files(specs, named[name])
    made = published(folder, registry)
    if any('prod-rollout' in specs for specs in after.values()):
        run = open_run(made.repository())
        for name in after:
            for specs in (before[name], after[name]):
                if 'prod-rollout' in specs:
                    to = specs['prod-rollout']['to']
                    entries = run.charts[named[name]['model']].ledger
                    to['chart'] = next(each.version for each in entries if each.model_version == to['version'])
                    specs['prod-rollout']['workloads'] = dict(_digests(run, named[name], specs['prod-rollout']))
    for name in rolling:
        made.write(files(before[name], named[name]))
    if rolling:
        made.commit()
    return made


def _digests(run: Run, names: Mapping[str, str], rollout: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What 'chartloom rollout start' writes of the pods of both tracks."""
    registry, release = run.registry, run.registry.releases[f'{names["prod"]}/{names["model"]}']
    read = chart_reader(run.published_charts, run.charts)
    for track, end in (('stable', 'from'), ('canary', 'to')):
        pinned = replace(release, spec={**release.spec, **rollout[end]})
        yield track, workload_digest(resolve_pinned(pinned, registry, run.charts, read).merged)


def _pin(made: Checkout, after: Mapping[str, Specs], named: Named) -> None:
    """Make the charts of changed models, and write the pins that wait for them."""
    pins = [name for name, specs in after.items() if wants_pin(specs)]
    if pins:
        for name in pins:
            made.write(files(after[name], named[name], pinned=True))
        made.commit()
        wanted = tuple(f'{named[name]["prod"]}/{named[name]["model"]}' for name in pins)
        perform(pinning(Scope(wanted), newest=True, together=True), made.repository(), Options(commit=True))


def judged(made: Checkout, head: str) -> Report:
    repository = made.repository()
    before = Run(open_revision(repository, head, repository.refs()), head)
    return review(before, open_run(repository, base=head), find_helm(os.environ), 1)


def _told(found: Report, names: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The rules of one case: those of its own releases, and what is said of its files."""
    mine = [each for each in found.touched if each.model == names['model']]
    beside = [risk for risk in found.risks if not risk.releases and _is_of(risk.evidence.object, names.values())]
    told: dict[str, list[str]] = {}
    for risk in (*report('', '', mine).risks, *beside):
        told.setdefault(risk.rule.id, []).append(str(risk.evidence))
    yield from told.items()


def _is_of(place: str, names: Iterable[str]) -> bool:
    return any(name in place for name in names)
