"""Characters that reviewers do not see are found, raw in a file and by escape in a value; all others may stay."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from generator.documents.characters import is_space, strange_in_file, strange_in_value
from generator.domain.unseen import in_one_line

FILE = 'registry/models/web.yaml'
# Unicode's Default_Ignorable_Code_Point, but for U+FE0F, and what is drawn as nothing or controls what is beside it.
RANGES = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x2D7F, 0x2D7F), (0x3164, 0x3164),
    (0xFE00, 0xFE0E), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1107F, 0x1107F), (0x13430, 0x1345F),
    (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip


@pytest.mark.parametrize(('first', 'last'), RANGES)
def test_what_is_not_seen(first: int, last: int) -> None:
    for number in range(first, last + 1):
        text = f'a{chr(number)}b'
        assert strange_in_file(text, FILE), hex(number)
        assert strange_in_value(text) == chr(number)
        assert in_one_line(text).isascii()


@pytest.mark.parametrize(
    ('text', 'is_seen'),
    [
        ('⚠\ufe0f', True), ('❤\ufe0f a', True), ('1\ufe0f\u20e3', True), ('\u2139\ufe0f', True), ('™\ufe0f', True),
        ('a\ufe0f', False), ('7\ufe0f', False), ('é\ufe0f', False), ('e\u0301\ufe0f', False), ('\ufe0f', False),
        (' \ufe0f', False), ('-\ufe0f', False), ('⚠\ufe0f\ufe0f', False), ('一\ufe0f', False), ('_\ufe0f', False),
    ],
)  # fmt: skip
def test_a_colour_is_of_an_emoji(text: str, is_seen: bool) -> None:
    assert (strange_in_file(text, FILE) is None) == is_seen
    assert (strange_in_value(text) == '') == is_seen
    assert (in_one_line(text) == text) == is_seen


def test_letters_and_signs_may_stay() -> None:
    seen = [
        each
        for each in map(chr, range(0x20, sys.maxunicode))
        if unicodedata.category(each)[0] in 'LNPS' and not any(a <= ord(each) <= b for a, b in RANGES)
    ]
    assert [each for each in seen if strange_in_file(each, FILE) and not is_space(each)] == []


@pytest.mark.parametrize(
    ('text', 'shown'),
    [('a\nb', r'a\nb'), ('a\tb\r', r'a\tb\r'), ('\x1b[2J', r'\x1b[2J'), ('ä ⚠', 'ä ⚠'), ('\xa0', r'\xa0')],
)  # fmt: skip
def test_a_text_in_one_line(text: str, shown: str) -> None:
    assert in_one_line(text) == shown
