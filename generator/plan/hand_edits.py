"""Generated files that differ → hand edits; a file that an older chartloom generated is not one.

Files of values/, delivery/ and bootstrap/ are checked by their seal, charts by the digest in the present ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.charts.differing import line_differences
from generator.charts.ledger import read_ledger, read_published
from generator.charts.versions import digest
from generator.documents.blocks import is_edited
from generator.documents.read import read_yaml
from generator.documents.write import is_sealed
from generator.domain.credentials import veiled
from generator.domain.layout import (
    CHARTS,
    DOCUMENTS,
    NEWEST,
    chart_file,
    chart_folder,
    ledger_file,
    release_document,
    release_of,
)
from generator.domain.places import Path, json_path
from generator.domain.problems import ProblemsFound
from generator.domain.tree import LINK, Ids, Read, Tree
from generator.domain.words import cut

EDITED = 'edited by hand'
UNKNOWN = 'the ledger has no entry for this chart'


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees that a plan compares: `base` is published and must not change, `current` is what exists now.

    `desired` may omit files that are in the base with the same id.
    """

    desired: Tree
    desired_ids: Ids
    current_ids: Ids
    base_ids: Ids
    read_current: Read
    read_base: Callable[[Collection[str]], Tree]


def is_published(path: str, published: Mapping[str, Collection[str]]) -> bool:
    """Whether a file belongs to one of these chart versions; called for every file, so without a regular expression."""
    parts = path.split('/', 3)
    return len(parts) == 4 and parts[0] == CHARTS and parts[2] in published.get(parts[1], ())


class HandEdits:
    """Judges the files of the current tree; `published` are the chart versions of the base, by model in scope."""

    def __init__(self, trees: Trees, published: Mapping[str, Collection[str]]) -> None:
        self.trees, self.published = trees, published
        self.drafts: dict[str, str] = {}

    @cached_property
    def by_chart(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.trees.current_ids:
            if chart := chart_file(path):
                found[f'{chart[0]}/{chart[1]}'].append(path)
        return found

    def is_published(self, path: str) -> bool:
        return is_published(path, self.published)

    def contents(self, paths: Collection[str]) -> Tree:
        """The desired content. Published charts come from the base, even if this run generated the same chart."""
        desired, base = self.trees.desired, self.trees.base_ids
        held = {path for path in paths if path in base and (path not in desired or self.is_published(path))}
        read_yaml = self.trees.read_base(held) if held else {}
        return {path: read_yaml[path] if path in held else desired[path] for path in paths}

    def fault(self, path: str) -> str:
        """Describe the hand edit of a file; '' for none."""
        if self.trees.current_ids[path] == LINK:
            return 'expected a file, found a link, a pipe or a device'
        chart = chart_file(path)
        if chart is None:
            data = self.trees.read_current(path)
            # Text outside the marked block of a document belongs to the team and is never changed.
            if path in DOCUMENTS:
                return 'its marked block was edited by hand' if is_edited(path, data) else ''
            return '' if is_sealed(data) else self._edit(path)
        model, version, _ = chart
        name = f'{model}/{version}'
        if name not in self.drafts:
            self.drafts[name] = self._draft_fault(model, version, path)
        return self._edit(path) if self.drafts[name] == EDITED else self.drafts[name]

    def _draft_fault(self, model: str, version: str, path: str) -> str:
        """Describe the hand edit of a chart by the ledger beside it.

        That is no edit either: a draft with the number of a chart that is published now, after a merge or a revert.
        """
        ledger, prefix = ledger_file(model), f'{chart_folder(model, version)}/'
        paths, published = self.by_chart[f'{model}/{version}'], self.is_published(path)
        try:
            data = self.trees.read_current(ledger) if ledger in self.trees.current_ids else b''
            entries = (read_published if published else read_ledger)(data, ledger) if data else ()
        except ProblemsFound:
            return EDITED
        known = {entry.digest for entry in entries if version in (NEWEST, entry.version)}
        if not known:
            return EDITED if published else UNKNOWN
        if any(self.trees.current_ids[path] == LINK for path in paths):
            return EDITED
        found = digest({path.removeprefix(prefix): self.trees.read_current(path) for path in paths})
        return '' if found in known else EDITED

    def _edit(self, path: str) -> str:
        """Describe the changed values, if both files can be parsed, or the changed lines of a chart."""
        told = [
            f'{json_path(at).removeprefix("$.")}: {_short(at, ours)} → {_short(at, mine)}'
            for at, ours, mine in self._changed(path)
        ]
        more = f', and {len(told) - 3} more' if len(told) > 3 else ''
        if not told and chart_file(path) and self._is_known(path):
            told = [line_differences(self.contents([path])[path], self.trees.read_current(path))]
        return f'{EDITED} ({", ".join(told[:3])}{more})' if told else EDITED

    def _is_known(self, path: str) -> bool:
        known = path in self.trees.desired_ids or path in self.trees.base_ids
        return known and self.trees.current_ids[path] != LINK

    def is_of_values(self, path: str) -> bool:
        """Whether a hand edit of a delivery object is one of its values, or may be."""
        places = [at for at, _, _ in self._changed(path)]
        return not places or any(at[:2] == ('spec', 'values') or 'valuesObject' in at for at in places)

    def _changed(self, path: str) -> list[tuple[Path, Any, Any]]:
        """The place, the generated value and the present value of each edit; nothing if a file cannot be parsed."""
        if not path.endswith('.yaml') or not self._is_known(path):
            return []
        try:
            mine = dict(_leaves(_read(self.trees.read_current(path), path)))
            ours = dict(_leaves(_read(self.contents([path])[path], path)))
        except ProblemsFound:
            return []
        places = (*ours, *(key for key in mine if key not in ours))
        return [(at, ours.get(at), mine.get(at)) for at in places if ours.get(at) != mine.get(at)]


def _read(data: bytes, path: str) -> Any:
    return read_yaml(release_document(data) if release_of(path) else data, path)


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar with its path, in order; unlike `merge.leaves` also those in lists."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from _leaves(item, (*path, step))
    if not steps:
        yield path, value


def _short(path: Path, value: object) -> str:
    if value is None:
        return 'nothing'
    shown = veiled(path, value)
    return cut(' '.join((str(shown).lower() if isinstance(shown, bool) else str(shown)).split()), 40)
