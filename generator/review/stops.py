"""Two registries → what stops releases, or lets them go again: locks, suspension, withdrawn versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.records import Registry
from generator.plan.stops import Lock

_Stops = dict[str, str]


def changed_stops(before: Registry, now: Registry) -> tuple[str, ...]:
    """What comes, changes or goes, with whom it is about; stops of what is gone are not told."""
    old, new = dict(_stops(before)), dict(_stops(now))
    there = {*_names(now)}
    found = [f'{what[0]}: {text}' for what, text in new.items() if old.get(what) != text]
    ended = [f'{what[0]}: no longer {text}' for what, text in old.items() if what not in new and what[0] in there]
    return (*found, *ended)


def _stops(registry: Registry) -> Iterator[tuple[tuple[str, str], str]]:
    for name, record in _records(registry):
        if lock := record.get('lock'):
            yield (name, 'lock'), f'{Lock("", "", lock)} (it moves to no other version, but back)'
        if suspended := record.get('suspended'):
            until = "until 'chartloom resume', its agent applies and corrects nothing"
            yield (name, 'suspended'), f'suspended {until}: {suspended["reason"]}'
        for entry in record.get('withdrawn', ()):
            what = f'{entry["version"]} (chart {entry["chart"]})' if 'chart' in entry else entry['version']
            yield (name, what), f"{what} withdrawn until 'chartloom reinstate': {entry['reason']}"


def _records(registry: Registry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((f'environment {name}', each.spec) for name, each in sorted(registry.environments.items()))
    yield from ((f'application {name}', each.spec) for name, each in sorted(registry.applications.items()))
    yield from ((name, each.spec) for name, each in sorted(registry.releases.items()))


def _names(registry: Registry) -> Iterator[str]:
    return (name for name, _ in _records(registry))
