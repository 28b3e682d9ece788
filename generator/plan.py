"""Current tree, desired tree → plan: what to add, update and remove, and the hand edits that stop it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from generator.charts import digest
from generator.domain import Change, Ids, Plan, Tree
from generator.errors import Problem, ProblemsFound
from generator.ledger import ledger_file, read_ledger
from generator.merge import leaves
from generator.paths import show
from generator.yamlio import read
from generator.yamlwrite import is_sealed

Read = Callable[[str], bytes]

_CHART = re.compile(r'charts/([^/]+)/([^/]+)/(.+)')
_RELEASE = re.compile(r'(?:values|delivery)/([^/]+)/([^/]+)\.yaml')
_BOOTSTRAP = re.compile(r'bootstrap/([^/]+)\.yaml')


@dataclass(frozen=True, slots=True)
class Trees:
    """What a plan compares. `base` is what is published and may not change, `current` what stands there now."""

    desired: Tree
    desired_ids: Ids
    current_ids: Ids
    base_ids: Ids
    read_current: Read
    read_base: Read


def make_plan(
    trees: Trees, published: Mapping[str, Collection[str]], *, discard: bool = False, removable: Collection[str] = ()
) -> tuple[Plan, list[Problem]]:
    """The changes from current to desired, and the problems that forbid them.

    `published` are the chart versions in the ledger of the base, by model in scope: those folders never change.
    `discard` gives up hand edits; `removable` are releases (`env/model`) and environments whose files may go.
    """
    return _Planner(trees, published, discard, removable).plan()


class _Planner:
    def __init__(
        self, trees: Trees, published: Mapping[str, Collection[str]], discard: bool, removable: Collection[str]
    ) -> None:
        self.trees, self.published, self.discard, self.removable = trees, published, discard, removable
        self.changes: list[Change] = []
        self.files: dict[str, bytes] = {}
        self.problems: list[Problem] = []
        self.edited_drafts: dict[str, bool] = {}
        self.by_chart: dict[str, list[str]] = defaultdict(list)
        for path in trees.current_ids:
            if match := _CHART.fullmatch(path):
                self.by_chart[f'{match[1]}/{match[2]}'].append(path)

    def plan(self) -> tuple[Plan, list[Problem]]:
        wanted = {**self._published_ids(), **self.trees.desired_ids}
        current = self.trees.current_ids
        for path in sorted(wanted.keys() | current.keys()):
            if wanted.get(path) == current.get(path):
                continue
            if path not in current:
                self._add(path)
            elif path in wanted:
                self._update(path)
            else:
                self._leave_or_remove(path)
        return Plan(tuple(self.changes), self.files), self.problems

    def _published_ids(self) -> dict[str, str]:
        """Chart folders of the base: wanted exactly as they are there."""
        found = {}
        for path, blob in self.trees.base_ids.items():
            match = _CHART.fullmatch(path)
            if match and match[2] in self.published.get(match[1], ()):
                found[path] = blob
        return found

    def _is_published(self, path: str) -> bool:
        match = _CHART.fullmatch(path)
        return bool(match and match[2] in self.published.get(match[1], ()))

    def _content(self, path: str) -> bytes:
        """Published charts come from the base, even where this run made the same chart."""
        if self._is_published(path) and path in self.trees.base_ids:
            return self.trees.read_base(path)
        return self.trees.desired[path]

    def _add(self, path: str) -> None:
        if path in self.trees.base_ids and self._is_published(path) and not self.discard:
            self._refuse(path, 'removed, but published charts stay')
            return
        self._write('add', path)

    def _update(self, path: str) -> None:
        if not self.discard and self._is_edited(path):
            self._refuse(path, self._edit(path))
            return
        self._write('update', path)

    def _write(self, kind: str, path: str) -> None:
        self.changes.append(Change(kind, path))
        self.files[path] = self._content(path)

    def _leave_or_remove(self, path: str) -> None:
        """Files that nothing asks for: drafts of our own go; what a missing registry file left behind is told."""
        if chart := _CHART.fullmatch(path):
            if chart[1] in self.published:  # charts of a model that is gone go by `prune` only
                self._remove_chart_file(path)
        elif release := _RELEASE.fullmatch(path):
            self._remove_orphan(path, f'{release[1]}/{release[2]}', f'registry/releases/{release[1]}/{release[2]}.yaml')
        elif environment := _BOOTSTRAP.fullmatch(path):
            self._remove_orphan(path, environment[1], f'registry/environments/{environment[1]}.yaml')

    def _remove_chart_file(self, path: str) -> None:
        if not self.discard and self._is_edited(path):
            self._refuse(path, 'added by hand' if self._is_published(path) else 'edited by hand')
        else:
            self.changes.append(Change('remove', path))

    def _remove_orphan(self, path: str, name: str, source: str) -> None:
        if name in self.removable:
            self.changes.append(Change('remove', path))
            return
        hint = f"bring {source} back, or remove '{name}' on purpose with --allow-removal {name}"
        self.problems.append(Problem(path, '', f'{source} is gone, but this remains', hint))

    def _refuse(self, path: str, message: str) -> None:
        hint = f"{_where_instead(path)}, or run 'chartloom generate --discard-edits'"
        self.problems.append(Problem(path, '', message, hint))

    def _is_edited(self, path: str) -> bool:
        """Whether a person changed a generated file: charts are held by the ledger, other files by their seal."""
        match = _CHART.fullmatch(path)
        if match is None:
            # Documents carry no seal: what stands outside their marked blocks is the team's and is never touched.
            return path.endswith(('.yaml', '.json')) and not is_sealed(self.trees.read_current(path))
        if self._is_published(path):
            return True
        name = f'{match[1]}/{match[2]}'
        if name not in self.edited_drafts:
            self.edited_drafts[name] = self._draft_is_edited(match[1], match[2])
        return self.edited_drafts[name]

    def _draft_is_edited(self, model: str, version: str) -> bool:
        ledger = ledger_file(model)
        if ledger not in self.trees.current_ids:
            return False
        try:
            entries = read_ledger(self.trees.read_current(ledger), ledger)
        except ProblemsFound:
            return True
        known = next((entry.digest for entry in entries if entry.version == version), None)
        prefix = f'charts/{model}/{version}/'
        files = {p.removeprefix(prefix): self.trees.read_current(p) for p in self.by_chart[f'{model}/{version}']}
        return known is not None and digest(files) != known

    def _edit(self, path: str) -> str:
        """What a person changed, as far as two documents can tell."""
        if not path.endswith('.yaml'):
            return 'edited by hand'
        try:
            mine = dict(leaves(read(self.trees.read_current(path), path)))
            ours = dict(leaves(read(self._content(path), path)))
        except ProblemsFound:
            return 'edited by hand'
        told = [
            f'{show(at).removeprefix("$.")}: {_short(ours.get(at))} → {_short(mine.get(at))}'
            for at in (*ours, *(key for key in mine if key not in ours))
            if ours.get(at) != mine.get(at)
        ]
        more = f', and {len(told) - 3} more' if len(told) > 3 else ''
        return f'edited by hand ({", ".join(told[:3])}{more})' if told else 'edited by hand'


def _short(value: object) -> str:
    text = 'nothing' if value is None else ' '.join(str(value).split())
    return text if len(text) <= 40 else f'{text[:37]}…'


def _where_instead(path: str) -> str:
    if match := _RELEASE.fullmatch(path):
        return f'set it in registry/releases/{match[1]}/{match[2]}.yaml under spec.values'
    if match := _BOOTSTRAP.fullmatch(path):
        return f'set it in registry/environments/{match[1]}.yaml'
    if match := re.match(r'charts/([^/]+)/', path):
        return f'set it in registry/models/{match[1]}.yaml'
    return 'set it in the registry'
