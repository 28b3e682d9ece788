"""A number of writers → a repository on a server for them, the processes, and what they made of its branch."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import registries as r
from gitops import Checkout, chartloom, clone, new
from parts import git

from generator.operations.operation import Options
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.remote import perform

VERSIONS = ('1', '2', '3')


def repository(top: Path, models: int) -> Checkout:
    """A repository of releases that ran version 1, run 2, and may be pinned to 3."""
    here = new(top, {**r.settings(), **r.environment('prod')})
    for count in (1, 2, 3):
        for name in model_names(models):
            here.write(r.model(name, versions=[r.version(each) for each in VERSIONS[:count]]))
            if count == 1:
                here.write(r.release('prod', name, version='1'))
        if count < 3:
            perform(pinning(Scope(everything=count > 1), newest=count > 1), here.repository(), Options(commit=True))
    assert here.commit().commit
    return here


def model_names(count: int) -> list[str]:
    return [f'm{number:03}' for number in range(count)]


def operations(models: int) -> list[tuple[str, ...]]:
    """Two operations for each release, each of which makes a commit whichever comes first."""
    both = [
        (('pin', '--newest', f'prod/{name}'), ('rollback', name, '--env', 'prod', '--to', '1'))
        for name in model_names(models)
    ]
    return [operation for pair in both for operation in pair]


@dataclass(frozen=True)
class Done:
    """One process: its arguments, exit code, output and seconds."""

    arguments: tuple[str, ...]
    code: int
    said: str
    seconds: float


def run_together(folder: Path, url: str, operations: Sequence[tuple[str, ...]], *more: str) -> list[Done]:
    """Start one process for each operation at the same time, and wait for all."""

    def one(arguments: tuple[str, ...]) -> Done:
        began = time.monotonic()
        done = chartloom(folder, *arguments, '--repo', url, *more)
        return Done(arguments, done.returncode, done.stdout + done.stderr, time.monotonic() - began)

    with ThreadPoolExecutor(len(operations)) as pool:
        return list(pool.map(one, operations))


def trailers(origin: Path, since: str) -> list[str]:
    """The operations of the commits after `since`, the oldest first."""
    form = '--format=%(trailers:key=Chartloom-Operation,valueonly)'
    return git(origin, 'log', '--reverse', form, f'{since}..main').split('\n\n')


def check(origin: Path, folder: Path, since: str, operations: Sequence[tuple[str, ...]]) -> None:
    """Raise AssertionError unless each operation is there once, and each release is as its last commit says."""
    made = [line.strip() for line in trailers(origin, since) if line.strip()]
    last = {}
    for line in made:
        name = next(word.rpartition('/')[2] for word in line.split() if word.startswith('prod/'))
        last[name] = '3' if line.startswith('pin') else '1'
    assert len(made) == len({*made}) == len(operations), (len(made), len({*made}), len(operations))
    here = clone(origin, folder)
    for name, version in last.items():
        assert pins(here, name)['version'] == version, name
    assert not here.generate().changed
    assert subprocess.run(['git', 'fsck', '--strict'], cwd=origin, capture_output=True, text=True).returncode == 0


def pins(here: Checkout, name: str) -> dict[str, str]:
    from generator.documents.read import read_yaml

    file = f'registry/releases/prod/{name}.yaml'
    return read_yaml(here.read(file).encode(), file)['spec']
