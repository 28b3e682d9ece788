"""Names in a registry file: written anew only where they mean what is renamed; all other text stays."""

from __future__ import annotations

import pytest

from generator.documents.nulls import read_with_nulls
from generator.documents.respell import respelled, with_copies
from generator.domain.problems import ProblemsFound

FILE = 'registry/environments/prod.yaml'
TEXT = b"""\
# prod takes what ran in staging.
metadata: {name: prod}
spec:
  namespace: staging   # as long as prod is small
  promotesFrom: [staging, staging-2, "staging"]
  inherits: 'staging'
"""


def document(data: bytes) -> dict[str, object]:
    found: dict[str, object] = read_with_nulls(data, FILE)[0]
    return found


def test_only_what_is_wanted_changes() -> None:
    wanted = document(TEXT)
    wanted['spec'] = {
        'namespace': 'staging', 'promotesFrom': ['test', 'staging-2', 'test'], 'inherits': 'test',
    }  # fmt: skip
    expected = TEXT.replace(b'[staging, staging-2, "staging"]', b'[test, staging-2, "test"]')
    assert respelled(TEXT, FILE, wanted, 'staging', 'test') == expected.replace(b"'staging'", b"'test'")
    wanted = document(TEXT) | {'metadata': {'name': 'production'}}
    assert respelled(TEXT, FILE, wanted, 'prod', 'production') == TEXT.replace(b'{name: prod}', b'{name: production}')


@pytest.mark.parametrize('mark', [b'', b'\xef\xbb\xbf'])
def test_a_mark_and_line_ends_stay(mark: bytes) -> None:
    data = mark + TEXT.replace(b'\n', b'\r\n')
    wanted = document(TEXT) | {'metadata': {'name': 'p'}}
    assert respelled(data, FILE, wanted, 'prod', 'p') == data.replace(b'name: prod', b'name: p')


def test_what_no_text_says_is_a_problem() -> None:
    with pytest.raises(ProblemsFound, match="cannot write 'b' for 'prod' without changing other values"):
        respelled(b'metadata: {name: "pr\\x6fd"}\n', FILE, {'metadata': {'name': 'b'}}, 'prod', 'b')


OWNERS = b"""\
spec:
  owners:
    # Who approves.
    /a/prod/:
    - "@on-call"   # day and night
    "/b/prod/":
      - "@x"
      - "@y"
"""


def test_entries_are_copied_below_the_first() -> None:
    names = {'/a/prod/': '/a/eu/', '/b/prod/': '/b/eu/'}
    assert (
        with_copies(OWNERS, FILE, ('spec', 'owners'), names)
        == b"""\
spec:
  owners:
    # Who approves.
    /a/prod/:
    - "@on-call"   # day and night
    /a/eu/:
    - "@on-call"   # day and night
    "/b/prod/":
      - "@x"
      - "@y"
    "/b/eu/":
      - "@x"
      - "@y"
"""
    )


def test_a_map_on_one_line_is_a_problem() -> None:
    with pytest.raises(ProblemsFound, match='cannot copy /a/ without changing other values'):
        with_copies(b'spec: {owners: {/a/: ["@x"]}}\n', FILE, ('spec', 'owners'), {'/a/': '/b/'})
