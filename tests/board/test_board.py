"""The board of a repository: lag and days from git's history, rollouts, what stops releases, drift, values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, clone, new, published

from generator.board.records import Board, Cell
from generator.pipeline.board import board
from generator.tools.clock import utc_text

START = 1767225600  # 2026-01-01
DAY = 86400
VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20}, {'weight': 50}]}}
PINS = {version: {'version': version, 'chart': f'1.{number}.0'} for number, version in enumerate('123')}
FILES = {
    **r.settings(),
    **r.model('web', versions=VERSIONS),
    **r.following('dev'),
    **r.environment('staging'),
    **r.environment('prod', promotesFrom=['staging']),
    **r.release('dev', 'web'),
}

Commit = Callable[..., None]


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    return new(tmp_path / 'repository', FILES)


@pytest.fixture
def on(here: Checkout, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """Pin releases of web (`staging='2'`), write other files, and commit on a day."""

    def commit(day: int, files: Mapping[str, bytes] | None = None, **pins: str) -> None:
        monkeypatch.setenv('GIT_COMMITTER_DATE', f'{START + day * DAY} +0000')
        for environment, version in pins.items():
            here.write(r.release(environment, 'web', **PINS[version]))
        here.write(files or {})
        assert here.commit().commit

    return commit


def made(here: Checkout, day: int = 10, models: tuple[str, ...] = ()) -> Board:
    from generator.pipeline.run import open_run

    return board(open_run(here.repository(), models, at=START + day * DAY))


def cell(here: Checkout, name: str = 'prod/web', day: int = 10) -> Cell:
    (found,) = [each for each in made(here, day).cells if each.name == name]
    return found


def test_a_release_is_behind_since_the_one_before_has_more(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    on(2, staging='2')
    on(5, staging='3')
    on(6, prod='2')
    found = cell(here)
    assert found.lag
    assert (found.version, found.chart, found.source, found.states) == ('2', '1.1.0', 'staging/web', ('behind',))
    assert (found.lag.version, found.lag.chart, found.lag.versions, found.lag.charts) == ('3', '1.2.0', 1, 1)
    assert found.lag.since
    assert found.since
    assert (found.lag.since.date, found.lag.since.days) == ('2026-01-06', 5)
    assert (found.since.date, found.since.days) == ('2026-01-07', 4)
    assert cell(here, 'staging/web').states == ('up to date',)
    assert cell(here, 'dev/web').states == ('up to date',)


def test_two_versions_behind_since_the_first_of_them(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    on(2, staging='2')
    on(5, staging='3')
    on(7, r.release('staging', 'web', **PINS['3'], values={'replicaCount': 2}))
    lag = cell(here).lag
    assert lag
    assert lag.since
    assert (lag.versions, lag.since.date) == (2, '2026-01-03')
    assert getattr(cell(here, 'staging/web').since, 'date', '') == '2026-01-06', 'other values are no other version'


def test_what_came_back_is_behind_since_then(here: Checkout, on: Commit) -> None:
    on(0, staging='2', prod='1')
    on(3, staging='1')
    on(4, staging='2')
    lag = cell(here).lag
    assert lag
    assert lag.since
    assert (lag.versions, lag.since.date) == (1, '2026-01-05')


def test_ahead_of_the_one_before_and_of_the_newest(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    on(1, r.release('prod', 'web', **PINS['2'], skipPromotion='a hotfix of the sale'))
    found = cell(here)
    assert found.lag
    assert (found.states, found.lag.versions, found.lag.since) == (('ahead',), -1, None)
    lag = cell(here, 'staging/web').lag
    assert lag
    assert (lag.source, lag.version, lag.versions) == ('', '3', 2), 'nothing is before staging'


def test_what_is_not_published_has_no_day(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    here.write(r.release('staging', 'web', **PINS['2']))
    assert cell(here, 'staging/web').since is None
    lag = cell(here).lag
    assert lag
    assert (lag.versions, lag.since) == (1, None)


def test_a_rollout_runs_what_it_comes_from(here: Checkout, on: Commit) -> None:
    staging = r.environment('staging', strategy=CANARY, **r.GATEWAY)
    on(0, {**r.model('web', versions=VERSIONS, route={}), **staging}, staging='1', prod='1')
    answered(here, 'rollout', 'start', 'staging/web', '--version', '2', '--at', utc_text(START + 2 * DAY))
    answered(here, 'rollout', 'advance', 'staging/web')
    found = cell(here, 'staging/web')
    going = found.going
    assert going
    assert (found.version, going.version, going.stage, going.requests) == ('1', '2', 'step-1', 20)
    assert going.stages[-2:] == [('replace', 100), ('return', 100)]
    assert found.states == ('rollout', 'behind')
    assert getattr(found.since, 'date', '') == '2026-01-01'
    assert cell(here).lag is None, 'what has not ended there is not behind here'
    answered(here, 'rollout', 'abort', 'staging/web')
    going = cell(here, 'staging/web').going
    assert going
    assert (going.aborted, going.requests) == (True, 0)


def test_what_stops_a_release(here: Checkout, on: Commit) -> None:
    lock = {'reason': 'an audit', 'by': 'Ann', 'until': utc_text(START + 12 * DAY)}
    frozen = {'from': utc_text(START)[:16], 'to': utc_text(START + 11 * DAY)[:16], 'reason': 'the sale'}
    gave_up = [{'version': '3', 'reason': 'wrong answers', 'date': '2026-01-02'}]
    files = {
        **r.environment('prod', promotesFrom=['staging'], lock=lock, promotion={'frozen': [frozen]}),
        **r.release('prod', 'web', **PINS['1'], withdrawn=gave_up, suspended={'reason': 'a test', 'by': 'Bob'}),
    }
    on(0, files, staging='1')
    found = cell(here)
    assert found.states == ('suspended', 'locked', 'frozen', 'withdrawn')
    assert [stop.told for stop in found.stops] == [
        'suspended by Bob (a test)',
        'locked by Ann until 2026-01-13T00:00:00Z: an audit (registry/environments/prod.yaml)',
        'until 2026-01-12T00:00 (UTC): the sale',
        '3 on 2026-01-02: wrong answers',
    ]
    assert cell(here, day=13).states == ('suspended', 'withdrawn'), 'a lock that ended stops nothing'


def test_drift(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    assert made(here).others == ()
    values = 'values/prod/web.yaml'
    here.write({values: here.read(values).replace('{}', 'replicaCount: 7')})
    here.remove('delivery/dev/web.yaml')
    here.write(r.release('staging', 'web', **PINS['1'], values={'replicaCount': 4}))
    here.write(r.model('api'))
    prod, dev, staging = (cell(here, f'{name}/web').drift for name in ('prod', 'dev', 'staging'))
    assert [(each.file, each.how, each.values) for each in prod] == [
        (values, 'edited by hand', ('replicaCount: 7, by the registry not set',))
    ]
    assert [(each.file, each.how) for each in dev] == [('delivery/dev/web.yaml', 'missing')]
    assert {each.how for each in staging} == {'not generated from the registry as it is'}
    assert {each.values for each in staging} == {('replicaCount: not set, by the registry 4',)}
    assert [each.file for each in made(here).others] == ['charts/api/1.0.0', 'charts/api/versions.yaml']
    assert here.git('diff', '--stat', 'HEAD', '--', 'values/staging') == '', 'nothing is written'


def test_files_without_a_release_are_told(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    here.remove('registry/releases/prod/web.yaml')
    found = made(here)
    assert [each.name for each in found.cells] == ['dev/web', 'staging/web']
    assert all('registry/releases/prod/web.yaml was not found' in each for each in found.problems)
    assert found.problems


def test_values_that_differ_are_intended_or_of_the_chart(here: Checkout, on: Commit) -> None:
    prod = r.environment('prod', promotesFrom=['staging'], values={'revisionHistoryLimit': 3})
    staging = r.release('staging', 'web', **PINS['1'], values={'env': {'LEVEL': {'value': 'debug'}}})
    on(0, {**prod, **staging, **r.release('prod', 'web', **PINS['1'], values={'replicaCount': 5})})
    assert [(each.key, each.there, each.here, each.file, each.cause) for each in cell(here).differing] == [
        ('env.LEVEL', '{value: debug}', 'not set', 'registry/releases/staging/web.yaml', 'registry'),
        ('replicaCount', '2', '5', 'registry/releases/prod/web.yaml', 'registry'),
        ('revisionHistoryLimit', '5', '3', 'registry/environments/prod.yaml', 'registry'),
    ]
    assert cell(here, 'staging/web').differing == []
    on(1, staging='2')
    causes = {each.key: each.cause for each in cell(here).differing}
    assert (causes['image.tag'], causes['replicaCount']) == ('chart', 'registry')


def test_credentials_are_hidden(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    values = 'values/prod/web.yaml'
    token = f'ghp_{"a1B2" * 9}'
    here.write({values: here.read(values).replace('{}', f'parameters:\n  token: {token}')})
    assert 'token: …' in repr(cell(here).drift)
    assert token not in chartloom(here.folder, 'board', '--form', 'html').stdout
    assert token not in repr(cell(here).drift)


def test_environments_are_in_the_order_of_promotion(tmp_path: Path) -> None:
    files = {
        **r.settings(), **r.model('web'), **r.following('z'), **r.environment('y'),
        **r.environment('a', promotesFrom=['x', 'y']), **r.environment('x', promotesFrom=['y']),
        **r.environment('b', promotesFrom=['y']),
    }  # fmt: skip
    here = published(tmp_path / 'made', files)
    assert [column.name for column in made(here).columns] == ['z', 'y', 'b', 'x', 'a']
    (row,) = made(here).rows
    assert (row.model, dict(row.cells)) == ('web', {}), 'a model without a release has a row'


def test_some_models(here: Checkout, on: Commit) -> None:
    on(0, {**r.model('api'), **r.release('dev', 'api')}, staging='1', prod='1')
    on(1, staging='2')
    found = made(here, models=('web',))
    assert [row.model for row in found.rows] == ['web']
    assert found.cells == made(here).cells[1:]


def test_a_shallow_clone_says_so(here: Checkout, on: Commit, tmp_path: Path) -> None:
    on(0, staging='1', prod='1')
    on(3, staging='2')
    assert not made(here).cut
    found = made(clone(here.top.as_uri(), tmp_path / 'shallow', '--depth=1'))
    assert found.cut
    assert {getattr(each.since, 'date', '') for each in found.cells} == {'2026-01-04'}


def test_a_registry_in_a_folder(tmp_path: Path) -> None:
    found = made(published(tmp_path / 'made', {**FILES, **r.release('staging', 'web', **PINS['1'])}, 'a/'))
    assert [(each.name, getattr(each.since, 'date', '')) for each in found.cells] == [
        ('dev/web', '2026-01-02'),
        ('staging/web', '2026-01-02'),
    ]


def test_nothing_is_committed_yet(here: Checkout) -> None:
    found = made(here)
    assert (found.head, found.cells[0].since, found.cells[0].states) == ('', None, ('drift',))


def test_history_is_read_once(here: Checkout, on: Commit, tmp_path: Path) -> None:
    """However many releases there are, and however often they moved."""
    on(0, {**r.model('api'), **r.release('dev', 'api')}, staging='1', prod='1')
    for day in range(1, 6):
        on(day, r.release('prod', 'web', **PINS['1'], values={'replicaCount': day}), staging='123'[day % 2])
    trace = tmp_path / 'trace'
    done = chartloom(here.folder, 'board', env={'GIT_TRACE': str(trace)})
    assert done.returncode == 0, done.stderr
    commands = [line.partition('built-in: git ')[2].split() for line in trace.read_text().splitlines()]
    assert sum('log' in command for command in commands) == 1
    assert sum('cat-file' in command for command in commands) < 12


def test_the_command(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    on(2, staging='2')
    at = ('--at', utc_text(START + 10 * DAY))
    done = chartloom(here.folder, 'board', *at)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == '3 releases of 1 model in 3 environments: 2 behind, 1 up to date'
    assert lines[1] == f'at 2026-01-11T00:00:00Z, commit {here.head()[:12]}'
    assert [line.split() for line in lines[2:4]] == [['MODEL', 'DEV', 'STAGING', 'PROD'], ['web', '3', '2*', '1*']]
    assert lines[-2:] == [
        'prod/web: 1 (chart 1.0.0)',
        '  behind: 1 version behind staging/web, which runs 2 (chart 1.1.0): for 8 days, since 2026-01-03',
    ]
    data: Any = answered(here, 'board', *at)
    assert [each['release'] for each in data['releases']] == ['dev/web', 'staging/web', 'prod/web']
    assert data['releases'][2]['lag']['since'] == {'date': '2026-01-03', 'days': 8}
    pages = {chartloom(here.folder, 'board', '--form', 'html', *at).stdout for _ in range(2)}
    assert len(pages) == 1, 'equal inputs give equal bytes'


def test_what_is_invalid_is_left_out_and_told(here: Checkout, on: Commit) -> None:
    on(0, {**r.model('api'), **r.release('dev', 'api')}, staging='1', prod='1')
    here.write({'registry/releases/prod/web.yaml': 'kind: Release\n'})
    here.write(r.model('api', runtime='none'))
    done = chartloom(here.folder, 'board')
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0].startswith('not complete: registry/models/api.yaml: ')
    assert any(line.startswith('not complete: registry/releases/prod/web.yaml: ') for line in told)
    assert '2 releases of 1 model in 3 environments: 1 behind, 1 up to date' in told


def test_what_inherits_from_an_invalid_environment_is_left_out_too(here: Checkout, on: Commit) -> None:
    region = {'inherits': 'staging', 'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'eu'}
    heir = {'registry/environments/eu.yaml': r.document('Environment', 'eu', region)}
    on(0, {**heir, **r.release('eu', 'web', **PINS['1'])}, staging='1')
    here.write({'registry/environments/staging.yaml': 'kind: Environment\n'})
    done = chartloom(here.folder, 'board')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('not complete: registry/environments/staging.yaml: ')
    assert '1 release of 1 model in 2 environments' in done.stdout


def test_invalid_settings_are_refused(here: Checkout, on: Commit) -> None:
    on(0, staging='1', prod='1')
    here.write({'registry/settings.yaml': 'kind: Settings\n'})
    done = chartloom(here.folder, 'board', '--form', 'html')
    assert (done.returncode, done.stdout) == (1, '')
    assert 'registry/settings.yaml' in done.stderr
