"""The address of a repository → refused, unless git reaches it without a program that the address names."""

from __future__ import annotations

import re
from pathlib import Path

from generator.domain.problems import problem
from generator.domain.words import quoted
from generator.tools.process import mask

_USER = r'(?:[^\s/:-][^\s/]*@)?'
_HOST = r'(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)'
# ssh takes a host or path that begins with '-' as an option, and git a prefix `name::` as a program to run.
_ACCEPTED = re.compile(
    rf'(?:ssh|https?)://{_USER}{_HOST}(?::[0-9]*)?(?:/\S*)?|file:///[^\n]*|{_USER}{_HOST}:(?!:|//|-)\S+|/[^\n]*'
)


def check_address(url: str, option: str) -> None:
    """Raise ProblemsFound for an address that is neither a URL of ssh, http(s) or file, nor a local folder."""
    if _ACCEPTED.fullmatch(url) or (url and not url.startswith('-') and Path(url).is_dir()):
        return
    expected = 'https://…, ssh://…, file:///…, <user>@<host>:<path>, or a folder'
    hint = 'write the address that git clone takes, without options or other transports'
    raise problem(option, '', f'expected {expected}, found {quoted(mask(url))}', hint)
