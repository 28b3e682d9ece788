"""The page of a board: nothing in it becomes markup; in a browser it filters, opens, is accessible, and is fast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import BAD, SIZES, Opened, Tree
from browsers import browser as browser

from generator.board.page import page
from generator.board.records import Board, Cell, Column, Differing, Drift, Going, Lag, Row, Since, Stop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DAYS = Since('2026-11-20', 11)


def release(environment: str, model: str, version: str = '2.1.0', source: str = '', **more: object) -> Cell:
    plain = Cell(
        environment, model, version, '1.4.0', source, DAYS, None, None, (), (), (), (f'{model}.{environment}.example',),
        'rolling',
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def row(model: str, *cells: Cell, team: str = 'shop', artifact: str = 's3://models/model/3') -> Row:
    image = f'registry.example/server:3@sha256:{"a" * 64}'
    return Row(
        model, team, f'Answers for {model}', '3.0.0', artifact, image, {each.environment: each for each in cells}
    )


def column(name: str, *before: str, follows: bool = False, production: bool = False) -> Column:
    return Column(name, before, follows, production, f'cluster-{name}', 'ml')


COLUMNS = (column('dev', follows=True), column('staging', 'dev'), column('prod', 'staging', production=True))
LAG = Lag('staging/web', '2.1.0', '1.4.0', 1, 2, DAYS)
GOING = Going('2.1.0', '1.4.0', [('chart', 0), ('on', 0), ('step-1', 20), ('shift', 100)], 2, aborted=False)
DIFFERING = (
    Differing('autoscaling.maxReplicas', '3', '12', 'registry/releases/prod/web.yaml'),
    Differing('replicaCount', '2', '6', 'registry/releases/prod/web.yaml'),
    Differing('registryMirrors', 'not set', 'mirror.example', 'registry/environments/prod.yaml'),
    Differing('image.tag', '1', '2'),
)


def sample() -> Board:
    """Three environments and four models in two teams; one of everything."""
    web = row(
        'web',
        release('dev', 'web', '3.0.0', drift=(Drift('values/dev/web.yaml', 'edited by hand', ('replicaCount: 7',)),)),
        release('staging', 'web', source='dev/web', stops=(Stop('withdrawn', '3.0.0 on 2026-11-30: wrong prices'),)),
        release('prod', 'web', '2.0.0', 'staging/web', lag=LAG, going=GOING, differing=DIFFERING),
    )  # fmt: skip
    locked = (Stop('locked', 'locked by Ann until 2026-12-24T18:00:00Z: the Christmas sale (registry/x.yaml)'),)
    api = row('api', release('staging', 'api'), release('prod', 'api', source='staging/api', stops=locked))
    ranker = row('ranker', release('dev', 'ranker'), team='search', artifact='https://models.example/ranker.tar.gz')
    others = (Drift('charts/api/1.4.1', 'missing'), Drift('README.md', 'not generated'))
    return Board('2026-12-01T12:00:00Z', '0123456789abcdef', COLUMNS, [api, ranker, row('unused'), web], others)


def large(models: int = 1000, environments: int = 4) -> Board:
    """Every third release is behind; each differs in values that many have, and in some of its own."""
    columns = [
        column(f'region-{number}', *([f'region-{number - 1}'] if number else [])) for number in range(environments)
    ]
    common = [
        Differing(f'monitoring.labels.key{n}', 'not set', f'v{n}', 'registry/environments/x.yaml') for n in range(25)
    ]
    rows = []
    for number in range(models):
        model, cells = f'recommendation-model-{number:04}', []
        for place, each in enumerate(columns):
            source = f'region-{place - 1}/{model}' if place else ''
            own = [
                Differing(
                    'route.hostnames', f'[{model}.a.example]', f'[{model}.b.example]', 'registry/environments/x.yaml'
                ),
                Differing('replicaCount', '2', str(number), f'registry/releases/{each.name}/{model}.yaml'),
            ]
            lag = replace(LAG, source=source) if place and not (number + place) % 3 else None
            cells.append(release(each.name, model, source=source, lag=lag, differing=[*common, *own] if place else ()))
        rows.append(row(model, *cells, team=f'team-{number % 20}'))
    return Board('2026-12-01T12:00:00Z', '0123456789abcdef', columns, rows)


def hostile(bad: str) -> Board:
    it = release(
        bad, bad, bad, f'{bad}/{bad}', chart=bad, since=Since(bad, 1), lag=Lag(bad, bad, bad, 1, 1, Since(bad, 1)),
        going=replace(GOING, version=bad, chart=bad, stages=[(bad, 0), (bad, 1), (bad, 2)]),
        drift=(Drift(bad, bad, (bad,)),), differing=(Differing(bad, bad, bad, bad), Differing(bad, bad, bad)),
        stops=(Stop('locked', bad),), hosts=(bad,), strategy=bad,
    )  # fmt: skip
    found = Row(bad, bad, bad, bad, bad, bad, {bad: it})
    return Board(bad, bad, [column(bad, bad)], [found], [Drift(bad, bad)], [bad])


def test_nothing_becomes_markup() -> None:
    made = page(hostile(BAD))
    assert Tree(made).shape == Tree(page(hostile('plain'))).shape
    assert not {'\u202e', '\u0007'} & {*made}, 'what people cannot see is escaped'
    assert BAD.replace('\u202e', '\\u202e').replace('\u0007', '\\x07') in Tree(made).text
    assert '\\ud800' in page(hostile('\ud800'))


def test_its_structure() -> None:
    tree = Tree(page(sample()))
    ids = tree.values('id')
    assert len(ids) == len({*ids})
    assert not tree.values('style')
    assert not [name for _, attributes in tree.tags for name in attributes if name.startswith('on')]
    for shown in ('6 releases of 4 models in 3 environments: 1 drift, 1 rollout, 1 locked, 1 withdrawn, 1 behind, 2 up',
                  '1 version behind, 11 days', 'rollout to 2.1.0: step-1, 20 %', 'follows the newest',
                  'production, from staging', '2 more files are not what the registry says'):  # fmt: skip
        assert shown in tree.text
    (policy,) = [each for each in tree.values('content') if 'default-src' in each]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_a_board_of_nothing(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(Board('2026-12-01T12:00:00Z', '', [], [])))
    assert opened.tab.is_visible('text=The registry has no models.')
    opened.check()
    opened.close()


def test_the_page_of_many_is_small() -> None:
    made = page(large())
    assert len(made.encode()) < 3_000_000
    assert made.count('monitoring.labels.key7') == 1, 'what many have is there once'


@pytest.mark.parametrize('theme', ['light', 'dark'])
@pytest.mark.parametrize('size', SIZES)
def test_it_is_accessible_and_fits(browser: Browser, tmp_path: Path, size: str, theme: str) -> None:
    for made in (replace(sample(), problems=['prod/web: gone'], cut=True), large(20, 9)):
        opened = Opened(browser, tmp_path, page(made), size, color_scheme=theme)
        opened.tab.click('.row button >> nth=-1')
        for each in opened.tab.locator('.more details').all():
            each.locator('summary').click()
        opened.check()
        opened.close()


def test_filters(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab = opened.tab

    def models() -> list[str]:
        return tab.locator('.row button:visible').all_inner_texts()

    assert opened.shown() == 'Shown: 4 of 4 models, 6 of 6 releases'
    tab.select_option('#environment', 'prod')
    assert (models(), opened.shown()) == (['api', 'web'], 'Shown: 2 of 4 models, 2 of 6 releases')
    assert tab.locator('thead th:visible').count() == 2, 'the other environments are hidden'
    tab.select_option('#state', 'locked')
    assert models() == ['api']
    tab.select_option('#environment', 'dev')
    assert (models(), opened.shown()) == ([], 'Shown: 0 of 4 models, 0 of 6 releases')
    tab.click('text=Reset filters')
    tab.wait_for_function("document.getElementById('shown').textContent.startsWith('Shown: 4 of 4')")
    assert tab.locator('thead th:visible').count() == 4
    tab.select_option('#team', 'search')
    assert models() == ['ranker']
    tab.select_option('#team', '')
    tab.select_option('#model', 'unused')
    assert (models(), opened.shown()) == (['unused'], 'Shown: 1 of 4 models, 0 of 6 releases')
    tab.select_option('#model', '')
    for words, found in (
        ('CHRISTMAS', ['api']), ('web.prod.example', ['web']), ('prod/api', ['api']), ('wrong web', ['web']),
        ('edited by hand', ['web']), ('nothing', []),
    ):  # fmt: skip
        tab.fill('#text', words)
        assert models() == found
    opened.close()


def test_details(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab = opened.tab
    tab.click('button:text-is("web")')
    more = tab.locator('#model-web-more')
    for told in (
        'Answers for web', '3.0.0 on 2026-11-30: wrong prices', 'values/dev/web.yaml: edited by hand',
        '1 version behind staging/web, which runs 2.1.0 (chart 1.4.0): for 11 days, since 2026-11-20',
    ):  # fmt: skip
        assert told in more.inner_text()
    assert more.locator('[aria-current=step]').inner_text() == 'step-1 20 %'
    assert more.locator('a').first.get_attribute('href') == 'https://web.dev.example/'
    assert not tab.is_visible('.values')
    tab.click('text=4 values not as in staging: 3 intended by the registry, 1 by the chart')
    assert more.locator('.values th[scope=rowgroup]').all_inner_texts() == [
        'intended: set by registry/environments/prod.yaml',
        'intended: set by registry/releases/prod/web.yaml',
        'comes with the chart, which is of another version',
    ]
    tab.select_option('#state', 'locked')
    assert not more.is_visible(), 'details are shown with their model only'
    tab.select_option('#state', '')
    assert more.is_visible()
    tab.click('text=Close all')
    assert not more.is_visible()
    tab.click('button:text-is("ranker")')
    assert tab.get_attribute('#model-ranker-more a', 'href') == 'https://models.example/ranker.tar.gz'
    opened.close()


def test_links_lead_to_what_is_hidden(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    opened.tab.select_option('#team', 'search')
    opened.tab.evaluate('location.hash = "model-web"')
    opened.tab.wait_for_selector('#model-web-more:visible')
    assert opened.tab.input_value('#team') == ''
    opened.close()


def test_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()))
    tab, reached = opened.tab, []
    tab.keyboard.press('Tab')
    assert tab.evaluate('document.activeElement.className') == 'skip'
    while 'web' not in reached and len(reached) < 30:
        tab.keyboard.press('Tab')
        reached.append(tab.evaluate('document.activeElement.id || document.activeElement.innerText'))
        if reached[-1] == 'text':
            tab.keyboard.type('web')
            assert opened.shown().startswith('Shown: 1 of 4 models')
    assert [each for each in reached if each in ('text', 'environment', 'model', 'team', 'state')] == [
        'text', 'environment', 'model', 'team', 'state',
    ]  # fmt: skip
    for is_open in (True, False):
        tab.keyboard.press('Enter')
        assert tab.get_attribute('#model-web button', 'aria-expanded') == str(is_open).lower()
        assert tab.is_visible('#model-web-more') is is_open
    opened.close()


def test_without_script_the_table_can_be_read(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(sample()), 'phone', java_script_enabled=False)
    assert not opened.tab.is_visible('form')
    assert opened.tab.is_visible('text=1 version behind, 11 days')
    opened.close()


def test_nothing_hostile_runs(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(hostile(BAD)))
    opened.tab.click('.row button')
    opened.tab.click('.more summary')
    opened.tab.fill('#text', 'hacked')
    assert opened.tab.evaluate('typeof hacked') == 'undefined'
    assert opened.tab.locator('img').count() == 0
    assert opened.tab.locator('.more a').count() == 0, 'what is no name of a host is no link'
    opened.close()


def test_the_filters_find_among_a_thousand_models(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, page(large()))
    everything = opened.shown()
    for choice in (('text', 'model-07'), ('environment', 'region-2'), ('team', 'team-3'), ('state', 'behind')):
        assert opened.chosen(*choice) not in (everything, '')
        assert opened.shown() == everything
    opened.close()
