"""What is made from the registry, as frozen data: templates, charts, releases and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from generator.domain.environments import Environment
from generator.domain.layout import chart_folder, newest_folder
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.records import Release
from generator.domain.strategy import Strategy, WrittenStrategy
from generator.domain.tree import Tree
from generator.domain.values import Values


@dataclass(frozen=True, slots=True, eq=False)
class Starter:
    """A complete chart that passes helm lint; `files` are as in generated charts, `digest` is the sha256 of templates.

    `about` is its Chart.yaml, `described` the schema of values with its descriptions, which charts omit; `schema` is
    the same, parsed.
    """

    about: Values
    files: Tree
    values: Values
    schema: Values
    described: bytes
    digest: str

    @property
    def version(self) -> str:
        """Name and version of the starter, as charts and ledgers record it."""
        return f'{self.about["name"]} {self.about["version"]}'


@dataclass(frozen=True, slots=True)
class Runtime:
    name: str
    file: str
    spec: Values


@dataclass(frozen=True, slots=True)
class Templates:
    starter: Starter
    runtimes: Mapping[str, Runtime]
    documents: Tree
    schemas: Tree


class Layer(NamedTuple):
    """Values with their origin: `values[target + p]` is in `file` at `source + p`.

    A tuple, because a run creates a hundred thousand of them and a frozen dataclass takes four times as long to create.
    """

    file: str
    source: Path
    target: Path
    values: Any


BumpClass = Literal['major', 'minor', 'patch']
BUMP_CLASSES: tuple[BumpClass, ...] = get_args(BumpClass)  # the highest first
Pods = Literal['none', 'restart', 'recreate']


@dataclass(frozen=True, slots=True)
class Bump:
    """The class of a chart version with its reasons; `pods` is what happens to the pods of a release that moves to it
    and keeps the chart's own values, `templates` the number of pod templates that change."""

    bump: BumpClass
    reasons: tuple[str, ...]
    pods: Pods
    templates: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One chart version. `digest` identifies its content, `content` is the digest without version and change notes,
    `source` the digest of the model version in the registry: image, artifact and signature. `starter` is the starter it
    was generated from, `tree` git's id of its folder after the hash algorithm ('sha1:…'). `bump` is the class of the
    version, 'initial' for the first; `pods` and `templates` are as in a Bump. `manifest` is the digest by which any OCI
    registry has the chart. Only `pruned` may change: whether the folder is only in git's history."""

    version: str
    model_version: str
    digest: str
    content: str
    source: str
    starter: str
    tree: str
    bump: str
    reasons: tuple[str, ...]
    manifest: str
    pods: str = 'none'
    templates: int = 0
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart version as a release uses it; `files` is empty unless the chart must be written.

    `strategy` is the model's own at that version, or None; `newest`: it is in the folder of the newest chart.
    """

    model: str
    version: str
    model_version: str
    values: Values
    schema: bytes
    annotations: Values
    strategy: WrittenStrategy | None
    files: Tree = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    newest: bool = False

    @property
    def folder(self) -> str:
        return newest_folder(self.model) if self.newest else chart_folder(self.model, self.version)

    @property
    def is_new(self) -> bool:
        """Whether it was generated and checked in this run."""
        return bool(self.layers)


@dataclass(frozen=True, slots=True)
class ResolvedRelease:
    """A release with its chart and values: `values` are the differences from the chart's values, `merged` all values,
    `manifest` is the digest of the chart in an OCI registry; `written` is its neutral strategy with the place that sets
    it; in a rollout, the one the rollout started with; `warnings` are about its values."""

    release: Release
    environment: Environment
    chart: Chart
    manifest: str
    values: Values
    merged: Values
    layers: tuple[Layer, ...]
    written: WrittenStrategy
    warnings: tuple[Problem, ...] = ()

    @property
    def strategy(self) -> Strategy:
        return self.written.strategy

    @property
    def place(self) -> Mapping[str, str]:
        """Where its objects are, and where its agent looks for it."""
        environment = self.environment
        return {
            'cluster': f'{environment.spec["cluster"]["name"]} {environment.server}'.strip(),
            'namespace': environment.namespace,
            'agent': environment.agent,
        }

    @property
    def way(self) -> Mapping[str, str]:
        """Its place, and whether the agent may deploy it: what a change of the delivery object alone can change."""
        return {**self.place, 'suspended': 'yes' if self.release.is_suspended else 'no'}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    kind: str  # add, update, remove
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to write and to remove; `restored` are folders of published charts that get files of the base back,
    `rewritten` are folders of drafts that have other files now: charts that the base does not have.
    `kept` are removed releases whose objects stay in the cluster: they are published as suspended."""

    changes: tuple[Change, ...]
    files: Tree
    restored: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes if change.kind == 'remove')
