"""The pictures of the README: made by a script from a real repository, small, and shown."""

from __future__ import annotations

import pytest
from history import STEPS
from parts import ROOT
from pictures import LAST, PICTURES, Picture


@pytest.mark.parametrize('picture', PICTURES, ids=[each.name for each in PICTURES])
def test_a_picture_is_small_and_shown(picture: Picture) -> None:
    data = (ROOT / 'docs' / f'{picture.name}.png').read_bytes()
    assert data.startswith(b'\x89PNG')
    assert len(data) <= 200_000
    assert f'](docs/{picture.name}.png)' in (ROOT / 'README.md').read_text(encoding='utf-8')


def test_the_history_goes_as_far() -> None:
    assert LAST in [step.title for step in STEPS]
