"""Cases of the benchmark: repositories of the laboratory → rows of the table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median

from measure import Row, chartloom, limit, ratio, seconds, show
from registry import ENVIRONMENTS, make_repository, model_name
from umbrellas import make_umbrellas, render_umbrellas

STEPS = Path(__file__).with_name('steps.py')
VERIFIED = Path(__file__).with_name('verified.py')
COMPARED = Path(__file__).with_name('compared.py')
FAST_IMPORT = ('git', 'fast-import', '--quiet', '--force', '--done')


class Laboratory:
    """Creates folders in one folder, and deletes none before the end: deleting slows later writes on ext4."""

    def __init__(self, folder: Path, models: int, helm: str) -> None:
        self.folder, self.models, self.helm = folder, models, helm
        self.made = 0

    def fresh(self) -> Path:
        self.made += 1
        folder = self.folder / f'{self.made:02}'
        folder.mkdir()
        return folder

    def registry(self, models: int) -> Path:
        return make_repository(self.fresh(), models)

    @cache  # noqa: B019 (one laboratory lives as long as the process)
    def generated(self, models: int) -> Path:
        """A repository with everything generated and committed."""
        repository = self.registry(models)
        chartloom(repository, 'generate', '--commit')
        return repository


def commit(lab: Laboratory, rounds: int = 3) -> Iterator[Row]:
    """Compare the tree with its commit, and the complete command, with `git fast-import` of the same bytes."""
    inside, whole, alone = [], [], []
    about: dict[str, float] = {}
    for _ in range(rounds):
        whole.append(chartloom(lab.registry(lab.models), 'generate', '--commit'))
        repository, stream = lab.registry(lab.models), lab.fresh() / 'stream'
        about = _child(STEPS, repository, stream)
        inside.append(about['tree'] + about['commit'])
        with stream.open('rb') as stdin:
            alone.append(seconds(FAST_IMPORT, lab.registry(lab.models), stdin=stdin))
    size = f'{about["files"]:,} files, {about["bytes"] / 1e6:.0f} MB'
    yield Row('generated', f'{size}, from {lab.models:,} models × {len(ENVIRONMENTS)} environments')
    yield ratio('desired tree + commit', inside, alone, 1.5, '`git fast-import` of the same bytes')
    yield ratio('whole cold `generate --commit`', whole, alone, 2.5, 'the same')


def rerun(lab: Laboratory, rounds: int = 3) -> Iterator[Row]:
    """Measure a rerun without changes, without and with the cache."""
    repository = lab.generated(lab.models)
    cold, warm = [], []
    for _ in range(rounds):
        for file in (repository / '.git/chartloom').glob('clean-*'):
            file.unlink()
        cold.append(chartloom(repository, 'generate', '--commit'))
        warm.append(chartloom(repository, 'generate', '--commit'))
    yield limit('rerun, nothing changed, no cache', cold, 3.5)
    yield limit('rerun, nothing changed, with the cache', warm, 0.5)


def one(lab: Laboratory, rounds: int = 9) -> Iterator[Row]:
    """Measure one changed model, alternately in a large and in a small repository."""
    large, small = lab.generated(lab.models), lab.generated(100)
    many, few = [], []
    for number in range(rounds):
        for repository, taken in ((large, many), (small, few)):
            change_model(repository, number)
            taken.append(chartloom(repository, 'generate', model_name(number)))
    yield limit('one changed model, `generate MODEL`', many, 0.4)
    yield ratio('the same, to 100 models', many, few, 1.2, 'paired')


def change_model(repository: Path, number: int) -> None:
    file = repository / f'registry/models/{model_name(number)}.yaml'
    file.write_text(re.sub(r'cpu: \S+', f'cpu: {1100 + number}m', file.read_text(), count=1))


def verify(lab: Laboratory, rounds: int = 2) -> Iterator[Row]:
    """Compare rendering all releases with bare helm on the same charts and values; measure the memory of `verify`."""
    repository = lab.generated(lab.models)
    umbrellas = make_umbrellas(repository, lab.models, lab.fresh())
    ours, bare = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        render_umbrellas(lab.helm, umbrellas)
        bare.append(time.perf_counter() - start)
        ours.append(_child(VERIFIED, 'render', repository)['seconds'])
    yield ratio('`verify`: rendering all releases', ours, bare, 1.2, 'bare umbrella `helm template`')
    peak = _child(VERIFIED, 'memory', repository)['mib']
    yield Row('`verify`: peak memory of the process', f'{peak:.0f} MiB', peak, 250, ' MiB')


def bumps(lab: Laboratory) -> Iterator[Row]:
    """Measure comparing releases, and classifying charts that helm must render."""
    repository = lab.generated(lab.models)
    found = _child(COMPARED, 'pairs', repository)
    words = f'{found["pairs"]:,.0f} pairs of releases compared, beside the renders'
    yield Row(words, show(found['seconds']), found['seconds'], 2.0 * found['pairs'] / 1000, ' s')
    found = _child(COMPARED, 'one', repository)
    yield Row(
        f'one chart classified, by {found["processes"]:.0f} helm processes',
        show(found['seconds']),
        found['seconds'],
        0.6,
        ' s',
    )
    found = _child(COMPARED, 'starter', repository)
    words = f'{found["charts"]:,.0f} charts classified after a change of the starter'
    yield ratio(words, [found['seconds']], [found['rendering']], 1.3, 'rendering them')


def _child(script: Path, *arguments: str | Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, script, *arguments], stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def review(lab: Laboratory) -> Iterator[Row]:
    """Measure the report of a change of 500 releases, of one, and of none."""
    for releases, words, bound, rounds in (
        (0, ', nothing changed', 0.7, 3),
        (1, ' of one release', 1.0, 3),
        (500, ' of 500 releases', 10.0, 1),
    ):
        with resized(lab, releases) as repository:
            taken = [chartloom(repository, 'review', '--form', 'markdown') for _ in range(rounds)]
        yield limit(f'`review`{words}', taken, bound)


@contextmanager
def resized(lab: Laboratory, releases: int) -> Iterator[Path]:
    """A repository whose work tree has a change of the pods of so many releases."""
    repository = lab.generated(max(lab.models, 125))
    _resize(sorted((repository / 'registry/releases').glob('*/*.yaml'))[:releases])
    try:
        yield repository
    finally:
        subprocess.run(['git', 'checkout', '--quiet', '.'], cwd=repository, check=True)


def _resize(files: Sequence[Path]) -> None:
    for file in files:
        text = file.read_text()
        key = '  values:\n'
        change = '    preStopSeconds: 17\n'
        file.write_text(text.replace(key, key + change, 1) if key in text else f'{text}  values:\n{change}')


def help_(lab: Laboratory, rounds: int = 21) -> Iterator[Row]:
    """Compare `chartloom --help` with `import click`."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(chartloom(lab.folder, '--help'))
        theirs.append(seconds([sys.executable, '-c', 'import click'], lab.folder))
    yield ratio('`chartloom --help`', ours, theirs, 1.5, '`import click`')


