"""Rows of the operations: `bump` here and on a remote, and `promote`, among many models and among few."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml
from cases import Laboratory
from measure import Row, chartloom, limit, show
from registry import model_name
from served import served

TIMED = Path(__file__).with_name('timed.py')
MANY, FEW, MEMBERS = 10_000, 100, 8


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of a command and of its helm processes: of the clock, and of the processors."""

    wall: float
    helm: float
    cpu: float
    helm_cpu: float


def bump(lab: Laboratory, rounds: int = 9) -> Iterator[Row]:
    """Measure `bump` of one model, alternately in a large and in a small repository."""
    repositories = lab.generated(MANY), lab.generated(FEW)
    many, few, alone = list[Taken](), list[Taken](), (list[float](), list[float]())
    for number in range(rounds):
        for repository, taken, plain in zip(repositories, (many, few), alone, strict=True):
            taken.append(_timed(repository, 'bump', *_new_version(MEMBERS + number, 'bump')))
            plain.append(_by_git(repository))
    listed = subprocess.run(['git', 'ls-files'], cwd=repositories[0], check=True, capture_output=True)
    files = listed.stdout.count(b'\n')
    own = median(each.cpu - each.helm_cpu for each in many)
    yield limit(f'`bump` among {MANY:,} models ({files:,} files), outside helm', _outside(many), 0.5)
    value = median(a / b for a, b in zip(_outside(many), _outside(few), strict=True))
    yield Row(f'the same, to {FEW} models', f'{value:.2f} ×', value, 1.3, '×')
    before = median(each.cpu - each.helm_cpu for each in few)
    yield Row('the same in processor time', f'{own / before:.2f} × ({show(own)} to {show(before)})')
    grown = median(a - b for a, b in zip(*alone, strict=True))
    words = f'{show(median(alone[0]))} to {show(median(alone[1]))}'
    yield Row('`git add` and `git commit-tree` of the same files, to 100 models', words)
    value = 1 + grown / median(_outside(few))
    yield Row('a `bump` that costs no more than these among many models, to 100 models', f'{value:.2f} ×')
    yield limit('the whole `bump`, with what helm checks', [each.wall for each in many], 1.0)


def _by_git(repository: Path) -> float:
    """Make the last commit again by plain git, as far as no tool can leave it out: index, tree, commit, branch."""

    def git(*arguments: str) -> str:
        done = subprocess.run(['git', *arguments], cwd=repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    files = git('diff', '--name-only', 'HEAD~1', 'HEAD').splitlines()
    git('reset', '--quiet', '--mixed', 'HEAD~1')
    start = time.perf_counter()
    git('ls-files', '-s', '--', *files)
    git('add', '--', *files)
    commit = git('commit-tree', git('write-tree'), '-p', 'HEAD', '-m', 'by git alone')
    git('update-ref', 'HEAD', commit)
    return time.perf_counter() - start


def _outside(taken: Sequence[Taken]) -> list[float]:
    return [each.wall - each.helm for each in taken]


def remote(lab: Laboratory, rounds: int = 3) -> Iterator[Row]:
    """Count the bytes that `bump --repo URL --push` receives and sends over HTTP."""
    received, sent, taken = list[int](), list[int](), list[float]()
    with served(lab.generated(MANY), lab.fresh()) as server:
        for number in range(rounds):
            before = server.received, server.sent
            options = ('--repo', server.url, '--push')
            taken.append(chartloom(lab.folder, 'bump', *_new_version(number, 'remote'), *options))
            received.append(server.sent - before[1])  # what it sends is received
            sent.append(server.received - before[0])
    here, there = median(received) / 1e6, median(sent) / 1e6
    words = f'{here:.2f} MB received, {there:.2f} MB sent, {show(median(taken))}'
    yield Row(f'`bump --repo URL --push` among {MANY:,} models', words, here + there, 8.0, ' MB')


def promotion(lab: Laboratory, rounds: int = 3) -> Iterator[Row]:
    """Measure the promotion of an application; each round releases new versions of its members first."""
    repository, taken = lab.generated(MANY), list[float]()
    names = [model_name(number) for number in range(MEMBERS)]
    for number in range(rounds):
        requests = lab.fresh() / f'promotion-{number}.yaml'
        bumps = [{'model': name, 'version': f'2027.1.{number}', 'image': _image(name)} for name in names]
        requests.write_text(yaml.safe_dump({'bumps': bumps}))
        chartloom(repository, 'bump', '--file', str(requests))
        chartloom(repository, 'pin', '--newest', *(f'staging/{name}' for name in names))
        options = ('--application', 'shop-0000', '--from', 'staging', '--to', 'prod')
        taken.append(chartloom(repository, 'promote', *options))
    yield limit(f'`promote --application`, {MEMBERS} members, among {MANY:,} models', taken, 1.5)


def _new_version(number: int, about: str) -> tuple[str, ...]:
    name = model_name(number)
    return name, f'2026.12.{number}', '--image', _image(f'{name}-{about}')


def _image(name: str) -> str:
    return f'registry.example.com/{name}@sha256:{name.encode().hex():0<64.64}'


def _timed(repository: Path, *arguments: str) -> Taken:
    start, before = time.perf_counter(), _cpu()
    command = [sys.executable, TIMED, *arguments]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=False, text=True)
    wall, cpu = time.perf_counter() - start, _cpu() - before
    if done.returncode:
        raise SystemExit(f'{" ".join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}')
    helm = json.loads(done.stderr.splitlines()[-1])
    return Taken(wall, helm['wall'], cpu, helm['cpu'])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
