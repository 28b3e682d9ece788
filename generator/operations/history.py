"""A model → who moved what, when and why: the commits of the published branch that changed its releases.

What a commit changed is read from the files in it, so commits by hand and squashed requests are told like any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.charts.ledger import read_ledger
from generator.documents.nulls import spec_in
from generator.domain.layout import (
    MODELS,
    application_file,
    delivered_chart,
    delivery_file,
    environment_file,
    ledger_file,
    model_name,
    registry_place,
    release_file,
    release_of,
    rollout_file,
)
from generator.domain.problems import ProblemsFound, problem
from generator.domain.words import suggest
from generator.operations.history_marks import lock_marks, marks
from generator.operations.provenance import ACTOR, RUN
from generator.operations.rollout_seen import utc
from generator.pipeline.revisions import published_commit
from generator.pipeline.run import Run
from generator.plan.message import TRAILER
from generator.tools.git.changes import Commit, changes_of
from generator.tools.git.remote import is_shallow

# A commit that changes only values of an environment changes a delivery file too, and is no entry.
_READ_FOR_AN_ENTRY = 10
_OPERATION = re.compile(rf'^{TRAILER}: (.+)$', re.MULTILINE)

Blobs = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class State:
    """A release at a commit: its pin ('' if unknown), and the texts of its file and of its rollout."""

    version: str = ''
    chart: str = ''
    spec: Mapping[str, Any] | None = None
    rollout: Mapping[str, Any] | None = None

    @property
    def pin(self) -> dict[str, str]:
        return {'version': self.version, 'chart': self.chart}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one commit did to one release; `operations` are the trailers of chartloom, () for a commit by hand."""

    release: str
    commit: Commit
    operations: tuple[str, ...]
    before: State
    after: State
    marks: tuple[str, ...]

    def told(self, trailer: str) -> str:
        """What a trailer of the commit says, '' without it."""
        found = re.search(rf'^{trailer}: (.+)$', self.commit.body, re.MULTILINE)
        return found[1] if found else ''


@dataclass(frozen=True, slots=True)
class History:
    """The entries, the newest first; `cut`: there are older ones, or this clone does not have them."""

    entries: tuple[Entry, ...]
    cut: bool


def read_history(run: Run, model: str, environments: Collection[str], most: int) -> History:
    """Read the last `most` entries of a model, in these environments or in all."""
    branch = published_commit(run.source, run.settings_alone.branch)
    files = [file(f'{each}/{model}') for each in (environments or ['*']) for file in _FILES]
    files += [*map(environment_file, environments or ['*']), application_file('*')]  # their locks
    limit = most * _READ_FOR_AN_ENTRY
    commits = changes_of(run.repository, branch, files, limit) if branch else []
    if not any(map(_release, (path for commit in commits for path in commit.changed))):
        raise _unknown(run, model, environments)
    states = _States(run, branch, model, commits)
    found = [list(states.take(commit)) for commit in reversed(commits)]
    entries = [entry for of_commit in reversed(found) for entry in of_commit]
    cut = len(entries) > most or len(commits) == limit or is_shallow(run.repository)
    return History(tuple(entries[:most]), cut)


_FILES = (release_file, rollout_file, delivery_file)


def _unknown(run: Run, model: str, environments: Collection[str]) -> ProblemsFound:
    known = run.source.known(MODELS)
    where = f' in {", ".join(environments)}' if environments else ''
    hint = suggest(model, known) if model not in known else 'commit its release, or name another environment'
    return problem(MODELS, '', f"the published branch has no release of '{model}'{where}", hint)


class _States:
    """The releases of a model at each commit, from the oldest to the newest."""

    def __init__(self, run: Run, branch: str, model: str, commits: Collection[Commit]) -> None:
        paths = sorted({path for commit in commits for path in commit.changed})
        names = {name for path in paths if (name := _release(path))}
        wanted = [*(file(name) for name in names for file in _FILES), ledger_file(model)]
        wanted += [path for path in paths if not _release(path)]
        self._ids = run.repository.ids(branch, wanted)
        ledger = self._ids.pop(ledger_file(model), '')
        for commit in commits:  # the oldest last: what was there before it
            self._ids.update({path: before for path, (before, _) in commit.changed.items()})
        every = {after for commit in commits for _, after in commit.changed.values()}
        self._blobs = run.repository.read(sorted({*every, *self._ids.values(), ledger} - {''}))
        entries = read_ledger(self._blobs[ledger], ledger_file(model)) if ledger else ()
        self._versions = {entry.version: entry.model_version for entry in entries}
        self._model = model
        self._known = {name: self._state(name) for name in names}
        self._others = {path: self._spec(path) for path in paths if not _release(path)}

    def take(self, commit: Commit) -> Iterator[Entry]:
        """Yield what a commit did to each release."""
        self._ids.update({path: after for path, (_, after) in commit.changed.items()})
        operations = tuple(_OPERATION.findall(commit.body))
        for name in sorted({_release(path) for path in commit.changed} - {''}):
            before, after = self._known[name], self._state(name)
            self._known[name] = after
            told = tuple(marks(before.spec, after.spec, before.rollout, after.rollout))
            if told or before.pin != after.pin:
                yield Entry(name, commit, operations, before, after, told)
        for path in sorted(path for path in commit.changed if not _release(path)):
            for name, told in self._locked(path):
                yield Entry(name, commit, operations, self._known[name], self._known[name], told)

    def _locked(self, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the releases that an environment or an application locks or unlocks, and the words for it."""
        kind, name = registry_place(path) or ('', '')
        before, after = self._others.get(path), self._spec(path)
        self._others[path] = after
        if told := tuple(lock_marks(f'{kind.lower()} {name}', before, after)):
            members = {*_members(before), *_members(after)}
            for release, state in sorted(self._known.items()):
                mine = release.startswith(f'{name}/') if kind == 'Environment' else self._model in members
                if mine and state.spec is not None:
                    yield release, told

    def _state(self, name: str) -> State:
        spec, rollout = self._spec(release_file(name)), self._spec(rollout_file(name))
        found = spec or {}
        version, chart = str(found.get('version', '')), str(found.get('chart', ''))
        if spec is not None and not chart:  # it follows the newest version
            chart = delivered_chart(self._blobs.get(self._ids.get(delivery_file(name), ''), b''))
        return State(version or self._versions.get(chart, ''), chart, spec, rollout)

    def _spec(self, file: str) -> Mapping[str, Any] | None:
        """The spec of a registry file; None for no file, {} for a file that cannot be read."""
        if not (blob := self._ids.get(file, '')):
            return None
        return spec_in(self._blobs[blob], file) or {}


def _members(application: Mapping[str, Any] | None) -> list[str]:
    """The members that a file of the past names, which may be wrong in any way."""
    found = (application or {}).get('members')
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _release(path: str) -> str:
    """The release that a file belongs to; '' for a file of an environment or an application."""
    kind, name = registry_place(path) or ('', release_of(path))
    return name if kind in ('', 'Release', 'Rollout') else ''


def entry_data(entry: Entry) -> dict[str, Any]:
    """An entry as data."""
    commit = entry.commit
    return {
        'environment': entry.release.partition('/')[0],
        'model': model_name(entry.release),
        'date': utc(commit.time),
        'commit': commit.id,
        'author': commit.author,
        'actor': entry.told(ACTOR),
        'run': entry.told(RUN),
        'email': commit.email,
        'subject': commit.subject,
        'operations': list(entry.operations),
        'from': None if entry.before.spec is None else entry.before.pin,
        'to': None if entry.after.spec is None else entry.after.pin,
        'marks': list(entry.marks),
    }
