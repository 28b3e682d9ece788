"""Texts and names of people in a report: one line each in every form, and nothing of them works where it is shown."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest

from generator.compare.fields import ABSENT, Field
from generator.domain.waivers import Waiver
from generator.review.data import report_data
from generator.review.impacts import Fact, Impact
from generator.review.markdown import LONGEST, markdown
from generator.review.page import page
from generator.review.records import Change, Evidence, Fold, Report, Risk, Touched
from generator.review.report import ALL_RULES
from generator.review.sarif import Place, sarif
from generator.review.text import text_lines

LINKS = '&#64;platform/on-call @everyone https://evil.example www.evil.example #12 !3 [x](y) <img src=x> **b** | `` ` a'
RULE = ALL_RULES['pods-halved']
SIGNS = re.compile(r'[@#&<>!]|https?:|www\.|\]\(|\*\*b')


def report(bad: str) -> Report:
    waiver = Waiver('pods-halved', '2099-01-31', bad, 'registry/releases/prod/web.yaml')
    risks = [Risk(RULE, Evidence(bad, bad, bad, f'{bad}2'), (bad,)), Risk(RULE, Evidence('a', 'b'), (bad,), waiver)]
    folds = [Fold((bad,), (Change('+', bad), Change('~', bad, Field((bad,), bad, f'{bad}2'))))]
    impact = Impact('none', 0, 0, {bad: (1, 2, 3)}, (bad,), (), (), (Fact(bad, bad, f'{bad}2'),), (bad,))
    touched = [Touched('prod/web', None, None)]
    return Report('abc', 'def', touched, {'prod/web': impact}, risks, folds, [bad], [bad], [bad])


@pytest.mark.parametrize(
    'bad', ['a\nb', 'a\r\nnot complete', 'a\x1b[2Jb', 'a\u202eb', 'a\u2800b', 'a\u3164b', 'a\u2028b']
)
def test_each_line_of_each_form_is_one(bad: str) -> None:
    plain, evil = report('a b'), report(bad)
    count = len([*text_lines(plain)])
    assert [line.isprintable() for line, _ in text_lines(evil)] == [True] * count
    assert markdown(evil).count('\n') == markdown(plain).count('\n')
    counts = [len(page(replace(each, folds=())).splitlines()) for each in (plain, evil)]
    assert counts[0] == counts[1], 'of differences, each line of a value has its own'
    written = [markdown(evil), page(evil), *(line for line, _ in text_lines(evil))]
    assert not {'\x1b', '\u202e', '\u2800', '\u3164', '\u2028', '\r'} & {*''.join(written)}
    for result in json.loads(sarif(evil, lambda *_: Place('x'), '1'))['runs'][0]['results']:
        assert result['message']['text'].isprintable()


def outside_of_code(text: str) -> str:
    """What Markdown does not show as code, without the signs that the report itself writes."""
    text = re.sub(r'(?ms)^```diff$.*?^```$', '', text)
    text = re.sub(r'<code>.*?</code>', '', text)
    text = re.sub(r'(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)', '', text)
    text = re.sub(r'</?(details|summary)>', '', text)
    return '\n'.join(line.lstrip('#>|').replace(' |', '').replace('|--', '') for line in text.splitlines())


def test_markdown_shows_texts_of_people_as_code() -> None:
    told = markdown(report(LINKS))
    assert SIGNS.findall(outside_of_code(told)) == []
    assert html.escape(LINKS) in told, 'in a line of HTML'


def test_the_lines_of_a_difference_stay_in_their_block() -> None:
    told = markdown(report('```\n</details>\n```')).splitlines()
    assert [line for line in told if line.startswith('```')] == ['```diff', '```']
    assert told[-2:] == ['```', '</details>']


def test_names_do_not_close_what_is_cut() -> None:
    changes = tuple(Change('~', 'a', Field(('x', '</details>', str(n)), 1, 2)) for n in range(9_000))
    told = markdown(Report('a', 'b', (), {}, (), [Fold(('prod/web',), changes)]))
    assert len(told) < LONGEST
    assert told.splitlines().count('</details>') == 1


LONG = [f'setting{number}: {number}' for number in range(300)]


def of(old: object, new: object, *path: str) -> Report:
    field = Field(path or ('data', 'config.yaml'), old, new)
    return Report('a', 'b', (), {}, (), [Fold(('prod/web',), (Change('~', 'ConfigMap web', field),))])


def forms(made: Report) -> list[str]:
    told = [markdown(made), '\n'.join(line for line, _ in text_lines(made)), json.dumps(report_data(made))]
    return [*told, re.sub('<[^>]*>', '', page(made))]


@pytest.mark.parametrize('at', [0, 150, 299])
def test_what_differs_in_a_long_text_is_in_each_form(at: int) -> None:
    sides = []
    for host in ('traces', 'evil'):
        lines = [*LONG]
        lines[at] = f'endpoint: http://{host}.example:4318'
        sides.append('\n'.join(lines))
    for told in forms(of(*sides)):
        assert all(f'endpoint: http://{host}.example:4318' in told for host in ('traces', 'evil')), told


@pytest.mark.parametrize('at', [0, 30, 60])
def test_an_item_of_a_long_list_is_in_each_form(at: int) -> None:
    words = [f'--option-{number}=value' for number in range(60)]
    made = of(words, [*words[:at], '--disable-auth', *words[at:]], 'spec', 'args')
    assert markdown(made).count(f'spec.args: item {at + 1} added: --disable-auth') == 1
    assert all('--disable-auth' in told for told in forms(made))


def test_a_risk_shows_what_differs() -> None:
    old, new = ('x' * 3_000 + name + 'x' * 3_000 for name in ('traces', 'evil'))
    found = Report('a', 'b', (), {}, [Risk(RULE, Evidence('ConfigMap web', 'data', old, new), ('prod/web',))], ())
    for told in [*forms(found), sarif(found, lambda *_: Place('x'), '1')]:
        assert 'xtracesx' in told
        assert 'xevilx' in told
        assert len(told) < 100_000


def test_json_tells_how_much_it_does_not() -> None:
    (line,) = report_data(of(ABSENT, 'x' * 5_000))['differences'][0]['lines']
    assert line.endswith('… (3,000 characters not shown), was not set')


def test_digests_are_short_as_long_as_that_tells_them_apart() -> None:
    one, other, far = ('a' * 20 + 'b' * 44, 'a' * 64, 'c' * 64)
    assert str(Fact('sum', one, far).short) == f'sum {one[:12]}… → {far[:12]}…'
    assert str(Fact('sum', one, other).short) == f'sum {one} → {other}'
