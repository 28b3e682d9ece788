"""A run's base and its history → problems of promotions and of rollouts that left out a stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

from generator.checks.memberships import taken_members
from generator.documents.read import read_yaml
from generator.documents.schema import RegistrySchemas
from generator.domain.layout import (
    APPLICATIONS,
    CHART_YAML,
    MODELS,
    chart_folder,
    delivered_chart,
    delivery_file,
    names_below,
    newest_folder,
    rollout_file,
)
from generator.domain.problems import CommandFailed, Problem
from generator.domain.records import Ids, Registry, Rollout, Settings, Tree, Values
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.earlier import Earlier
from generator.pipeline.origins import Origins, origins, weaker_gates
from generator.pipeline.prefixes import delivers
from generator.pipeline.published import Base
from generator.pipeline.source import Source
from generator.pipeline.weaker import other_addresses, weaker_strategies
from generator.plan.jumps import OfChart, jumps
from generator.plan.promotion import Gates, Standing, numbers, promotion_problems
from generator.strategies.written import of_chart
from generator.tools.git.remote import deepen
from generator.tools.git.repository import Repository


def gate_problems(
    source: Source, base: Base, published: str, desired: Ids, made: Tree, registry: Registry,
    schemas: Mapping[str, bytes],
) -> list[Problem]:  # fmt: skip
    """Judge what changes since the base by the commit that is published now; without a base nothing is judged.

    `made` are the desired files, at least those that differ from the base.
    """
    if not base.revision:
        return []
    # Not the base: a merge may have brought a commit that the branch itself never was at.
    now = Earlier(source, published, RegistrySchemas(schemas))
    of = origins(now, registry)
    base_files = replace(now, revision=base.revision)
    promoting = list(_promoting(registry, of, base, desired, _new_rollbacks(registry, base_files)))
    mine = [registry.releases[name] for name in promoting]
    before = {f'{origin.name}/{release.model}' for release in mine for origin in of[release.environment]}
    known = _standings(now, before.union(promoting))  # all at once: a change may reach every release

    @cache
    def standing(name: str) -> Standing:
        return known[name] if name in known else _standings(now, [name])[name]

    def had(name: str, chart: str, *, ever: bool = False) -> bool:
        return _had(source.repository, published, registry.settings.branch, name, chart, ever=ever)

    def chart(name: str) -> str:
        return delivered_chart(_desired(source.repository, base, made, delivery_file(name)))

    found = list(promotion_problems(Gates(registry, chart, standing, had, of), promoting))
    found += _taken(now, replace(now, revision=base.revision), registry)
    if found and not delivers(source.repository, published):
        found = []  # the first commit with releases
    chart_strategy = partial(_strategy_of_chart, source.repository, base, made, registry.settings)
    return [*found, *_jumps(now, base_files, registry, chart_strategy)]


def gate_warnings(
    source: Source, base: Base, published: str, desired: Ids, made: Tree, registry: Registry,
    schemas: Mapping[str, bytes],
) -> Iterator[Problem]:  # fmt: skip
    """Yield what later requests need not do any more, and releases that go on with less than before."""
    if not base.revision:
        return
    now = Earlier(source, published, RegistrySchemas(schemas))
    base_files = replace(now, revision=base.revision)
    yield from weaker_gates(now, base_files, registry)
    yield from other_addresses(now, base_files, registry.settings)
    read = partial(_about_chart, source.repository, base, made)
    moved = dict(_moved(source.repository, base, desired, made, registry))
    yield from weaker_strategies(now, registry, origins(now, registry) if moved else {}, moved, read)


def _moved(
    repository: Repository, base: Base, desired: Ids, made: Tree, registry: Registry
) -> Iterator[tuple[str, str]]:
    """Yield the releases whose delivery object changes, with the chart they go to; a rollback passes nothing anyway."""
    for name, release in registry.releases.items():
        file = delivery_file(name)
        if file in desired and desired[file] != base.ids.get(file) and not release.is_rollback:
            rollout = registry.rollouts.get(name)
            found = delivered_chart(_desired(repository, base, made, file))
            yield name, rollout.spec['to']['chart'] if rollout else found


def _new_rollbacks(registry: Registry, base: Earlier) -> set[str]:
    """The releases whose pin is a rollback now: not every engine has it in its delivery object."""
    found = {name: release for name, release in registry.releases.items() if release.is_rollback}
    there = base.releases(found)
    same = {name for name, each in there.items() if each.is_rollback and each.chart == found[name].chart}
    return found.keys() - same


def _promoting(registry: Registry, of: Origins, base: Base, desired: Ids, rollbacks: Collection[str]) -> Iterator[str]:
    """Yield the releases whose delivery object changes, or its place, and that a gate may stop."""
    for name, release in registry.releases.items():
        file, origins_ = delivery_file(name), of[release.environment]
        moves = any(origin.name != release.environment for origin in origins_)
        if moves or name in rollbacks or desired.get(file) != base.ids.get(file):
            gated = any(origin.promotes_from for origin in origins_)
            if gated or release.chart or name in registry.rollouts:
                yield name


def _standings(now: Earlier, names: Collection[str]) -> dict[str, Standing]:
    releases, rollouts = now.releases(names), now.rollouts(names)
    delivered = now.files([delivery_file(name) for name in names])
    found = {}
    for name in names:
        release, rollout = releases.get(name), rollouts.get(name)
        found[name] = Standing(
            delivered=delivered_chart(delivered.get(delivery_file(name), b'')),
            pin=release.chart if release else '',
            target=rollout.spec['to']['chart'] if rollout else '',
            rollback=release.chart if release and release.is_rollback else '',
            reason=release.spec.get('skipPromotion', '') if release else '',
        )
    return found


def _taken(now: Earlier, base: Earlier, registry: Registry) -> Iterator[Problem]:
    """Report models of others in applications; one whose file is that of the base is only behind."""
    mine, there = now.source.tree.ids, now.ids_below(APPLICATIONS)
    changed = [each for each in registry.applications.values() if mine.get(each.file) != there.get(each.file)]
    if changed:
        before = base.ids_below(APPLICATIONS)
        names = [each.name for each in changed if mine.get(each.file) != before.get(each.file)]
        members = {name: each.members for name, each in now.applications(names).items()}
        published = names_below(MODELS, now.ids_below(MODELS))
        yield from taken_members(registry, names, lambda name: members.get(name, ()), published)


def _jumps(now: Earlier, base: Earlier, registry: Registry, chart_strategy: OfChart) -> list[Problem]:
    before = [name for name in now.rollout_names() if now.source.in_scope(rollout_file(name))]
    if not (before or registry.rollouts):
        return []
    pins = {name: release.chart for name, release in now.releases(registry.rollouts).items()}
    there = base.rollouts(registry.rollouts)
    same = [name for name, rollout in registry.rollouts.items() if name in there and there[name].spec == rollout.spec]
    same += _brought_back(now, registry, before)
    return list(jumps(registry, now.rollouts(before), pins, same, chart_strategy))


def _brought_back(now: Earlier, registry: Registry, before: Collection[str]) -> Iterator[str]:
    """Yield aborted rollouts that the published branch had before it ended them: a revert of their end."""
    for name, rollout in registry.rollouts.items():
        if rollout.aborted and name not in before:
            file = rollout_file(name)
            changes = _history(now.source.repository, now.revision, [file])
            if now.source.tree.ids.get(file) in {change.get(file) for change in changes}:
                yield name


def _strategy_of_chart(
    repository: Repository, base: Base, made: Tree, settings: Settings, rollout: Rollout
) -> tuple[str, Values]:
    model, version = rollout.model, rollout.spec['to']['chart']
    folder = chart_folder(model, version)
    file = f'{folder}/{CHART_YAML}'
    if known := next((entry for entry in base.ledgers.get(model, ()) if entry.version == version), None):
        data = ChartFiles(repository, base.ids, settings).read(model, known)[CHART_YAML]
    else:
        data = made[file] if file in made else made[f'{newest_folder(model)}/{CHART_YAML}']
    found = of_chart(read_yaml(data, file).get('annotations', {}), folder)
    return file, found.spec if found else {}


def _about_chart(repository: Repository, base: Base, made: Tree, model: str, chart: str) -> bytes:
    """Chart.yaml of a chart, b'' if it was pruned."""
    file = f'{chart_folder(model, chart)}/{CHART_YAML}'
    return _desired(repository, base, made, file) if file in made or file in base.ids else b''


def _desired(repository: Repository, base: Base, made: Tree, path: str) -> bytes:
    return made[path] if path in made else repository.read([base.ids[path]])[base.ids[path]]


def _had(repository: Repository, head: str, branch: str, name: str, chart: str, *, ever: bool) -> bool:
    """Whether a release ran a chart without a rollout in progress; a shallow clone is deepened to find it.

    `ever`: also one that it gave up for an older chart.
    """
    if chart in _charts(repository, head, name, ever=ever):
        return True
    with suppress(CommandFailed):
        return deepen(repository, branch) and chart in _charts(repository, head, name, ever=ever)
    return False


def _charts(repository: Repository, head: str, name: str, *, ever: bool) -> set[str]:
    delivery, rollout = delivery_file(name), rollout_file(name)
    blobs: dict[str, str] = {}
    ran: list[str] = []
    for changes in _history(repository, head, (delivery, rollout)):
        blobs |= changes
        if not blobs.get(rollout) and (blob := blobs.get(delivery)):
            ran.append(blob)
    contents = repository.read(ran)
    charts = [delivered_chart(contents[blob]) for blob in ran]
    found: set[str] = set()
    for before, now in pairwise(['', *charts]):
        if not ever and numbers(now) < numbers(before):
            found.discard(before)
        found.add(now)
    return found


def _history(repository: Repository, head: str, paths: Collection[str]) -> list[dict[str, str]]:
    """The changes of files on a branch, the oldest first: blob ids by path, '' if a commit removes a file."""
    full = {repository.prefix + path: path for path in paths}
    options = ('--no-show-signature', '--first-parent', '-m', '--raw', '--no-abbrev', '--no-renames', '-z')
    limits = [f':(top,literal){path}' for path in full]
    listed = repository.raw('log', *options, '--format=%x01', head, '--', *limits).decode('utf-8', 'surrogateescape')
    changes = []
    for commit in listed.split('\x01')[1:]:
        words = commit.strip('\0\n').split('\0')
        blobs = ((full[path], about.split(' ')[3]) for about, path in pairwise(words) if about.startswith(':'))
        changes.append({path: blob if blob.strip('0') else '' for path, blob in blobs})
    return changes[::-1]
