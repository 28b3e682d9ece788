"""Frozen times by the clocks of a time zone, and locks by their end."""

from __future__ import annotations

import pytest

from generator.domain.environments import Environment
from generator.domain.records import Release
from generator.plan.promotion import meets
from generator.plan.stops import Ground, is_frozen, stops
from generator.tools.clock import clock, read_time, utc_text

WEEKEND = {'from': 'Fri 16:00', 'to': 'Mon 08:00', 'timeZone': 'Europe/Berlin'}
CHRISTMAS = {'from': '2026-12-20T00:00', 'to': '2027-01-04T08:00'}
LUNCH = {'from': 'Wed 11:30', 'to': 'Wed 13:00', 'timeZone': 'America/New_York'}


@pytest.mark.parametrize(
    ('window', 'time', 'frozen'),
    [
        (WEEKEND, '2026-12-04T14:59:59Z', False),  # winter: 15:59:59 in Berlin, a Friday
        (WEEKEND, '2026-12-04T15:00:00Z', True),
        (WEEKEND, '2026-12-06T23:00:00Z', True),
        (WEEKEND, '2026-12-07T06:59:59Z', True),
        (WEEKEND, '2026-12-07T07:00:00Z', False),
        (WEEKEND, '2026-07-03T13:59:59Z', False),  # summer
        (WEEKEND, '2026-07-03T14:00:00Z', True),
        (CHRISTMAS, '2026-12-19T23:59:59Z', False),
        (CHRISTMAS, '2026-12-20T00:00:00Z', True),
        (CHRISTMAS, '2027-01-04T07:59:59Z', True),
        (CHRISTMAS, '2027-01-04T08:00:00Z', False),
        (LUNCH, '2026-12-02T16:29:00Z', False),
        (LUNCH, '2026-12-02T16:30:00Z', True),
        (LUNCH, '2026-12-02T18:00:00Z', False),
        (LUNCH, '2026-12-03T17:00:00Z', False),
    ],
)
def test_a_frozen_time_is_one_of_its_time_zone(window: dict[str, str], time: str, frozen: bool) -> None:
    assert is_frozen(window, clock(read_time(time))) is frozen


def ground(until: str = '') -> Ground:
    lock = {'reason': 'audit', 'by': 'Ana', **({'until': until} if until else {})}
    environment = Environment('prod', 'prod.yaml', {'promotion': {'frozen': [{**CHRISTMAS, 'reason': 'holidays'}]}})
    return Ground(Release('prod', 'web', 'web.yaml', {'lock': lock}), (environment,))


@pytest.mark.parametrize(
    ('until', 'time', 'rules'),
    [
        ('', '2020-01-01T00:00:00Z', ['locked']),
        ('', '2026-12-24T18:00:00Z', ['locked', 'frozen']),
        ('2026-12-24T18:00:00Z', '2026-12-24T17:59:59Z', ['locked', 'frozen']),
        ('2026-12-24T18:00:00Z', '2026-12-24T18:00:00Z', ['frozen']),
        ('2026-12-24T18:00:00Z', '2027-12-24T18:00:00Z', []),
    ],
)
def test_what_stops_a_release_has_a_name(until: str, time: str, rules: list[str]) -> None:
    now = clock(read_time(time))
    assert now.utc == time
    assert [problem.rule for problem in stops('prod/web', '2 (chart 1.1.0)', ground(until), now)] == rules
    allowed = stops('prod/web', '2 (chart 1.1.0)', ground(until), now, allow_frozen=True)
    assert [problem.rule for problem in allowed] == [rule for rule in rules if rule != 'frozen']


def test_times_of_the_command_line() -> None:
    assert utc_text(read_time('2026-12-24T19:00:00+01:00')) == '2026-12-24T18:00:00Z'
    for text in ('2026-12-24T18:00:00', 'tomorrow', ''):
        with pytest.raises(ValueError, match=r'.'):
            read_time(text)


@pytest.mark.parametrize(
    ('value', 'wanted', 'expected'),
    [
        (0.2, '>= 0.2', True), (0.2, '> 0.2', False), (0.1, '< 0.2', True), (1, '<= 0.2', False),
        ('0.913', '>= 0.9', True), (1e-7, '< 0.001', True), (-3, '>= -3', True), ('good', '>= 0', False),
        (None, '>= 0', False), (True, '>= 0', False),
    ],
)  # fmt: skip
def test_a_metric_is_compared_as_written(value: object, wanted: str, expected: bool) -> None:
    assert meets(value, wanted) is expected
