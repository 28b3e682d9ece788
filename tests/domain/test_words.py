"""Unknown names → hints, whose search ends soon however many names are known, and however long one is."""

from __future__ import annotations

import pytest

from generator.domain.words import nearest, suggest

MANY = [f'model-{number}' for number in range(5000)]


@pytest.mark.parametrize(
    ('word', 'known', 'close'),
    [
        ('rankr', ['web', 'ranker'], 'ranker'),
        ('rankr', [*MANY, 'ranker', 'web'], 'ranker'),
        ('zzz', MANY, ''),
        ('ranker' * 20, ['ranker' * 21], ''),
    ],
)
def test_the_nearest_word(word: str, known: list[str], close: str) -> None:
    assert nearest(word, known) == close


def test_a_hint_lists_a_hundred_names() -> None:
    assert suggest('?', MANY).endswith('and 4900 more')
    assert suggest('?', ['b', 'a']) == 'known here: a, b'
