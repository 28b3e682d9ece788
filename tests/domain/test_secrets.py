"""No message shows a credential, wherever somebody has put it, and be it cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import registries as r
from gitops import VALUES, Checkout, new, published
from test_invalid import run

from generator.compare.fields import ABSENT, Field
from generator.compare.told import changed
from generator.domain.credentials import credential
from generator.domain.problems import Problem
from generator.domain.secrets import veil
from generator.operations.carried import carried

TOKEN, PASSWORD = f'ghp_{"a1B2c3D4" * 5}', 'hunter2hunter2'
WEB = r.model('web')['registry/models/web.yaml'].decode()


def said(checkout: Checkout, *arguments: str) -> str:
    code, stdout, stderr = run(*arguments, '--path', str(checkout.folder))
    assert (code, bool(stdout + stderr)) in ((0, True), (1, True))
    return stdout + stderr


@pytest.mark.parametrize('secret', [TOKEN, PASSWORD])
@pytest.mark.parametrize(
    'spec',
    [
        {'env': [{'name': 'API_PASSWORD', 'value': '%s'}]},
        {'env': {'API_PASSWORD': '%s'}},
        {'env': {'API_PASSWORD': ['%s']}},
        {'env': {'API_PASSWORD': {'value': ['%s']}}},
        {'parameters': {'password': ['%s']}},
        {'containers': {'side': {'env': {'API_PASSWORD': '%s'}}}},
    ],
)
def test_a_value_of_the_wrong_kind(tmp_path: Path, spec: r.Document, secret: str) -> None:
    checkout = new(tmp_path, {**r.settings(), **r.model('web', **filled(spec, secret))})
    assert secret[:12] not in said(checkout, 'plan')
    assert secret[:12] not in said(checkout, 'plan', '--output', 'json')


def filled(value: r.Document, secret: str) -> r.Document:
    """The same with the secret where %s stands."""
    found: r.Document = json.loads(json.dumps(value).replace('%s', secret))
    return found


@pytest.mark.parametrize(
    ('old', 'new_'),
    [
        ('"custom"', f'"{TOKEN}"'), ('"Model"', f'"{TOKEN}"'), ('"web"', f'"{TOKEN}"'), ('"team"', f'"{TOKEN}"'),
        ('"shop"', f'"x {TOKEN} {"y" * 80}"'), ('"chartloom/v1"', f'"{TOKEN}"'), ('"Answers"', f'"https://a:{TOKEN}@b"'),
        ('"Answers"', f'&{TOKEN} "x"'), ('"Answers"', f'!{TOKEN} "x"'),
    ],
)  # fmt: skip
def test_a_token_in_any_place_of_the_registry(tmp_path: Path, old: str, new_: str) -> None:
    assert old in WEB
    checkout = new(tmp_path, {**r.settings(), 'registry/models/web.yaml': WEB.replace(old, new_).encode()})
    assert TOKEN[:12] not in said(checkout, 'plan')


def test_a_hand_edit_and_its_difference(tmp_path: Path) -> None:
    checkout = published(tmp_path)
    checkout.write({VALUES: f'env:\n  TOKEN: {{value: {TOKEN}}}\n  DB_PASSWORD: {{value: {PASSWORD}}}\n'})
    told = said(checkout, 'plan') + said(checkout, 'plan', '--diff', '--discard-edits')
    assert 'env.TOKEN.value: nothing → …' in told
    assert 'env.DB_PASSWORD.value: nothing → …' in told
    assert '-  TOKEN: {value: …' in told
    assert TOKEN[:12] not in told
    assert PASSWORD not in said(checkout, 'verify')


def test_values_that_change_in_commits_and_reviews() -> None:
    secrets = {'env': {'SESSION': {'value': TOKEN}, 'DB_PASSWORD': {'value': PASSWORD}}}
    release = 'registry/releases/staging/web.yaml'
    here, there = (json.dumps({'spec': {'values': each}}).encode() for each in ({}, secrets))
    (found,) = carried(there, here, release)
    assert TOKEN[:12] not in str(found)
    assert PASSWORD not in str(found)
    path = ('spec', 'containers', '[server]', 'env', '[SESSION]', 'value')
    assert TOKEN[:12] not in changed(Field(path, 'x', TOKEN))
    assert PASSWORD not in changed(Field((*path[:-2], '[DB_PASSWORD]', 'value'), 'x', PASSWORD))
    assert PASSWORD not in changed(Field(path[:-2], ABSENT, [{'name': 'DB_PASSWORD', 'value': PASSWORD}]))


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        (f"there is no runtime '{TOKEN}'", "there is no runtime '…'"),
        ('at https://hooks.slack.com/services/T0/B0/abcdef now', 'at https://… now'),
        ('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- and', '… and'),
        ('key: -----BEGIN PRIVATE KEY----- MII', 'key: …'),
        (f'-eyJ{"a" * 900}.eyJ{"b" * 20}.{"c" * 20}', '-…'),
        ('https://user@host, $(TOKEN), ghp_short', 'https://user@host, $(TOKEN), ghp_short'),
    ],
)
def test_what_is_left_of_a_text(text: str, shown: str) -> None:
    assert veil(text) == shown
    assert Problem('a', text, text, text) == Problem('a', shown, shown, shown)


def test_a_problem_is_short() -> None:
    long = 'a' * 1001
    assert Problem('a', long, long, long) == Problem('a', *[f'{"a" * 1000}…'] * 3)


@pytest.mark.parametrize(
    'text',
    [
        '--password=hunter2x',
        f'{"-" * 500} db.password: hunter2x',
        '\t- "passwd" : \'hunter2x\'',
        'a\n  my-passwd=hunter2x',
    ],
)
def test_a_password_that_is_written_out(text: str) -> None:
    assert credential(('spec', 'args', 0), text) == 'a password'


@pytest.mark.parametrize('text', ['-' * 1000 + 'passw', 'password: $(X)', 'a password=hunter2x', 'password: file:x'])
def test_no_password(text: str) -> None:
    assert credential(('spec', 'args', 0), text) == ''
