"""What a release and the one before it run, and ran → how far it is behind, and since when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from generator.board.records import Facts, Lag, Since
from generator.charts.followed import Place, place_of
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease


def pin(release: ResolvedRelease) -> tuple[str, str]:
    """The version and chart that a release runs; in a rollout, those that it comes from."""
    own, chart = release.release, release.chart
    return (own.version, own.chart) if own.chart else (chart.model_version, chart.version)


def before(facts: Facts, environment: Environment, model: str) -> str:
    """The release that one is promoted from: that of the first environment with the model; '' for none."""
    names = (f'{name}/{model}' for name in environment.promotes_from)
    return next((name for name in names if name in facts.registry.releases), '')


def since(facts: Facts, name: str, chart: str) -> Since | None:
    """When a release got the chart that it runs; None if the published branch does not have it yet."""
    return _since(facts, [time for time, _ in takewhile(lambda each: each[1] == chart, facts.ran.get(name, ()))])


def _since(facts: Facts, times: Sequence[int]) -> Since | None:
    """The last of these times, which is the earliest."""
    if not times:
        return None
    return Since(facts.date(times[-1]), max(0, facts.clock.now - times[-1]) // 86400)


def lag(facts: Facts, model: str, mine: tuple[str, str], source: str, theirs: tuple[str, str]) -> Lag | None:
    """Compare two pins, `theirs` of the release `source` or ('') of the newest version; None if they are equal."""
    if mine == theirs:
        return None
    here, there = place(facts, model, *mine), place(facts, model, *theirs)
    versions, charts = there[0] - here[0], there[1] - here[1]
    found = Lag(source, *theirs, versions, charts)
    if not (source and found.is_behind):
        return found
    ahead = takewhile(lambda each: place_of_chart(facts, model, each[1]) > here, facts.ran.get(source, ()))
    return Lag(source, *theirs, versions, charts, _since(facts, [time for time, _ in ahead]))


def place(facts: Facts, model: str, version: str, chart: str) -> Place:
    return place_of(facts.registry.models[model], facts.ledgers[model], version, chart)


def place_of_chart(facts: Facts, model: str, chart: str) -> Place:
    entry = next((entry for entry in facts.ledgers[model] if entry.version == chart), None)
    return place(facts, model, entry.model_version if entry else '', chart)


def newest(facts: Facts, model: str) -> tuple[str, str]:
    """The newest version of a model, with its newest chart."""
    version = facts.registry.models[model].newest.version
    charts = (entry.version for entry in reversed(facts.ledgers[model]) if entry.model_version == version)
    return version, next(charts, '')


def unfinished(facts: Facts) -> Callable[[str, Sequence[tuple[int, str]]], bool]:
    """Whether the charts that are known of a release do not go back far enough: to the one before its own, and to those
    of the releases that are promoted from it."""
    resolved = {each.release.name: each for each in facts.releases}
    lowest = {name: place(facts, each.release.model, *pin(each)) for name, each in resolved.items()}
    for name, each in resolved.items():
        if source := before(facts, each.environment, each.release.model):
            lowest[source] = min(lowest[source], lowest[name])

    def more(name: str, ran: Sequence[tuple[int, str]]) -> bool:
        (_, first), (_, last) = ran[0], ran[-1]
        return first == last or place_of_chart(facts, resolved[name].release.model, last) > lowest[name]

    return more
