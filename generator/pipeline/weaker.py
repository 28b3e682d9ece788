"""A run and its base → warnings: what a request takes from whoever answers for the environments, in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from generator.documents.read import read_yaml
from generator.domain.environments import Environment
from generator.domain.layout import (
    CHART_YAML,
    DOCUMENTS,
    GENERATED,
    REGISTRY,
    SETTINGS,
    chart_folder,
    delivered_chart,
    delivery_file,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.settings import Settings
from generator.domain.strategy import Rolling, Strategy, WrittenStrategy, written_strategy
from generator.domain.tree import Ids
from generator.domain.words import quoted, some
from generator.pipeline.earlier import Earlier
from generator.pipeline.origins import Origins
from generator.plan.trust import other_people
from generator.plan.weaker import weaker
from generator.registry.load import read_record
from generator.strategies.written import of_chart

# A model and a chart version → the content of Chart.yaml; b'' if it is not known.
ReadAbout = Callable[[str, str], bytes]
_ASK = 'undo it, or let whoever answers for what runs there agree'


@dataclass(frozen=True, slots=True)
class _Move:
    """A release that goes to another chart, and the name and the chart that it was published with."""

    release: Release
    chart: str
    before: str
    old: str


def weaker_strategies(
    now: Earlier, registry: Registry, of: Origins, moved: Mapping[str, str], read: ReadAbout
) -> Iterator[Problem]:
    """Yield a warning for each release whose strategy loses something while it goes to another chart.

    `moved` are the charts that releases go to, by name. A rollout that is published was judged when it started.
    """
    moves = list(_moves(now, registry, of, moved))
    if not moves:
        return
    names = {move.before for move in moves}
    releases, rollouts, environments = now.releases(names), now.rollouts(names), now.environments()
    for move in moves:
        name, release = move.before, move.release
        if name in rollouts and rollouts[name].spec['to']['chart'] == move.chart:
            continue
        published = (releases.get(name), environments.get(name.partition('/')[0]))
        before = strategy_of(published, read(release.model, move.old), move.old, release)
        desired = (release, registry.environments.get(release.environment))
        after = strategy_of(desired, read(release.model, move.chart), move.chart, release)
        if lost := list(weaker(before[0], after[0])):
            message = f'goes to chart {move.chart} with a strategy that loses {some(lost)}'
            yield Problem(*after[1], message, f'change the strategy in a request of its own; {_ASK}')


def _moves(now: Earlier, registry: Registry, of: Origins, moved: Mapping[str, str]) -> Iterator[_Move]:
    pairs = [
        (registry.releases[name], chart, f'{origin.name}/{registry.releases[name].model}')
        for name, chart in moved.items()
        for origin in of[registry.releases[name].environment]
    ]
    files = now.files([delivery_file(before) for before in {before for _, _, before in pairs}])
    for release, chart, before in pairs:
        old = delivered_chart(files.get(delivery_file(before), b''))
        if old not in ('', chart):
            yield _Move(release, chart, before, old)


def strategy_of(
    places: Iterable[Release | Environment | None], about: bytes, chart: str, release: Release
) -> tuple[Strategy, tuple[str, str]]:
    """The strategy of a release, and the place to change it; they are not merged."""
    for place in places:
        if place and 'strategy' in place.spec:
            return written_strategy(place.spec['strategy'], place.file, ()).strategy, (place.file, '$.spec.strategy')
    found = _of_chart(about, chart_folder(release.model, chart))
    where = release.file, '$.spec.chart' if release.chart else '$.spec'
    return found.strategy if found else Rolling({}), where


def _of_chart(about: bytes, folder: str) -> WrittenStrategy | None:
    with suppress(ProblemsFound):
        return of_chart(read_yaml(about, f'{folder}/{CHART_YAML}').get('annotations', {}), folder) if about else None
    return None


def other_addresses(now: Earlier, base: Earlier, settings: Settings, desired: Ids) -> Iterator[Problem]:
    """Yield a warning for each address of the settings that a request changes: agents would follow what it names."""
    before, there = settings_of(base), settings_of(now)
    if before is None or there is None:
        return
    here = now.source.repository.prefix
    addresses: tuple[tuple[str, str, Callable[[Settings], str]], ...] = (
        ('repository.url', 'agents would follow repository {}, not {}', lambda each: each.url),
        ('repository.branch', 'agents would follow branch {}, not {}', lambda each: each.branch),
        ('repository.path', 'agents would read folder {}, not {}', lambda each: each.prefix(here) or './'),
        ('charts.registry', 'charts would come from {}, not {}', lambda each: each.registry or 'this repository'),
    )
    for key, message, value in addresses:
        # One that is as in the base is only behind.
        if value(settings) not in (value(before), value(there)):
            text = message.format(quoted(value(settings)), quoted(value(there)))
            yield Problem(SETTINGS, f'$.spec.{key}', text, 'undo it, or let whoever answers for the clusters agree')
    folders = (REGISTRY, *GENERATED, *DOCUMENTS)
    paths = partial(now.source.repository.ids, now.revision, folders)
    mine = {*now.source.names, *desired}
    if found := list(other_people(there, settings, paths, mine)):
        own = set(other_people(before, settings, paths, mine))  # others are only behind
        yield from (each for each in found if each in own)


def settings_of(earlier: Earlier) -> Settings | None:
    """The settings of a revision; None if it has no valid ones."""
    data = earlier.files([SETTINGS]).get(SETTINGS, b'')
    with suppress(ProblemsFound):
        found = read_record(SETTINGS, data, earlier.schemas)
        return found if isinstance(found, Settings) else None
    return None
