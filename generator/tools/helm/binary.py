"""Charts and releases → rendered text or problems, with the helm binary."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generator.domain.problems import CommandFailed, Problem, problem
from generator.domain.progress import Tick
from generator.domain.values import Values
from generator.tools.process import Completed, in_batches, in_parallel, run
from generator.tools.temporary import temporary_folder

OLDEST = (3, 17)
_INSTALL = 'install Helm 3.17 or newer (https://helm.sh/docs/intro/install), or set the variable HELM to its path'
_HINT = 'correct the value or the template that helm names'
_STOPPED = 'make the values of the release smaller, or use another chart version'
# Charts per process: more charts save nothing. With 150, helm stays below 400 MiB without garbage collection (a fifth
# faster), and few texts are in memory here. Go starts collection again at the memory limit.
_RENDERED, _LINTED = 150, 50
_GO = {'GOGC': 'off', 'GOMEMLIMIT': '350MiB'}
# A release that needs more is stopped, so that it does not stop everybody's CI. Go reserves 1.5 GiB of addresses to use
# 400 MiB; one chart takes 0.1 s of processor time, 150 take 3 s. A system without such a limit goes without it.
_ADDRESSES = 3072  # MiB
_SECONDS, _SECONDS_PER_CHART = 10, 0.2
_LIMITED = 'ulimit -c 0; ulimit -v "$0"; ulimit -t "$1"; shift; exec "$@"'
_CRASHED = 2  # the exit code of Go's runtime, for example without memory; helm's own is 1
_CRASH = re.compile(r'^(?:fatal error|panic|runtime): .*', re.MULTILINE)
_UMBRELLA = 'chartloom.umbrella'  # no model can have this name: names are DNS labels
_SOURCE = re.compile(rb'^(?:---\n)?# Source: (?:chartloom\.umbrella/charts/)?(?=([^/\n]+)/)', re.MULTILINE)
_HEAD = re.compile(r"""^(name|kubeVersion):[ \t]*["']?([^"'#\n]*?)["']?[ \t\r]*(?:#.*)?$""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Helm:
    """A helm binary that is new enough."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """A chart with values; `starter` is the digest of its templates, `file` the file that its problems name."""

    name: str
    namespace: str
    kube_version: str
    chart: Path
    values: Values
    starter: str
    file: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The documents of a release as helm printed them, or the problem if helm failed."""

    release: HelmRelease
    documents: Sequence[bytes]
    problem: Problem | None = None

    @property
    def text(self) -> str:
        """The documents as one YAML stream, in helm's order, without blank lines at the end of a document."""
        return ''.join(f'---\n# Source: {document.decode()}\n' for document in self.documents)


_Member = tuple[str, HelmRelease]  # with the name in its Chart.yaml


def find_helm(environ: Mapping[str, str]) -> Helm:
    """Find $HELM, or helm on PATH; raises CommandFailed if it is not found, ProblemsFound if it is too old."""
    named = environ.get('HELM')
    path = shutil.which(named or 'helm', path=environ.get('PATH', os.defpath))
    if path is None:
        where = f"program '{named}' of the variable HELM not found" if named else 'helm not found on PATH'
        raise CommandFailed((named or 'helm', 'version'), 127, '', f'{where}: {_INSTALL}')
    try:
        done = _call(Helm(path, ''), 'version', '--template', '{{.Version}}', ok={0})
    except CommandFailed as failed:
        hint = f'{_INSTALL}, not of a wrapper that needs other variables than PATH'
        raise problem(path, '', f"'helm version' ended with exit code {failed.code}", hint) from failed
    said = done.stdout.decode(errors='replace').strip()
    found = re.match(r'v?(\d+)\.(\d+)', said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise problem(path, '', f"expected Helm 3.17 or newer, found version '{said[:40]}'", _INSTALL)
    return Helm(os.path.abspath(path), said.removeprefix('v'))


def lint(helm: Helm, charts: Mapping[str, Path], *, jobs: int = 2, progress: Tick | None = None) -> list[Problem]:
    """Lint charts strictly with their own values; problems name a chart by its key, charts/<model>/<version>."""

    def together(places: Sequence[str]) -> list[None] | None:
        named = (str(charts[place]) for place in places)
        done = _call(helm, 'lint', '--strict', '--quiet', *named, count=len(places))
        return None if done.code else []

    def alone(place: str) -> Problem | None:
        done = _call(helm, 'lint', '--strict', '--quiet', str(charts[place]))
        said = done.stdout.decode(errors='replace') + done.stderr
        return _problem(place, 'helm lint', said, charts[place], done.code) if done.code else None

    batches = in_batches(list(charts), most=_LINTED, jobs=jobs)
    return sorted(filter(None, in_parallel(batches, together, alone, jobs=jobs, progress=progress)))


def template(
    helm: Helm, releases: Sequence[HelmRelease], *, jobs: int = 2, progress: Tick | None = None, checked: bool = True
) -> Iterator[Rendered]:
    """Render releases, up to 150 per helm process, `jobs` processes at a time.

    Unless `checked`, helm does not compare values with the schemas of charts, which takes half of its time.
    Yields one result per release, grouped by batch, not in the given order. A failing release does not affect others.
    At most `jobs` + 1 batches of text are in memory.
    """
    batches = _batches(releases, jobs)
    together, alone = partial(_umbrella, helm, checked), partial(_single, helm, checked)
    return in_parallel(batches, together, alone, jobs=jobs, progress=progress)


def _batches(releases: Sequence[HelmRelease], jobs: int) -> list[Sequence[_Member]]:
    # Members of an umbrella chart share namespace and Kubernetes version; kubeVersion, because helm ignores that of
    # sub-charts; and the templates, because `define` names are global and of two the first wins silently.
    # Their chart names are unique.
    heads = {chart: _head(chart) for chart in {release.chart for release in releases}}
    groups: dict[tuple[object, ...], list[_Member]] = {}
    used: Counter[tuple[str, ...]] = Counter()
    for release in releases:
        name, constraint = heads[release.chart]
        key = (release.namespace, release.kube_version, constraint, release.starter)
        groups.setdefault((*key, used[*key, name]), []).append((name, release))
        used[*key, name] += 1
    return [batch for group in groups.values() for batch in in_batches(group, most=_RENDERED, jobs=jobs)]


def _head(chart: Path) -> tuple[str, str]:
    """Name and kubeVersion of a chart."""
    file = chart / 'Chart.yaml'  # if it is missing, helm reports it for the release
    head = dict(_HEAD.findall(file.read_text(encoding='utf-8', errors='replace'))) if file.is_file() else {}
    return head.get('name', chart.name), head.get('kubeVersion', '')


def _umbrella(helm: Helm, checked: bool, batch: Sequence[_Member]) -> list[Rendered] | None:
    with temporary_folder() as folder:
        chart = folder / _UMBRELLA
        chart.joinpath('charts').mkdir(parents=True)
        head = {'apiVersion': 'v2', 'name': _UMBRELLA, 'version': '0.0.0', 'kubeVersion': _head(batch[0][1].chart)[1]}
        chart.joinpath('Chart.yaml').write_text(json.dumps(head))
        for index, (_, release) in enumerate(batch):
            chart.joinpath('charts', str(index)).symlink_to(release.chart.absolute())
        values = {name: release.values for name, release in batch}
        done = _template(helm, checked, 'batch', batch[0][1], chart, values, len(batch))
    if done.code:
        return None
    found = _split(done.stdout)
    # A chart without output is rendered alone: helm may have read another name in its Chart.yaml.
    return [Rendered(m[1], found[m[0]]) if m[0] in found else _single(helm, checked, m) for m in batch]


def _single(helm: Helm, checked: bool, member: _Member) -> Rendered:
    release = member[1]
    chart = release.chart.resolve()
    done = _template(helm, checked, release.name, release, chart, release.values)
    if not done.code:
        return Rendered(release, [document for found in _split(done.stdout).values() for document in found])
    return Rendered(release, (), _problem(release.file, 'helm template', done.stderr, chart, done.code))


def _template(
    helm: Helm, checked: bool, name: str, like: HelmRelease, chart: Path, values: Values, count: int = 1
) -> Completed:  # fmt: skip
    # Helm 4 reads 1.33 as v1.33, Helm 3 as v1.33.0.
    version = like.kube_version if like.kube_version.count('.') > 1 else f'{like.kube_version}.0'
    unchecked = () if checked else ('--skip-schema-validation',)
    options = ('--namespace', like.namespace, '--kube-version', version, '--values', '-', *unchecked)
    return _call(helm, 'template', name, str(chart), *options, input=_yaml(values).encode(), count=count)


def _split(output: bytes) -> dict[str, list[bytes]]:
    # Not every document starts with `---`: helm appends one that is only a comment to the one before.
    documents: dict[str, list[bytes]] = {}
    starts = list(_SOURCE.finditer(output))
    ends = [start.start() for start in starts[1:]] + [len(output)]
    for start, end in zip(starts, ends, strict=bool(starts)):
        documents.setdefault(start[1].decode(), []).append(output[start.end() : end].rstrip(b'\n'))
    return documents


def _yaml(values: Values) -> str:
    # JSON is YAML, except that YAML has no surrogate pairs and accepts fewer unescaped characters.
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, default=dict)
    return re.sub(r'[^ -~]', lambda found: f'\\U{ord(found[0]):08x}', text)


# SIGKILL is accepted, because helm may be out of memory: the batch is then halved. Other signals are errors.
_EXPECTED = frozenset({*range(126), -signal.SIGKILL})


def _call(
    helm: Helm, *arguments: str, input: bytes | None = None, count: int = 1, ok: Collection[int] = _EXPECTED
) -> Completed:
    """Run helm for `count` charts, within limits and with almost no environment.

    A template may read neither the secrets of CI nor the user's configuration of helm, which must not change results.
    """
    limits = (str(_ADDRESSES * 1024), str(math.ceil(_SECONDS + _SECONDS_PER_CHART * count)))
    with temporary_folder() as home:
        own = {f'HELM_{kind}_HOME': str(home / kind.lower()) for kind in ('CACHE', 'CONFIG', 'DATA')}
        own |= {'HOME': str(home), 'TMPDIR': str(home), 'PATH': os.environ.get('PATH', os.defpath)}
        try:
            return run(['/bin/sh', '-c', _LIMITED, *limits, helm.path, *arguments], env=_GO | own, input=input, ok=ok)
        except CommandFailed as failed:
            raise CommandFailed((helm.path, *arguments), failed.code, failed.stdout, failed.stderr) from None


def _problem(place: str, what: str, said: str, chart: Path, code: int) -> Problem:
    if code == -signal.SIGKILL:
        why = f'it took more than {_SECONDS} s of processor time, or this machine has no memory left'
        return Problem(place, '', f'{what}: {why}', _STOPPED)
    if code == _CRASHED and (crash := _CRASH.search(said)):
        return Problem(place, '', f'{what}: helm crashed: {crash[0]}', _STOPPED)
    return Problem(place, '', f'{what}: {_one_line(said, chart, code)}', _HINT)


def _one_line(text: str, chart: Path, code: int) -> str:
    # This only shortens the message; nothing depends on helm's wording.
    text = text.strip().removesuffix('Use --debug flag to render out invalid YAML').replace(str(chart), 'the chart')
    return ' '.join(text.split()).removeprefix('Error: ') or f'exit code {code}'
