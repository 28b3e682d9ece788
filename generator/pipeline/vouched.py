"""A run → the files below charts/ that no ledger vouches for: helm must not read them, because nobody reviewed them.

A template can print any file that a link in its chart names, and a foreign chart can keep helm busy for minutes.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from generator.charts.versions import digest_of
from generator.domain.generated import LedgerEntry
from generator.domain.layout import (
    CHARTS,
    NEWEST,
    chart_file,
    chart_folder,
    is_ledger,
    ledger_file,
    model_folder,
    model_of,
)
from generator.domain.problems import Problem
from generator.domain.tree import LINK
from generator.pipeline.other_bytes import other_bytes
from generator.pipeline.places import ChartPlaces
from generator.pipeline.run import Run
from generator.tools.git.files import named

_REMOVE = 'remove it: helm and the agents would read it'


def unvouched(run: Run) -> list[Problem]:
    """Report charts and other files in scope that are not those of a ledger that the registry or the base has."""
    known = _ledgers(run)
    folders: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    problems: dict[str, Problem] = {}
    for path, blob in run.source.generated.items():
        if not path.startswith(f'{CHARTS}/'):
            continue
        found = _link(run, path) if blob == LINK else _stray(path, known)
        if found:
            problems.setdefault(found.file, found)
        elif chart := chart_file(path):
            folders[chart[:2]][chart[2]] = blob
    return [*problems.values(), *_tampered(run, known, folders)]


def _ledgers(run: Run) -> Mapping[str, Mapping[str, LedgerEntry]]:
    """Chart versions by model: those of the registry, and those of models that are gone but have published charts."""
    models = {*run.charts, *run.left}
    return {model: {entry.version: entry for entry in run.ledger_of(model)} for model in models}


def _link(run: Run, path: str) -> Problem:
    what = named(run.repository, path.removesuffix('/'))
    return Problem(path.removesuffix('/'), '', f'expected a file or a folder of a chart, found {what}', _REMOVE)


def _stray(path: str, known: Mapping[str, Collection[str]]) -> Problem | None:
    model, chart = model_of(path), chart_file(path)
    if model not in known:
        place = model_folder(model) if path.count('/') > 1 else path
        return Problem(place, '', 'no model of the registry and no published ledger has this', _REMOVE)
    if chart:
        if chart[1] in known[model] or chart[1] == NEWEST:
            return None
        hint = f'remove the folder, or restore {ledger_file(model)}'
        return Problem(chart_folder(*chart[:2]), '', 'the ledger has no entry for this chart', hint)
    return None if is_ledger(path) else Problem(path, '', 'expected a chart or its ledger, found another file', _REMOVE)


def _tampered(
    run: Run, known: Mapping[str, Mapping[str, LedgerEntry]], folders: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[Problem]:
    """Report charts that differ from the digest in the ledger; each content is read and hashed once."""
    hashed: dict[str, str] = {}
    for (model, version), files in sorted(folders.items()):
        folder = chart_folder(model, version)
        for path, blob in files.items():
            if blob not in hashed:
                hashed[blob] = hashlib.sha256(run.source.read(f'{folder}/{path}')).hexdigest()
        entries = [entry for entry in known[model].values() if version in (NEWEST, entry.version)]
        found = digest_of({path: hashed[blob] for path, blob in files.items()})
        if found not in {entry.digest for entry in entries}:
            contents = {path: run.source.read(f'{folder}/{path}') for path in files}
            yield from other_bytes(run.repository, folder, entries[-1], contents, files)


def not_as_listed(run: Run, folders: Collection[str]) -> Iterator[Problem]:
    """Report charts whose files on the disk, which helm reads, are not exactly those that git lists.

    git reads files that a sparse checkout leaves out from its index, and shows neither pipes nor files behind links.
    """
    places = ChartPlaces(run.source.generated, run.repository.object_format)
    charts = {(release.chart.model, release.chart.version) for release in run.releases}
    wanted = {*folders, *(places.folder(model, run.entry(model, version)) for model, version in charts)} - {''}
    listed: dict[str, set[str]] = defaultdict(set)
    for path in run.source.generated:
        if (chart := chart_file(path)) and (folder := chart_folder(*chart[:2])) in wanted:
            listed[folder].add(chart[2])
    here = os.path.realpath(run.repository.root)
    for folder in sorted(wanted):
        place = os.path.join(here, folder)
        if os.path.realpath(place) != place:
            yield Problem(folder, '', 'expected a folder, found a link in its path', _REMOVE)
            continue
        there = dict(_on_disk(place))
        if any(not there.get(name, False) for name in listed[folder]):
            hint = "run 'git sparse-checkout add charts', or 'git restore' for it: helm reads this folder"
            yield Problem(folder, '', 'not all files of the chart are in the work tree', hint)
        for name in sorted(there.keys() - listed[folder]):
            yield Problem(f'{folder}/{name}', '', 'expected only files that git lists, found another one', _REMOVE)


def _on_disk(folder: str) -> Iterator[tuple[str, bool]]:
    """All but folders below a folder, by path, and whether each is a plain file."""
    for place, folders, names in os.walk(folder):
        for name in (*names, *folders):
            file = os.path.join(place, name)
            mode = os.lstat(file).st_mode
            if not stat.S_ISDIR(mode):
                yield os.path.relpath(file, folder), stat.S_ISREG(mode)
