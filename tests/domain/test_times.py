"""Days that the calendar has, and those that it has not."""

from __future__ import annotations

import datetime

import pytest

from generator.domain.times import month_of_no_day


@pytest.mark.parametrize('year', [1900, 2000, 2026, 2028, 2096, 2099, 2100])
def test_each_day_of_a_year(year: int) -> None:
    for month in range(1, 13):
        for day in range(100):
            text = f'{year}-{month:02}-{day:02}'
            try:
                datetime.date(year, month, day)
            except ValueError:
                found = month_of_no_day(text)
                assert found, text
                assert datetime.date(year, month, found[1]).day == found[1]
            else:
                assert month_of_no_day(text) is None


@pytest.mark.parametrize('text', ['Fri 16:00', '2026-13-01', '', 'x', '2026-02-30x'])
def test_what_its_form_tells(text: str) -> None:
    assert month_of_no_day(text) is None


def test_a_moment() -> None:
    assert month_of_no_day('2026-02-30T00:00:00Z') == ('2026-02', 28)
