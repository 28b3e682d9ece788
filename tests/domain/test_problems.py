"""Many warnings of one file: the first ones, and how many more there are."""

from __future__ import annotations

import pytest

from generator.domain.problems import Problem, fewer


@pytest.mark.parametrize(
    ('number', 'shown', 'last'), [(20, 20, '19'), (21, 21, '20'), (4900, 21, '4880 more warnings')]
)
def test_warnings_are_bounded(number: int, shown: int, last: str) -> None:
    found = list(fewer(Problem('a.yaml', f'$.{each}', f'{each}') for each in range(number)))
    assert (len(found), found[-1].message) == (shown, last)


def test_each_file_has_its_own_and_the_order_stays() -> None:
    every = [Problem(file, '', f'{each}') for each in range(22) for file in ('b.yaml', 'a.yaml')]
    found = list(fewer(every))
    assert found[:40] == every[:40]
    assert [(each.file, each.message) for each in found[40:]] == [
        ('b.yaml', '2 more warnings'),
        ('a.yaml', '2 more warnings'),
    ]
