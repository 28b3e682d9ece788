"""The page of a report: nothing in it becomes markup, it is small; in a browser it filters, opens and is accessible."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import registries as r
from browsers import BAD, SIZES, Opened, Tree
from browsers import browser as browser
from gitops import chartloom, published

from generator.compare.fields import ABSENT, Field
from generator.review.beside import MOST, rows
from generator.review.impacts import Fact, Impact, Point
from generator.review.page import page
from generator.review.records import Change, Evidence, Fold, Report, Risk, Rule, Severity, Touched

if TYPE_CHECKING:
    from playwright.sync_api import Browser


WAY = (Point(20, 3600), Point(50, 1800, approval=True), Point(100))


def rule(name: str, severity: Severity = 'critical', title: str = 'half of the serving pods or more go') -> Rule:
    return Rule(name, severity, title, 'lower the number in steps')


def change(place: str, old: Any, new: Any, named: str = 'Deployment web') -> Change:
    return Change('~', named, Field(tuple(place.split('.')), old, new))


def sample() -> Report:
    """Three environments and two models: three risks, five groups of differences."""
    names = [f'{environment}/{model}' for environment in ('eu', 'prod', 'test') for model in ('ranker', 'web')]
    impacts = {
        name: Impact(
            'restart',
            4,
            2,
            {'nvidia.com/gpu': (8, 10, 4)},
            ('2.0.0 gets 0 → 20 % of the requests',),
            WAY[:1],
            WAY,
            (Fact('image', 'server:1', 'server:2'), Fact('metrics.recall', '0.5', '0.5')),
            ('prod gives it a host',),
        )
        for name in names
    } | {'test/web': Impact('none', 1, 1)}
    image = 'registry.example/server:{}@sha256:' + 'a' * 64
    args = ['--model=/models/web', '--max-model-len=8192', '--dtype=auto']
    folds = [
        Fold(tuple(names), (change('spec.template.spec.containers.[server].image', image.format(1), image.format(2)),)),
        Fold(
            ('prod/web',),
            (
                change('spec.replicas', 4, 2), change('spec.template.spec.containers.[server].args', args,
                [args[0], '--max-model-len=4096', args[2], '--trust-remote-code']),
                change('spec.template.spec.runtimeClassName', ABSENT, 'nvidia'),
                change('metadata.annotations.note', 'old', ''),
            ),
        ),
        Fold(('eu/web', 'prod/web'), (change('data.[config.yaml]', *map(text, ('1s', '5s')), 'ConfigMap web'),)),
        Fold(('test/web',), (Change('+', 'PodDisruptionBudget web'), Change('-', 'Service web-old'))),
        Fold(('eu/ranker',), (change('spec.port', 80, '80', 'Service ranker'),)),
    ]  # fmt: skip
    risks = [
        Risk(rule('gate', title='a version moves past a gate'),
             Evidence('registry/releases/prod/web.yaml', '$.spec.version', '', 'test has not run it'), ()),
        Risk(rule('pods-halved'), Evidence('pods', 'at their fewest', '4', '2'), ('prod/web',)),
        Risk(rule('restart', 'high', 'pods restart, and the model version stays'),
             Evidence('Deployment web', 'pods are replaced', '', 'spec.template'), ('eu/web', 'prod/web')),
        Risk(rule('worse-metrics', 'medium', 'a metric of the model is worse, or missing'),
             Evidence('model ranker', 'metrics.recall', '0.52', '0.48'), ('eu/ranker',)),
    ]  # fmt: skip
    touched = [Touched(name, None, None) for name in names]
    stops = ['prod/web: locked by Ada: an audit']
    return Report('0123456789ab', 'ba9876543210', touched, impacts, risks, folds, stops=stops)


def text(timeout: str) -> str:
    lines = [f'setting{number}: {number}' for number in range(40)]
    lines[20] = f'timeout: {timeout}'
    return '\n'.join([*lines, ''])


def large(releases: int = 500) -> Report:
    """Each release has a difference and a risk that all have, and some of its own."""
    names = [f'environment-{number % 5}/recommendation-model-{number // 5:03}' for number in range(releases)]
    image = 'registry.example/team/server:{}@sha256:{:064x}'
    container = 'spec.template.spec.containers.[server]'
    own = [
        Fold((name,), (
            change(f'{container}.image', image.format('1.4.0', number), image.format('1.5.0', number + 1)),
            *(change(f'{container}.env.[VARIABLE_{each}].value', f'value-{number}', f'other-{number}')
              for each in range(8)),
            change('data.[config.yaml]', text(f'{number}s'), text(f'{number + 1}s'), f'ConfigMap {name}'),
        ))
        for number, name in enumerate(names)
    ]  # fmt: skip
    common = [Fold(tuple(names), tuple(change(f'spec.field{each}', each, each + 1) for each in range(20)))]
    risks = [Risk(rule('restart', 'high', 'pods restart'), Evidence('Deployment', 'pods'), tuple(names))]
    risks += [Risk(rule('pods-halved'), Evidence('pods', 'at their fewest', '4', '2'), (name,)) for name in names]
    impacts = {
        name: Impact('restart', 4, 2, {'nvidia.com/gpu': (8, 10, 4)}, ('ready pods get them',)) for name in names
    }
    return Report('abc', 'def', [Touched(name, None, None) for name in names], impacts, risks, [*common, *own])


def hostile(bad: str) -> Report:
    names = (f'prod/{bad}', f'{bad}/web')
    evidence = Evidence(bad, bad, bad, bad)
    risks = [Risk(Rule(bad, 'high', bad, bad), evidence, each) for each in (names, names * 7)]
    fields = [Field((bad,), bad, f'{bad}{bad}'), Field((bad,), {bad: bad}, [bad]), Field((bad,), ABSENT, bad)]
    folds = [Fold(names, (Change('+', bad), *(Change('~', bad, each) for each in fields)))]
    facts = (Fact(bad, bad, f'{bad}{bad}'),)
    impacts = {name: Impact('none', 0, 0, {bad: (1, 2, 3)}, (bad,), (), WAY, facts, (bad,)) for name in names}
    touched = [Touched(name, None, None, problem=bad) for name in names]
    return Report(bad, bad, touched, impacts, risks, folds, [bad], [bad])


def test_nothing_becomes_markup() -> None:
    made = Tree(page(hostile(BAD)))
    assert made.shape == Tree(page(hostile('plain'))).shape
    assert not {'\u202e', '\u0007'} & {*page(hostile(BAD))}, 'what people cannot see is escaped'
    assert BAD.replace('\u202e', '\\u202e').replace('\u0007', '\\x07') in made.text


def test_credentials_are_hidden() -> None:
    token = f'ghp_{"a1B2" * 10}'
    fields = [
        Field(('x',), {'y': token}, {'y': 'none'}),
        Field(('y',), ABSENT, token),
        Field(('z',), 'none', f'a {token}'),
    ]
    made = page(Report('a', 'b', (), {}, (), [Fold(('prod/web',), tuple(Change('~', 'A b', each) for each in fields))]))
    assert token[:12] not in made
    assert made.count('…</') == 3


def test_texts_that_no_file_can_hold() -> None:
    assert '\\ud800' in page(hostile('\ud800'))


def test_its_structure() -> None:
    tree = Tree(page(sample()))
    ids = tree.values('id')
    assert len(ids) == len({*ids})
    links = [href for href in tree.values('href') if href != 'data:,']
    assert {link.removeprefix('#') for link in links} <= {*ids}, 'all links lead somewhere in the page'
    assert not tree.values('style')
    assert not [name for _, attributes in tree.tags for name in attributes if name.startswith('on')]
    order = [attributes.get('data-severity') for tag, attributes in tree.tags if tag == 'li' and 'id' in attributes]
    assert order == ['critical', 'critical', 'high', 'medium']
    for shown in ('2 critical, 1 high, 1 medium: 6 releases in eu, prod, test; 10 pods are replaced', '0.52', '0.48',
                  'nvidia.com/gpu: 8, at most 10, then 4', '2.0.0 gets 0 → 20 % of the requests', 'Service web-old',
                  "'80'".replace("'", '"')):  # fmt: skip
        assert shown in tree.text
    assert tree.values('data-releases') == ['', '3', '1 3', '0', '0-5', '3', '1 3', '5', '0']


def test_the_policy_allows_its_own_style_and_script_only() -> None:
    (policy,) = [each for each in Tree(page(sample())).values('content') if 'default-src' in each]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S{43}='; script-src 'sha256-\S{43}='; img-src data:; "
        r"base-uri 'none'; form-action 'none'", policy,
    )  # fmt: skip


def test_a_report_of_nothing() -> None:
    tree = Tree(page(Report('abc', '', (), {}, (), (), ['no helm'])))
    for shown in (
        'The change could not be looked at',
        'work tree',
        'no helm',
        'No risks found.',
        'No release changes.',
    ):
        assert shown in tree.text


def test_equal_reports_give_equal_pages_of_bounded_size() -> None:
    made = page(large())
    assert len(made.encode()) < 5_000_000
    assert made == page(large())
    assert made.count('spec.field7') == 1, 'a difference of all releases is there once'


def shown(side: Any) -> str | None:
    return side and ''.join(f'[{each.text}]' if each.differs else each.text for each in side)


@pytest.mark.parametrize(
    ('old', 'new', 'pairs'),
    [
        ('server:1@x', 'server:2@x', [('server:[1]@x', 'server:[2]@x')]),
        ('--len=8192', '--len=4096', [('--len=[8192]', '--len=[4096]')]),
        ('a', 'a b', [('a', 'a[ b]')]),
        (None, 'x\ny', [(None, 'x'), (None, 'y')]),
        ('x', None, [('x', None)]),
        ('', 'x', [('', '[x]')]),
        ('a\nb\nc', 'a\nc', [('a', 'a'), ('b', None), ('c', 'c')]),
        ('\n'.join('abcdefgh'), '\n'.join('abcdXfgh'), [*zip('cd', 'cd', strict=True), ('[e]', '[X]'),
                                                       *zip('fg', 'fg', strict=True)]),
        ('1\na\nb\nc\nd\ne\n1', '2\na\nb\nc\nd\ne\n2', [('[1]', '[2]'), ('a', 'a'), ('b', 'b'), (None, None),
                                                       ('d', 'd'), ('e', 'e'), ('[1]', '[2]')]),
        ('x' * 300 + ' a', 'x' * 300 + ' b', [('…' + 'x' * 99 + ' [a]', '…' + 'x' * 99 + ' [b]')]),
    ],
)  # fmt: skip
def test_lines_beside_each_other(old: str | None, new: str | None, pairs: list[tuple[str | None, str | None]]) -> None:
    assert [(shown(row.old), shown(row.new)) for row in rows(old, new)] == pairs


def test_long_texts_are_compared_in_time_and_cut() -> None:
    one, other = ('\n'.join(f'{number % 7} {salt}' for number in range(5000)) for salt in 'ab')
    assert len(rows(one, other)) == 5000
    report = Report('a', 'b', (), {}, (), [Fold(('prod/web',), (change('data.x', one, other),))])
    assert f'and {5000 - MOST} more lines' in page(report)


def test_the_command(tmp_path: Path) -> None:
    files = {**r.settings(), **r.model('web', replicas=4), **r.following('prod'), **r.release('prod', 'web')}
    made = published(tmp_path / 'made', files)
    made.write(r.release('prod', 'web', values={'replicaCount': 2}))
    done = chartloom(made.folder, 'review', '--form', 'html')
    assert done.returncode == 0, done.stderr
    tree = Tree(done.stdout)
    assert 'half of the serving pods or more go' in tree.text
    assert 'spec.minReplicas' in tree.text
    assert f'What changes from {made.head()[:12]} to ' in tree.text


@pytest.mark.parametrize('theme', ['light', 'dark'])
@pytest.mark.parametrize('size', SIZES)
def test_it_is_accessible_and_fits(browser: Browser, tmp_path: Path, size: str, theme: str) -> None:
    crowded = replace(large(30), problems=['prod/web: helm failed'])
    for report in (sample(), crowded, Report('a', 'b', (), {}, (), ())):
        opened = Opened(browser, tmp_path, page(report), size, color_scheme=theme)
        opened.tab.click('text=Expand all')
        opened.check()
        opened.close()


def test_filters(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab = opened.tab
    assert opened.shown() == 'Shown: 4 of 4 risks, 6 of 6 releases, 5 of 5 groups of differences'
    tab.select_option('#environment', 'eu')
    assert opened.shown() == 'Shown: 3 of 4 risks, 2 of 6 releases, 3 of 5 groups of differences'
    tab.select_option('#model', 'web')
    assert opened.shown() == 'Shown: 2 of 4 risks, 1 of 6 releases, 2 of 5 groups of differences'
    tab.select_option('#severity', 'high')
    assert opened.shown() == 'Shown: 1 of 4 risks, 1 of 6 releases, 2 of 5 groups of differences'
    assert [each.get_attribute('id') for each in tab.locator('.risk:visible').all()] == ['restart-1']
    tab.click('text=Reset filters')
    tab.wait_for_function("document.getElementById('shown').textContent.startsWith('Shown: 4 of 4')")
    tab.fill('#text', 'TIMEOUT 5s')
    assert opened.shown() == 'Shown: 0 of 4 risks, 0 of 6 releases, 1 of 5 groups of differences'
    tab.fill('#text', 'eu/ranker image')
    assert opened.shown().endswith('1 of 5 groups of differences'), 'a group is found by any of its releases'
    opened.close()


def test_links_lead_to_what_is_hidden_or_closed(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab = opened.tab
    tab.click('text=Collapse all')
    assert tab.locator('details[open]').count() == 0
    tab.click('#release-prod\\/web a[href="#difference-2"]')
    tab.wait_for_selector('#difference-2[open]')
    tab.select_option('#environment', 'test')
    assert not tab.is_visible('#difference-2')
    tab.evaluate('location.hash = "pods-halved-1"')
    tab.wait_for_selector('#pods-halved-1:visible')
    assert tab.input_value('#environment') == ''
    tab.goto(f'{opened.file.as_uri()}#difference-5')
    tab.click('text=Expand all')
    assert tab.locator('.fold:not([open])').count() == 0
    opened.close()


def test_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab = opened.tab
    tab.keyboard.press('Tab')
    assert tab.evaluate('document.activeElement.className') == 'skip'
    reached = []
    for _ in range(60):
        tab.keyboard.press('Tab')
        reached.append(tab.evaluate('document.activeElement.id || document.activeElement.tagName'))
        if reached[-1] == 'text':
            tab.keyboard.type('timeout')
            assert opened.shown().endswith('1 of 5 groups of differences')
        if reached[-1] == 'SUMMARY':
            break
    assert [each for each in reached if each in ('text', 'environment', 'model', 'severity', 'expand', 'collapse')] == [
        'text', 'environment', 'model', 'severity', 'expand', 'collapse',
    ]  # fmt: skip
    assert tab.locator('#difference-3[open]').count() == 1
    tab.keyboard.press('Enter')
    assert tab.locator('#difference-3[open]').count() == 0
    opened.close()


def test_without_script_all_can_be_read(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(large(60)), java_script_enabled=False)
    tab = opened.tab
    assert not tab.is_visible('form')
    assert tab.locator('.risk:visible').count() == 61
    assert not tab.is_visible('#difference-1 table')
    tab.click('#difference-1 summary')
    assert tab.is_visible('#difference-1 table')
    opened.close()


def test_nothing_hostile_runs(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(hostile(BAD)))
    opened.tab.click('text=Expand all')
    opened.tab.fill('#text', 'hacked')
    assert opened.tab.evaluate('typeof hacked') == 'undefined'
    assert opened.tab.locator('img').count() == 0
    opened.close()


def test_the_filters_find_among_500_releases(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(large()))
    assert ' 5 of 500 releases' in opened.chosen('model', 'recommendation-model-004')
    assert ' 100 of 500 releases' in opened.chosen('environment', 'environment-3')
    assert ' 1 of 501 risks' in opened.chosen('severity', 'high')
    assert ' 500 of 500 releases' in opened.shown()
    opened.close()