def agent(lab: Laboratory, rounds: int = 3) -> Iterator[Row]:
    """Measure packing the work tree as a compressed archive, as Flux does for each commit."""
    repository = lab.generated(lab.models)
    archive, taken = lab.fresh() / 'tree.tar.gz', []
    for _ in range(rounds):
        taken.append(seconds(['tar', '--create', '--gzip', f'--file={archive}', '--exclude=./.git', '.'], repository))
    size = f'{archive.stat().st_size / 1e6:.1f} MB'
    yield Row('the work tree as an archive (`tar`, gzip)', f'{show(median(taken))}, {size}')


def loop(lab: Laboratory, sample: int = 40) -> Iterator[Row]:
    """Estimate the time of a simple loop of `helm template` over all releases."""
    repository = lab.generated(lab.models)
    releases = lab.models * len(ENVIRONMENTS)
    start = time.perf_counter()
    for number in range(0, lab.models, max(1, lab.models // sample)):
        name = model_name(number)
        command = [lab.helm, 'template', name, f'charts/{name}/1.0.0', '--values', f'values/prod/{name}.yaml']
        seconds(command, repository)
    count = len(range(0, lab.models, max(1, lab.models // sample)))
    each = (time.perf_counter() - start) / count
    said = f'{show(each)} each, {each * releases:.0f} s for {releases:,} releases (from {count})'
    yield Row('a loop of `helm template`', said)
