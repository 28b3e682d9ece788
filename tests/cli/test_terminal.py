"""Colours and long values: on a terminal, in a pipe, with NO_COLOR and with FORCE_COLOR."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, Checkout, chartloom, published
from terminals import on_a_terminal

BOLD = '\x1b[1mprod/web: charts/web/1.0.0'
LONG = 'a-value-that-is-longer-than-a-column-and-that-nobody-cuts'


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    return published(tmp_path, {**SMALL, **r.model('web', env={'LONG': {'value': LONG}})})


@pytest.mark.parametrize(
    ('env', 'terminal', 'pipe'),
    [
        ({}, True, False),
        ({'NO_COLOR': '1'}, False, False),
        ({'NO_COLOR': '0'}, False, False),  # any text counts (no-color.org)
        ({'NO_COLOR': ''}, True, False),
        ({'FORCE_COLOR': '1'}, True, True),
        ({'FORCE_COLOR': '0'}, True, False),
        ({'FORCE_COLOR': ''}, True, False),
        ({'NO_COLOR': '1', 'FORCE_COLOR': '1'}, False, False),
    ],
)
def test_colours(here: Checkout, env: dict[str, str], terminal: bool, pipe: bool) -> None:
    assert (BOLD in on_a_terminal(here, 'explain', 'prod/web', 'env', **env)) == terminal
    piped = chartloom(here.folder, 'explain', 'prod/web', 'env', env=env).stdout
    assert (BOLD in piped) == ('\x1b' in piped) == pipe
    problem = chartloom(here.folder, 'explain', 'prod/nothing', env=env).stderr
    assert ('\x1b[36mhint:\x1b[0m' in problem) == pipe


def test_json_has_no_colours(here: Checkout) -> None:
    told = chartloom(here.folder, 'explain', 'prod/web', '-o', 'json', env={'FORCE_COLOR': '1'}).stdout
    assert '\x1b' not in told
    assert '\x1b' not in on_a_terminal(here, 'explain', 'prod/web', '-o', 'json')


def test_a_value_is_cut_on_a_terminal_only(here: Checkout) -> None:
    seen = on_a_terminal(here, 'explain', 'prod/web', 'env')
    assert (LONG in seen, f'"{LONG[:36]}…' in seen) == (False, True)
    for env in ({}, {'FORCE_COLOR': '1'}):
        assert f'"{LONG}"' in chartloom(here.folder, 'explain', 'prod/web', 'env', env=env).stdout
