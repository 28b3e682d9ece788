"""The starter's version stands for its content: what charts get from it does not change under one version."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from parts import ROOT

from generator.charts.starter import load_templates
from generator.charts.versions import digest, next_version

ABOUT = ROOT / 'chart_templates' / 'model-server' / 'Chart.yaml'
RECORD = Path(__file__).with_name('starter_versions.txt')
DRAFT = 'draft'
_VERSION = re.compile(rb'^version: .*$', re.MULTILINE)


@dataclass(frozen=True)
class Known:
    """A line of the record; `release` is the first chartloom that carries this version, DRAFT before there is one."""

    version: str
    content: str
    release: str


def content(files: dict[str, bytes]) -> str:
    """What charts get of a starter, but for its version."""
    return digest({**files, 'Chart.yaml': _VERSION.sub(b'', files['Chart.yaml'], count=1)})


def recorded(text: str) -> list[Known]:
    return [Known(*line.split()) for line in text.splitlines() if not line.startswith('#')]


def raised(known: list[Known], now: str) -> list[Known]:
    """The record of a new content: a draft is replaced, a version that was released is followed by another one."""
    last = known[-1]
    if last.content == now:
        return known
    if last.release == DRAFT:
        return [*known[:-1], Known(last.version, now, DRAFT)]
    return [*known, Known(next_version(last.version, 'patch'), now, DRAFT)]


def test_the_starters_content_is_that_of_its_version(update_golden: bool) -> None:
    """`pytest --update-golden tests/charts/test_starter_version.py` raises the version, or replaces the draft."""
    now = content(dict(load_templates().starter.files))
    if update_golden:
        text = RECORD.read_text(encoding='utf-8')
        known = raised(recorded(text), now)
        head = [line for line in text.splitlines() if line.startswith('#')]
        lines = [*head, *(f'{each.version} {each.content} {each.release}' for each in known)]
        RECORD.write_text('\n'.join([*lines, '']), encoding='utf-8')
        ABOUT.write_bytes(_VERSION.sub(f'version: {known[-1].version}'.encode(), ABOUT.read_bytes(), count=1))
        load_templates.cache_clear()
    last = recorded(RECORD.read_text(encoding='utf-8'))[-1]
    assert load_templates().starter.version == f'model-server {last.version}'
    assert now == last.content, (
        f'the starter is not what version {last.version} stands for: run pytest --update-golden {Path(__file__).name}'
    )


@pytest.mark.parametrize('path', ['templates/hpa.yaml', 'values.yaml', 'values.schema.json', 'templates/new.yaml'])
def test_a_change_of_any_file_is_another_content(path: str) -> None:
    files = dict(load_templates().starter.files)
    assert content({**files, path: files.get(path, b'') + b'\n'}) != content(files)


def test_a_change_of_the_version_alone_is_none() -> None:
    files = dict(load_templates().starter.files)
    other = files['Chart.yaml'].replace(load_templates().starter.about['version'].encode(), b'9.9.9')
    assert other != files['Chart.yaml']
    assert content({**files, 'Chart.yaml': other}) == content(files)


def test_a_draft_is_replaced_and_a_released_version_is_followed() -> None:
    one, two = (hashlib.sha256(text).hexdigest() for text in (b'1', b'2'))
    assert raised([Known('1.0.0', one, DRAFT)], one) == [Known('1.0.0', one, DRAFT)]
    assert raised([Known('1.0.0', one, DRAFT)], two) == [Known('1.0.0', two, DRAFT)]
    assert raised([Known('1.0.9', one, '0.2.0')], two) == [Known('1.0.9', one, '0.2.0'), Known('1.0.10', two, DRAFT)]
