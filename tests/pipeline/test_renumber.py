"""Drafts that have another number in the result: what names them in releases and rollouts follows."""

from __future__ import annotations

from generator.charts.versions import ModelCharts
from generator.domain.generated import LedgerEntry
from generator.pipeline.renumber import numbers, pins_of, renumbered, with_numbers

RELEASE, ROLLOUT = 'registry/releases/prod/web.yaml', 'registry/rollouts/prod/web.yaml'


def entry(version: str, model_version: str, content: str = '') -> LedgerEntry:
    return LedgerEntry(
        version=version, model_version=model_version, digest=f'{version}{content}', content=content, source='',
        starter='', tree='', manifest='', bump='minor', reasons=(), pods='none', templates=0,
    )  # fmt: skip


DRAFTS = {('web', '1.1.0'): entry('1.1.0', '2', 'b'), ('web', '1.2.0'): entry('1.2.0', '3', 'c')}
LEDGER = (entry('1.0.0', '1'), entry('1.1.0', '9'), entry('1.2.0', '2', 'b'), entry('1.3.0', '3', 'changed'))
NUMBER = numbers({'web': ModelCharts(LEDGER, {})})


def test_a_rollout_names_two_charts() -> None:
    """Each number is replaced once, although one draft gets the number that another had."""
    text = b'spec:\n  # from\n  from: {version: "2", chart: 1.1.0}\n  to:\n    version: "3"\n    chart: 1.2.0  # new\n'
    assert with_numbers(ROLLOUT, text, DRAFTS, NUMBER) == text.replace(b'1.2.0', b'1.3.0').replace(b'1.1.0', b'1.2.0')


def test_a_release() -> None:
    text = b'spec:\n  version: "2"\n  chart: 1.1.0\n  rollback: 1.1.0\n'
    assert with_numbers(RELEASE, text, DRAFTS, NUMBER) == text.replace(b'1.1.0', b'1.2.0')
    assert pins_of(RELEASE, text, {}) == {}
    assert with_numbers(RELEASE, None, DRAFTS, NUMBER) is None
    other = 'registry/releases/prod/api.yaml'
    assert with_numbers(other, text, DRAFTS, NUMBER) == text
    assert pins_of('registry/models/web.yaml', text, DRAFTS) == pins_of(RELEASE, b'spec: [', DRAFTS) == {}


def test_a_draft_is_found_by_its_content_or_by_its_model_version() -> None:
    charts = {'web': ModelCharts(LEDGER, {})}
    assert [(each.before, each.now) for each in renumbered(DRAFTS, charts)] == [('1.1.0', '1.2.0'), ('1.2.0', '1.3.0')]
    again = (*LEDGER, entry('1.4.0', '2', 'later'))
    assert numbers({'web': ModelCharts(again, {})})('web', DRAFTS['web', '1.1.0']) == '1.2.0'
    assert numbers({})('web', DRAFTS['web', '1.1.0']) == '1.1.0'  # the model is gone
