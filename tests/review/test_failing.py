"""--fail-on: severities and rules, several of them; unknown names, and what a shell offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gitops import chartloom

from generator.domain.waivers import Waiver
from generator.review.failing import fails
from generator.review.records import Evidence, Report, Risk
from generator.review.report import ALL_RULES

WAIVER = Waiver('pods-halved', '2026-12-31', 'a quiet month', 'registry/environments/prod.yaml')


def report(*rules: str, waiver: Waiver | None = None, problems: tuple[str, ...] = ()) -> Report:
    risks = [Risk(ALL_RULES[rule], Evidence('Deployment web', ''), ('prod/web',), waiver) for rule in rules]
    return Report('abc', '', (), {}, risks, (), problems)


@pytest.mark.parametrize(
    ('rules', 'named', 'expected'),
    [
        (('pods-halved',), (), False),
        (('pods-halved',), ('critical',), True),
        (('pods-halved',), ('medium',), True),
        (('restart',), ('critical',), False),
        (('restart',), ('critical', 'restart'), True),
        (('restart', 'order'), ('critical', 'medium'), True),
        (('order',), ('restart', 'pods-halved'), False),
        ((), ('medium', 'restart'), False),
    ],
)
def test_severities_and_rules(rules: tuple[str, ...], named: tuple[str, ...], expected: bool) -> None:
    assert fails(report(*rules), named) == expected


def test_what_is_waived_does_not_count_and_what_is_lacking_does() -> None:
    assert not fails(report('pods-halved', waiver=WAIVER), ['critical', 'pods-halved'])
    assert fails(report(problems=('helm failed',)), ['pods-halved'])
    assert not fails(report(problems=('helm failed',)), [])


@pytest.mark.parametrize(
    ('name', 'hint'),
    [('hihg', "did you mean 'high'?"), ('pod-halved', "did you mean 'pods-halved'?"),
     ('x', "run 'chartloom review --help'")],
)  # fmt: skip
def test_a_name_that_nobody_knows(tmp_path: Path, name: str, hint: str) -> None:
    done = chartloom(tmp_path, 'review', '--fail-on', 'high', '--fail-on', name, '--output', 'json')
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)['problems']
    assert problem['hint'] == hint
    assert problem['message'].startswith(f"--fail-on: no severity or rule '{name}'")


def test_a_shell_offers_them(tmp_path: Path) -> None:
    words = 'chartloom review --fail-on restart --fail-on'
    env = {'_CHARTLOOM_COMPLETE': 'bash_complete', 'COMP_CWORD': '5'}
    offered = [chartloom(tmp_path, env={**env, 'COMP_WORDS': f'{words} {start}'}).stdout for start in ('h', 're')]
    assert offered == ['plain,high\nplain,host-moved\nplain,huge\n', 'plain,remote-code\n']
