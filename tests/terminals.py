"""A command → its output on a pseudo-terminal."""

from __future__ import annotations

import os
import pty

from gitops import Checkout, start

CONTROLS = set(map(chr, (*range(9), *range(11, 13), *range(14, 27), *range(28, 32), *range(127, 160)))) | {'\u202e'}
COLOURS = ('\x1b[0m', '\x1b[1m', '\x1b[2m', *(f'\x1b[{number}m' for number in range(31, 38)))


def on_a_terminal(here: Checkout, *arguments: str, **env: str) -> str:
    """Run a command on a pseudo-terminal, check that it prints no control characters but colours, return its output."""
    ours, theirs = pty.openpty()
    process = start(here.folder, *arguments, stdout=theirs, stderr=theirs, stdin=theirs, env={'TERM': 'dumb', **env})
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # Linux: the other end is closed
        pass
    os.close(ours)
    process.wait()
    text = seen = b''.join(parts).decode()
    assert not CONTROLS.intersection(text)
    for colour in COLOURS:
        text = text.replace(colour, '')
    assert '\x1b' not in text
    assert 'Traceback' not in text
    return seen
