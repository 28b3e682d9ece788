"""The forms of a report: Markdown stays below what a forge takes and shows names as they are; data; a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, chartloom, published

from generator.compare.fields import Field
from generator.review.markdown import LONGEST, markdown
from generator.review.records import Change, Evidence, Fold, Report, Risk, Rule
from generator.review.text import text_lines

RULE = Rule('danger', 'critical', 'something *bad* happens', 'undo it')


def report(*, folds: int = 0, risks: int = 1, problems: tuple[str, ...] = ()) -> Report:
    found = [
        Risk(RULE, Evidence('Service a`b', 'spec.x', '1', f'<{number}>'), ('prod/web_1',)) for number in range(risks)
    ]
    changes = tuple(Change('~', 'Deployment web', Field(('spec', f'field{n}'), '``` old', 'new')) for n in range(50))
    folded = [Fold((f'prod/m{number}',), changes) for number in range(folds)]
    return Report('abc', 'def', (), {}, found, folded, problems)


def test_markdown_begins_with_what_matters() -> None:
    lines = markdown(report(folds=1, problems=('prod/web: helm failed | badly',))).splitlines()
    assert lines[0] == '> **Not complete:** `prod/web: helm failed | badly`'
    assert lines[1] == '## 1 critical: 0 releases; 0 pods are replaced'
    assert lines[3] == '### Critical'
    assert (
        lines[5] == '* **something *bad* happens** (`prod/web_1`): ``Service a`b spec.x: 1 → <0>``. Undo it. `danger`'
    )
    assert lines[-2:] == ['```', '</details>']
    assert sum(line.startswith('```') for line in lines) == 2, 'no line of a difference ends the block'


@pytest.mark.parametrize(('folds', 'risks'), [(2000, 1), (0, 3000), (500, 300)])
def test_markdown_is_bounded_and_says_what_it_leaves_out(folds: int, risks: int) -> None:
    text = markdown(report(folds=folds, risks=risks))
    assert LONGEST * 0.9 < len(text) < LONGEST
    assert text.count('<details>') == text.count('</details>')
    assert sum(line.startswith('```') for line in text.splitlines()) % 2 == 0
    last = text.splitlines()[-1]
    assert last.endswith('more lines do not fit: `chartloom review abc def` shows all.')


def test_text_is_folded() -> None:
    lines = [line for line, _ in text_lines(report(folds=1))]
    assert lines[0] == '1 critical: 0 releases; 0 pods are replaced (abc → def)'
    assert lines[-1] == '  and 30 more: --output json has all'


@pytest.fixture
def made(tmp_path: Path) -> Checkout:
    files = {**r.settings(), **r.model('web', replicas=4), **r.following('prod'), **r.release('prod', 'web')}
    return published(tmp_path / 'made', files)


def test_the_command(made: Checkout) -> None:
    done = chartloom(made.folder, 'review')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('Nothing changes in any environment (')
    made.write(r.release('prod', 'web', values={'replicaCount': 2}))
    done = chartloom(made.folder, 'review', '--fail-on', 'critical')
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:3] == [
        'critical: half of the serving pods or more go  [prod/web]',
        '  pods at their fewest: 4 → 2',
    ]
    found = json.loads(chartloom(made.folder, 'review', '--output', 'json').stdout)
    assert (found['complete'], found['worst']) == (True, 'critical')
    (release,) = found['releases']
    assert (release['release'], release['podsBefore'], release['podsAfter']) == ('prod/web', 4, 2)
    assert found['differences'][0]['lines'] == [
        '~ HorizontalPodAutoscaler web: spec.minReplicas 4 → 2',
        '~ HorizontalPodAutoscaler web: spec.maxReplicas 4 → 2',
    ]
    head = made.head()
    assert made.commit().commit
    text = chartloom(made.folder, 'review', head, 'HEAD', '--form', 'markdown').stdout
    assert text.startswith('## 1 critical: 1 release in prod; 0 pods are replaced\n')


def test_a_difference_of_several_releases_is_told_once(tmp_path: Path) -> None:
    both = {**r.following('prod'), **r.following('test')}
    files = {**r.settings(), **r.model('web', replicas=4), **both}
    made = published(tmp_path / 'made', {**files, **r.release('prod', 'web'), **r.release('test', 'web')})
    values = [{'revisionHistoryLimit': 3, 'replicaCount': count} for count in (5, 6)]
    made.write({**r.release('prod', 'web', values=values[0]), **r.release('test', 'web', values=values[1])})
    found = json.loads(chartloom(made.folder, 'review', '--output', 'json').stdout)['differences']
    assert [(each['releases'], each['lines'][0]) for each in found] == [
        (['prod/web', 'test/web'], '~ Deployment web: spec.revisionHistoryLimit 5 → 3'),
        (['prod/web'], '~ HorizontalPodAutoscaler web: spec.minReplicas 4 → 5'),
        (['test/web'], '~ HorizontalPodAutoscaler web: spec.minReplicas 4 → 6'),
    ]


def test_there_is_a_report_whatever_fails(made: Checkout) -> None:
    made.write({'registry/releases/prod/web.yaml': b'spec: ['})
    done = chartloom(made.folder, 'review', '--fail-on', 'critical')
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith('not complete: this change cannot be generated: registry/releases/prod/web.yaml: ')


def test_a_renamed_environment_is_the_same_release(made: Checkout) -> None:
    head = made.head()
    assert chartloom(made.folder, 'environment', 'rename', 'prod', 'live').returncode == 0
    found = json.loads(chartloom(made.folder, 'review', head, 'HEAD', '--output', 'json').stdout)
    assert [release['release'] for release in found['releases']] == ['live/web']
    assert found['risks'] == found['differences'] == []


def test_markdown_tells_nobody_at_a_forge() -> None:
    lines = markdown(report(folds=1, problems=('@everyone look',))).splitlines()
    assert lines[0] == '> **Not complete:** `@everyone look`'
