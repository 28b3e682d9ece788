"""Current tree, desired tree → plan: files to add, update and remove, and the problems that block it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from generator.domain.generated import Change, Plan
from generator.domain.layout import (
    CHART_YAML,
    DELIVERY,
    DOCUMENTS,
    NEWEST,
    bootstrap_file,
    chart_file,
    chart_folder,
    environment_file,
    environment_of,
    model_file,
    model_folder,
    model_of,
    release_file,
    release_of,
)
from generator.domain.problems import Problem
from generator.domain.words import some
from generator.plan.hand_edits import UNKNOWN, HandEdits
from generator.plan.hand_edits import Trees as Trees
from generator.plan.summary import folder_of
from generator.plan.suspended import objects_stay


def make_plan(
    trees: Trees,
    published: Mapping[str, Collection[str]],
    *,
    discard: bool = False,
    removable: Collection[str] = (),
    adopted: Collection[str] = (),
) -> tuple[Plan, list[Problem]]:
    """Return the changes from current to desired, and the problems that block them.

    `published` are the chart versions in the ledgers of the base that are not pruned, by model in scope: these folders
    never change, and their missing files are restored from the base.
    `discard` discards hand edits; `removable` are releases (`env/model`, `env/*`) and environments whose files may
    be removed; `adopted` are files whose hand edits are in the registry now.
    """
    planner = _Planner(trees, published, discard, removable, adopted)
    return planner.plan(), planner.problems


def left_behind(unwanted: Collection[str], removable: Collection[str]) -> list[Problem]:
    """Report files of releases and environments whose registry file is missing and whose removal is not allowed."""
    stranded = _stranded(unwanted, removable)
    found = [_with_releases(environment, releases) for environment, releases in sorted(stranded.items())]
    for path in sorted(unwanted):
        orphan = _orphan(path)
        if orphan and not _may_go(orphan[0], removable) and orphan[0].partition('/')[0] not in stranded:
            name, source = orphan
            hint = f"restore {source}, or remove '{name}' with --allow-removal {name}"
            found.append(Problem(path, '', f'its registry file {source} was not found', hint))
    return found


def _stranded(unwanted: Collection[str], removable: Collection[str]) -> dict[str, list[str]]:
    """Missing environments that still have releases which are not allowed to stay without an agent."""
    found: dict[str, list[str]] = {}
    for release in sorted(filter(None, set(map(release_of, unwanted)))):
        environment = release.partition('/')[0]
        if bootstrap_file(environment) in unwanted and not _may_go(release, removable):
            found.setdefault(environment, []).append(release)
    return found


def _with_releases(environment: str, releases: Sequence[str]) -> Problem:
    source = environment_file(environment)
    message = f'its registry file {source} was not found, and no agent would uninstall its releases {some(releases)}'
    hint = (
        f'restore {source}, and remove the releases first; '
        f"or leave them running: --allow-removal {environment} --allow-removal '{environment}/*'"
    )
    return Problem(bootstrap_file(environment), '', message, hint)


def _orphan(path: str) -> tuple[str, str] | None:
    """The name for --allow-removal, and the registry file from which a file is generated."""
    if release := release_of(path):
        return release, release_file(release)
    if environment := environment_of(path):
        return environment, environment_file(environment)
    return None


def _may_go(name: str, removable: Collection[str]) -> bool:
    """Whether a release or environment may be removed; `env/*` are all releases of an environment."""
    environment, slash, _ = name.partition('/')
    return name in removable or bool(slash and f'{environment}/*' in removable)


class _Planner:
    def __init__(
        self, trees: Trees, published: Mapping[str, Collection[str]], discard: bool, removable: Collection[str],
        adopted: Collection[str],
    ) -> None:  # fmt: skip
        self.trees, self.published, self.discard, self.removable = trees, published, discard, removable
        self.adopted = adopted
        self.edits = HandEdits(trees, published)
        self.changes: list[Change] = []
        self.problems: list[Problem] = []

    def plan(self) -> Plan:
        unwanted = self._unwanted()
        self.problems += left_behind(unwanted, self.removable)
        for path in sorted([*self._differing(), *unwanted]):
            if path in unwanted:
                self._leave_or_remove(path)
            elif path in self.trees.current_ids:
                self._update(path)
            else:  # also a deleted file of a published chart
                self.changes.append(Change('add', path))
        written = [change.path for change in self.changes if change.kind != 'remove']
        folders = sorted({folder_of(change.path) for change in self.changes} - {''})
        restored = tuple(folder for folder in folders if self.edits.is_published(f'{folder}/{CHART_YAML}'))
        drafts = (folder for folder in folders if folder not in restored and not folder.endswith(f'/{NEWEST}'))
        rewritten = (folder for folder in drafts if self._stays(f'{folder}/{CHART_YAML}'))
        return Plan(tuple(self.changes), self.edits.contents(written), restored, tuple(rewritten), self._kept(unwanted))

    def _kept(self, unwanted: Collection[str]) -> tuple[str, ...]:
        """The removed releases whose objects stay: the agents know what is published."""
        base = self.trees.base_ids
        paths = [path for path in sorted(unwanted) if path in base and path.startswith(f'{DELIVERY}/')]
        gone = [path for path in paths if (name := release_of(path)) and _may_go(name, self.removable)]
        files = self.trees.read_base(gone) if gone else {}
        return tuple(release_of(path) for path in gone if objects_stay(files[path]))

    def _stays(self, path: str) -> bool:
        return path in self.trees.current_ids and path in self.trees.desired_ids

    def _differing(self) -> list[str]:
        """Files that differ from the desired tree; files of published charts, from the base."""
        desired, current, base = self.trees.desired_ids, self.trees.current_ids, self.trees.base_ids
        found = [path for path, blob in desired.items() if current.get(path) != blob]
        published = (path for path, blob in base.items() if current.get(path) != blob and path not in desired)
        return [*found, *filter(self.edits.is_published, published)]

    def _unwanted(self) -> set[str]:
        desired, base = self.trees.desired_ids, self.trees.base_ids
        others = (path for path in self.trees.current_ids if path not in desired)
        return {path for path in others if path not in base or not self.edits.is_published(path)}

    def _update(self, path: str) -> None:
        fault = '' if self.discard or path in self.adopted else self.edits.fault(path)
        if fault:
            self._refuse(path, fault)
        else:
            self.changes.append(Change('update', path))

    def _leave_or_remove(self, path: str) -> None:
        """Remove drafts, keep the charts of removed models; `left_behind` has reported the other files."""
        chart, orphan = chart_file(path), _orphan(path)
        if chart and chart[0] in self.published:
            self._remove_chart_file(path)
        elif model_folder(model_of(path)) in self.removable or (orphan and _may_go(orphan[0], self.removable)):
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
        if message == UNKNOWN:  # reported once, for the folder
            path, instead = folder, 'move it to another place if you need it'
        else:
            instead = _where_instead(path, self.edits)
        hint = f"{instead}, or run 'chartloom generate --discard-edits'; if git merged it as text: 'chartloom refresh'"
        problem = Problem(path, '', message, hint)
        if problem not in self.problems[-1:]:
            self.problems.append(problem)


def _where_instead(path: str, edits: HandEdits) -> str:
    if path in DOCUMENTS:
        return 'write your own text above or below the block'
    if release := release_of(path):
        where = release_file(release)
        if path.startswith(f'{DELIVERY}/') and not edits.is_of_values(path):
            return f'it is no value, it follows from {where}, the environment and chartloom itself: undo it'
        if path.startswith(f'{DELIVERY}/'):
            return f"set values in {where} under spec.values ('chartloom adopt {release}' does), the rest is generated"
        return f"set it in {where} under spec.values ('chartloom adopt {release}' does)"
    if environment := environment_of(path):
        return f'set it in {environment_file(environment)}'
    if model := model_of(path):
        return f'set it in {model_file(model)}'
    return 'set it in the registry'
