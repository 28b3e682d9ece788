"""Labelled changes → one repository with all of them, and what a review of it says of each."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import registries as r
from gitops import Checkout, published
from review_corpus import ENVIRONMENTS, NEWEST, Cases, Specs

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
