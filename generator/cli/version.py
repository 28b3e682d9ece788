"""chartloom version: the installation → the versions that a bug report should contain."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import click

import generator
from generator.cli.output import output_option, result, say
from generator.domain.problems import CommandFailed
from generator.tools.process import run


@click.command()
@output_option
def command(output: str) -> None:
    """Print the versions of chartloom, Python, helm, git, the platform and the libraries.

    A program that is not found is reported as 'not found'; the exit code stays 0.
    """
    parts = {
        'chartloom': _part(generator.__version__, str(Path(generator.__file__).parent)),
        'python': _part(platform.python_version(), sys.executable),
        'helm': _program(os.environ.get('HELM') or 'helm', 'version', '--template', '{{.Version}}'),
        'git': _program('git', 'version'),
    }
    libraries = _libraries()
    if output == 'json':
        result({**parts, 'platform': platform.platform(), 'libraries': libraries})
        return
    for name, part in parts.items():
        number = part['version'] or 'unknown version'
        _line(name, f'{number} ({part["path"]})' if part['path'] else 'not found')
    _line('platform', platform.platform())
    _line('libraries', ', '.join(f'{name} {number}' for name, number in libraries.items()))


def _line(name: str, text: str) -> None:
    say(f'{name:<10} {text}')


def _part(number: str, path: str) -> dict[str, str]:
    return {'version': number, 'path': path}


def _program(name: str, *question: str) -> dict[str, str]:
    """Version and path of a program; the path is '' if it is not found, the version is '' if it reports none."""
    path = shutil.which(name)
    if path is None:
        return _part('', '')
    try:
        said = run([path, *question]).stdout.decode(errors='replace').split()
    except CommandFailed:
        return _part('', path)
    return _part(next((word.removeprefix('v') for word in said if word[-1:].isdigit()), ''), path)


def _libraries() -> dict[str, str]:
    """The libraries that chartloom requires, with their installed versions."""
    try:
        needed = [line for line in requires('chartloom') or () if 'extra ==' not in line]
    except PackageNotFoundError:  # run from its sources
        return {}
    names = (found[0] for line in needed if (found := re.match(r'[\w.-]+', line)))
    return {name: version(name) for name in sorted(names, key=str.lower)}
