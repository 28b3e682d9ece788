"""Current tree, desired tree → plan: what to add, update and remove, and what stops it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.domain.layout import (
    CHART_YAML,
    DELIVERY,
    DOCUMENTS,
    bootstrap_file,
    chart_file,
    chart_folder,
    environment_file,
    environment_of,
    model_file,
    model_of,
    release_file,
    release_of,
)
from generator.domain.problems import Problem
from generator.domain.records import Change, Plan
from generator.plan.hand_edits import UNKNOWN, HandEdits
from generator.plan.hand_edits import Trees as Trees


def make_plan(
    trees: Trees, published: Mapping[str, Collection[str]], *, discard: bool = False, removable: Collection[str] = ()
) -> tuple[Plan, list[Problem]]:
    """The changes from current to desired, and the problems that forbid them.

    `published` are the chart versions in the ledger of the base that are not pruned, by model in scope: those folders
    never change, and what is missing of them comes back from the base.
    `discard` gives up hand edits; `removable` are releases (`env/model`) and environments whose files may go.
    """
    planner = _Planner(trees, published, discard, removable)
    return planner.plan(), planner.problems


def left_behind(unwanted: Collection[str], removable: Collection[str]) -> list[Problem]:
    """Files of releases and environments whose registry file is gone, and which nobody has allowed to be removed."""
    found = []
    for path in sorted(unwanted):
        orphan = _orphan(path)
        if orphan and not _may_go(orphan[0], unwanted, removable):
            name, source = orphan
            hint = f"bring {source} back, or remove '{name}' on purpose with --allow-removal {name}"
            found.append(Problem(path, '', f'{source} is gone, but this remains', hint))
    return found


def _orphan(path: str) -> tuple[str, str] | None:
    """The name to allow the removal of a file by, and the registry file that it was made from."""
    if release := release_of(path):
        return release, release_file(release)
    if environment := environment_of(path):
        return environment, environment_file(environment)
    return None


def _may_go(name: str, unwanted: Collection[str], removable: Collection[str]) -> bool:
    """An environment that goes takes its releases along."""
    environment = name.partition('/')[0]
    return name in removable or (environment in removable and bootstrap_file(environment) in unwanted)


class _Planner:
    def __init__(
        self, trees: Trees, published: Mapping[str, Collection[str]], discard: bool, removable: Collection[str]
    ) -> None:
        self.trees, self.published, self.discard, self.removable = trees, published, discard, removable
        self.edits = HandEdits(trees, published)
        self.changes: list[Change] = []
        self.problems: list[Problem] = []

    def plan(self) -> Plan:
        unwanted = self._unwanted()
        self.problems += left_behind(unwanted, self.removable)
        for path in sorted([*self._differing(), *unwanted]):
            if path in unwanted:
                self._leave_or_remove(path, unwanted)
            elif path in self.trees.current_ids:
                self._update(path)
            else:  # also what somebody has removed of a published chart
                self.changes.append(Change('add', path))
        written = [change.path for change in self.changes if change.kind != 'remove']
        return Plan(tuple(self.changes), self.edits.contents(written), self._restored())

    def _restored(self) -> tuple[str, ...]:
        added = [change.path for change in self.changes if change.kind == 'add']
        heads = [path for path in added if path.endswith(f'/{CHART_YAML}') and self.edits.is_published(path)]
        return tuple(path.removesuffix(f'/{CHART_YAML}') for path in heads)

    def _differing(self) -> list[str]:
        """Files that are not as they are wanted: chart folders of the base as they are there."""
        desired, current, base = self.trees.desired_ids, self.trees.current_ids, self.trees.base_ids
        found = [path for path, blob in desired.items() if current.get(path) != blob]
        published = (path for path, blob in base.items() if current.get(path) != blob and path not in desired)
        return [*found, *filter(self.edits.is_published, published)]

    def _unwanted(self) -> set[str]:
        desired, base = self.trees.desired_ids, self.trees.base_ids
        others = (path for path in self.trees.current_ids if path not in desired)
        return {path for path in others if path not in base or not self.edits.is_published(path)}

    def _update(self, path: str) -> None:
        fault = '' if self.discard else self.edits.fault(path)
        if fault:
            self._refuse(path, fault)
        else:
            self.changes.append(Change('update', path))

    def _leave_or_remove(self, path: str, unwanted: Collection[str]) -> None:
        """Our own drafts go; charts of a model that is gone stay; what else is left behind has been told."""
        chart, orphan = chart_file(path), _orphan(path)
        if chart and chart[0] in self.published:
            self._remove_chart_file(path)
        elif orphan and _may_go(orphan[0], unwanted, self.removable):
            self.changes.append(Change('remove', path))

    def _remove_chart_file(self, path: str) -> None:
        fault = '' if self.discard else self.edits.fault(path)
        if fault:
            self._refuse(path, 'added by hand' if self.edits.is_published(path) else fault)
        else:
            self.changes.append(Change('remove', path))

    def _refuse(self, path: str, message: str) -> None:
        chart = chart_file(path)
        folder = chart_folder(*chart[:2]) if chart else path
        if message == UNKNOWN:  # told once of the folder
            path, instead = folder, 'move it away if you need it'
        else:
            instead = _where_instead(path)
        problem = Problem(path, '', message, f"{instead}, or run 'chartloom generate --discard-edits'")
        if problem not in self.problems[-1:]:
            self.problems.append(problem)


def _where_instead(path: str) -> str:
    if path in DOCUMENTS:
        return 'write your own text above or below the block'
    if release := release_of(path):
        where = release_file(release)
        if path.startswith(f'{DELIVERY}/'):
            return f'set values in {where} under spec.values; the rest follows from the registry'
        return f'set it in {where} under spec.values'
    if environment := environment_of(path):
        return f'set it in {environment_file(environment)}'
    if model := model_of(path):
        return f'set it in {model_file(model)}'
    return 'set it in the registry'
