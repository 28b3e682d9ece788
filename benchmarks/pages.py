"""Rows of the pages of `review` and `board`: their size, and in a real Chromium how soon they are there and filter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from cases import Laboratory, resized
from measure import CHARTLOOM, Row, limit

_CHROMIUM = ('chromium', 'chromium-browser', 'google-chrome')
_MODELS = 1000
# In ms: there and back, each laid out.
_FILTER = """([id, value]) => [value, ''].map((each) => {
  const begun = performance.now(), field = document.getElementById(id);
  field.value = each;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  document.body.offsetHeight;
  return performance.now() - begun;
})"""
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_READY = 'performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart'


def review_page(lab: Laboratory) -> Iterator[Row]:
    """Measure the page of a change of 500 releases."""
    with resized(lab, 500) as repository:
        file = _page(repository, lab.fresh(), 'review')
    choices = {'text': 'model-07', 'environment': 'prod', 'severity': 'medium'}
    yield from _rows('`review --form html` of 500 releases', file, choices, 5.0)


def board_page(lab: Laboratory) -> Iterator[Row]:
    """Measure the page of all releases."""
    file = _page(lab.generated(_MODELS), lab.fresh(), 'board')
    choices = {'text': 'recommender-07', 'environment': 'prod', 'state': 'behind'}
    yield from _rows(f'`board --form html` of {_MODELS:,} models', file, choices, None)


def _page(repository: Path, folder: Path, command: str) -> Path:
    file = folder / 'page.html'
    with file.open('wb') as page:
        subprocess.run([CHARTLOOM, command, '--form', 'html'], cwd=repository, stdout=page, check=True)
    return file


def _rows(what: str, file: Path, choices: Mapping[str, str], most: float | None) -> Iterator[Row]:
    size = file.stat().st_size / 1e6
    yield Row(what, f'{size:.1f} MB', size, most, ' MB')
    with _opened(file) as tab:
        paints, ready = zip(*(_times(tab) for _ in range(5)), strict=True)
        rounds = {field: [tab.evaluate(_FILTER, [field, value]) for _ in range(5)] for field, value in choices.items()}
    yield limit('its first paint', paints, 1.0)
    yield limit('its script is ready', ready, 1.0)
    slowest = max((median(map(max, times)) / 1000, field) for field, times in rounds.items())
    yield limit(f'its slowest filter ({slowest[1]})', [slowest[0]], 0.1)


def _times(tab: Any) -> Sequence[float]:
    tab.reload()
    tab.wait_for_function(_PAINTED)
    return [tab.evaluate(each) / 1000 for each in (_PAINTED, _READY)]


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        sys.exit('install chromium')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox', '--disable-gpu'])
        tab = browser.new_page()
        tab.goto(file.as_uri())
        yield tab
        browser.close()
