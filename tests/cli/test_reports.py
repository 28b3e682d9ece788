"""The report of a change from `plan`, `verify` and every operation: the same as that of `review`, in every form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from gitops import Checkout, changed_model, chartloom, published

BUMP = ('bump', 'web', '7', '--image', f'registry.example/server@sha256:{"7" * 64}')


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    here = published(tmp_path / 'here')
    here.write(changed_model(replicas=6))
    here.commit()
    return here


def report(here: Checkout, *command: str) -> dict[str, Any]:
    """Run a command with a report in JSON, and read it without the names of its sides."""
    file = here.top.parent / 'report.json'
    done = chartloom(here.folder, *command, '--report', str(file))
    assert done.returncode == 0, done
    found: dict[str, Any] = json.loads(file.read_text())
    return {key: value for key, value in found.items() if key not in ('base', 'head')}


def test_an_operation_reports_what_a_review_of_its_commit_does(here: Checkout) -> None:
    before = here.everything()
    tried = report(here, *BUMP, '--dry-run')
    assert here.everything() == before
    assert tried['complete']
    assert [each['release'] for each in tried['releases']]
    remote = report(here, *BUMP, '--dry-run', '--repo', str(here.top))
    assert remote == tried
    assert report(here, *BUMP) == tried
    done = chartloom(here.folder, 'review', 'HEAD~1', 'HEAD', '--output', 'json')
    reviewed = json.loads(done.stdout)
    assert {key: reviewed[key] for key in tried} == tried


def test_nothing_to_do_has_a_report(here: Checkout) -> None:
    assert chartloom(here.folder, *BUMP).returncode == 0
    for command in ((*BUMP, '--dry-run'), ('plan',), ('generate', '--commit')):
        found = report(here, *command)
        assert (found['releases'], found['risks'], found['complete']) == ([], [], True)


def test_a_plan_and_a_verification_have_a_report(here: Checkout) -> None:
    here.write(changed_model(replicas=2))
    planned = report(here, 'plan')
    assert 'pods-halved' in {risk['rule'] for risk in planned['risks']}
    here.commit()
    assert report(here, 'verify', '--base', 'HEAD~1') == planned
    for command in ('plan', 'verify'):
        assert chartloom(here.folder, command, 'web', '--report', '-').returncode == 2, 'others are left out'


@pytest.mark.parametrize(
    ('ending', 'start'), [('.md', '## '), ('.html', '<!doctype html>'), ('.txt', 'no rule found a risk')]
)
def test_the_name_of_the_file_is_its_form(here: Checkout, ending: str, start: str) -> None:
    file = here.top.parent / f'report{ending}'
    assert chartloom(here.folder, *BUMP, '--dry-run', '--report', str(file)).returncode == 0
    assert file.read_text().lower().startswith(start)


def test_a_report_on_the_terminal(here: Checkout) -> None:
    done = chartloom(here.folder, *BUMP, '--dry-run', '--report', '-')
    assert 'prod/web: 1 (chart 1.0.1)' in done.stdout
    for words in (['--report', 'x.pdf'], ['--report', 'nowhere/x.md'], ['--report', '-', '--output', 'json']):
        assert chartloom(here.folder, *BUMP, *words).returncode == 2
    here.folder.joinpath('x.md').mkdir()
    done = chartloom(here.folder, 'plan', '--report', 'x.md')
    assert (done.returncode, 'x.md: the report cannot be written' in done.stderr) == (1, True)


def test_the_first_commit_has_a_report(tmp_path: Path) -> None:
    file = tmp_path / 'report.json'
    done = chartloom(tmp_path, 'init', '--example', '--path', 'new', '--report', str(file))
    assert done.returncode == 0, done
    found = json.loads(file.read_text())
    assert (found['complete'], len(found['releases'])) == (True, 1)


def test_a_report_of_a_verification_does_not_guess_its_base_in_ci(here: Checkout) -> None:
    here.git('switch', '--quiet', '--create', 'request')
    here.write(changed_model(replicas=2))
    here.commit()
    file = here.top.parent / 'report.json'
    done = chartloom(here.folder, 'verify', '--report', str(file), env={**os.environ, 'CI': 'true'})
    assert (done.returncode, 'this is CI, and HEAD is not main' in done.stderr, file.exists()) == (1, True, False)


@pytest.mark.parametrize('dangling', [False, True])
@pytest.mark.parametrize('folder', [False, True])
def test_a_report_follows_no_link_of_a_request(here: Checkout, tmp_path: Path, folder: bool, dangling: bool) -> None:
    """Whoever writes a request must not choose which file of the machine is overwritten."""
    elsewhere = tmp_path / 'elsewhere'
    elsewhere.mkdir()
    target = elsewhere / 'report.txt'
    if not dangling:
        target.write_text('mine\n')
    name = 'reports/report.txt' if folder else 'report.txt'
    (here.top / name.partition('/')[0]).symlink_to(elsewhere if folder else target)
    for command in (('plan',), ('verify', '--base', 'HEAD'), BUMP):
        done = chartloom(here.folder, *command, '--report', name)
        assert (done.returncode, 'expected no link of the repository in this path' in done.stderr) == (1, True), done
        assert (target.read_text() if target.exists() else '') == ('' if dangling else 'mine\n')
    inside = tmp_path / 'link'
    inside.symlink_to(elsewhere)  # a link of the machine, which no request can change
    assert chartloom(here.folder, 'plan', '--report', str(inside / 'report.txt')).returncode == 0
    assert target.read_text() != 'mine\n'
