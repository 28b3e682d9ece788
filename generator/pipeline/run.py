"""A run: registry → charts → releases → tree → plan; a command runs the first part of this line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from generator.charts.ledger import read_ledger
from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts
from generator.checks.registry import registry_problems
from generator.checks.releases import outline, shared_problems
from generator.checks.warnings import registry_warnings, release_warnings
from generator.delivery.tree import render_charts, render_releases, render_repository
from generator.domain.generated import LedgerEntry, Plan, ResolvedRelease, Templates
from generator.domain.layout import DOCUMENTS, NEWEST, REGISTRY, SETTINGS, ledger_file, release_of
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.progress import Progress, quiet
from generator.domain.records import Ids, Registry, Settings, Tree
from generator.domain.tree import Read
from generator.pipeline.all_problems import with_further
from generator.pipeline.charts import make_all
from generator.pipeline.companions import with_companions
from generator.pipeline.desired import blob_ids, trees
from generator.pipeline.gates import gate_problems, gate_warnings
from generator.pipeline.ledgers import lost_ledgers
from generator.pipeline.moves import bootstrap_warnings, delivery_moves
from generator.pipeline.prefixes import refuse_moved
from generator.pipeline.published import (
    Base,
    base_of_others,
    chart_reader,
    files_reader,
    pinned,
    read_base,
)
from generator.pipeline.reading import check_scope, invalid_content, read_registry
from generator.pipeline.revisions import base_revision, published_commit
from generator.pipeline.settle import settle
from generator.pipeline.shards import Made, made_in_shards
from generator.pipeline.source import Source, open_source
from generator.plan.forms import Move
from generator.plan.plan import Trees, make_plan
from generator.plan.refused import refused_ways
from generator.plan.transitions import lost_requests, migration_warnings
from generator.registry.load import no_problems
from generator.releases.pins import with_targets
from generator.releases.resolve import resolve_releases
from generator.tools.git.repository import Repository


def open_run(
    repository: Repository, models: Collection[str] = (), *, base: str = '', prune: bool = False, shards: bool = False,
    progress: Progress = quiet,
) -> Run:  # fmt: skip
    """Open a run over these models, or over all; `base` is the revision that published charts are compared with."""
    return Run(open_source(repository, models), base, prune=prune, shards=shards, progress=progress)


@dataclass(frozen=True)
class Run:
    """One run over the files of a source; `progress` opens a progress bar.

    Each result depends on these fields only, in any order of access, and is computed once. `part`: read only these
    registry files. `checked=False`: skip the checks of the whole registry. `shards`: make a large tree in several
    processes. `prune`: remove charts that are not used any more.
    """

    source: Source
    base_name: str = ''
    part: tuple[str, ...] = ()
    checked: bool = True
    prune: bool = False
    shards: bool = False
    progress: Progress = quiet

    @property
    def repository(self) -> Repository:
        return self.source.repository

    @property
    def whole(self) -> bool:
        """Whether the run includes all models."""
        return not self.source.scope and not self.part

    @cached_property
    def templates(self) -> Templates:
        return load_templates()

    @cached_property
    def registry(self) -> Registry:
        if self._in_shards:
            return self._in_shards.registry
        check_scope(self.source)
        check = self._checks if self.checked else no_problems
        try:
            return read_registry(self.source, self.templates.schemas, self.part or self.source.names, check)
        except ProblemsFound as error:
            raise self._with_further(error.problems) from None

    def _checks(self, found: Registry, unread: Collection[str]) -> Iterable[Problem]:
        return registry_problems(found, self.templates, unread)

    def _with_further(self, problems: Sequence[Problem]) -> ProblemsFound:
        """Add the problems of all files that do not depend on a file with a problem."""

        def releases_of(left: Sequence[str]) -> object:
            return replace(self, part=tuple(left), checked=False).releases

        invalid = partial(invalid_content, self.source, self.templates.schemas)
        return with_further(problems, self.part or self.source.names, invalid, releases_of)

    @property
    def settings(self) -> Settings:
        return self.registry.settings

    @cached_property
    def settings_alone(self) -> Settings:
        """The settings, read without the rest of the registry."""
        names = [SETTINGS] if SETTINGS in self.source.names else []
        return read_registry(self.source, self.templates.schemas, names).settings

    @property
    def prefix(self) -> str:
        return self.settings.prefix(self.repository.prefix)

    @cached_property
    def base(self) -> Base:
        revision = base_revision(self.source, self.settings.branch, self.base_name)
        if self._in_shards:
            held = self.source.held_by(revision)
            return Base(revision, held, self._in_shards.ledgers, self.repository.object_format)
        return read_base(self.source, revision, self._lost, self.registry.models)

    @cached_property
    def _published(self) -> str:
        return published_commit(self.source, self.settings.branch, self.base_name)

    @cached_property
    def _lost(self) -> Ids:
        revision = base_revision(self.source, self.settings.branch, self.base_name)
        return lost_ledgers(self.repository, revision, self.source.scope)

    @cached_property
    def charts(self) -> dict[str, ModelCharts]:
        made, problems = make_all(
            self.source, self.registry, self.base, self.templates, self.progress, prune=self.prune
        )
        if problems:
            raise self._with_further(problems)
        return made

    @cached_property
    def left(self) -> dict[str, ModelCharts]:
        """Charts of models that are not in the registry any more: published charts stay."""
        if not self.whole:
            return {}
        base = base_of_others(self.source, self.base.revision, self._lost, self.registry.model_names)
        made = {model: ModelCharts(entries, {}) for model, entries in base.ledgers.items()}
        return settle(self.source, self.registry, made, base, prune=self.prune)

    @cached_property
    def releases(self) -> list[ResolvedRelease]:
        # A part is checked by whoever made it one.
        if not self.part and (problems := self._shared_problems()):
            raise ProblemsFound(problems)
        return self._resolved

    @cached_property
    def _resolved(self) -> list[ResolvedRelease]:
        registry, charts = self.registry, self.charts
        ahead = pinned(registry, charts, with_targets(registry))
        read = chart_reader(self.repository, self.base, charts, self.settings, ahead)
        return resolve_releases(registry, charts, read, registry.releases.values())

    def _shared_problems(self) -> list[Problem]:
        """Return the problems between releases: all, or those of the scope among the members of its applications."""

        def resolve(source: Source) -> tuple[Registry, list[ResolvedRelease]]:
            beside = replace(self, source=source)
            return beside.registry, beside._resolved

        registry, companions = with_companions(self.source, self.registry, resolve)
        known = shared_problems(companions, registry, whole=False) if companions else []
        every = [*self._resolved, *companions]
        found = shared_problems(every, registry, whole=self.whole)
        if found:  # only now it matters who came last
            found = shared_problems(every, registry, whole=self.whole, changed=self._changed())
        return [problem for problem in found if problem not in known]

    def _changed(self) -> frozenset[str]:
        """The registry files that differ from the base; none if the base has no registry."""
        before, now = self.repository.ids(self.base.revision, [REGISTRY]), self.source.tree.ids
        return frozenset(path for path in self.source.names if before and before.get(path) != now[path])

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The desired files in the scope of this run; if made in shards, without files that are equal in the base."""
        if self._in_shards:
            files = dict(self._in_shards.files)
        else:
            files = render_charts(self.charts) | render_releases(self.releases, self.registry, self.prefix)
        if self.whole:
            present = [name for name in DOCUMENTS if name in self.source.tree.ids]
            current = {name: self.source.read(name) for name in present}
            files |= render_repository(self.registry, self.templates, current, self.prefix) | render_charts(self.left)
        return files

    @cached_property
    def desired_ids(self) -> Ids:
        """Blob ids of all desired files."""
        known = self._in_shards.ids if self._in_shards else {}
        new = {path: data for path, data in self.files.items() if path not in known}
        return {**known, **blob_ids(new, self.base.ids, self.immutable, self.repository.blob_id)}

    @cached_property
    def published(self) -> dict[str, frozenset[str]]:
        """Chart versions of the base that have a folder of their own, by model in scope."""
        if self._in_shards:
            return self._in_shards.published
        ledgers = self.base.ledgers
        return {
            model: frozenset(entry.version for entry in ledgers.get(model, ())) - made.absent
            for model, made in self.charts.items()
        }

    @property
    def immutable(self) -> dict[str, frozenset[str]]:
        """The same, and the folders of models that are gone."""
        folders = {m: frozenset([NEWEST, *(e.version for e in made.ledger)]) for m, made in self.left.items()}
        left = {m: found - self.left[m].absent for m, found in folders.items()}
        return {**self.published, **left}

    def ledger_of(self, model: str) -> tuple[LedgerEntry, ...]:
        """The chart versions of a model as this run leaves them."""
        file = ledger_file(model)
        return read_ledger(self.files[file], file) if file in self.files else self.base.ledgers.get(model, ())

    def entry(self, model: str, version: str) -> LedgerEntry:
        """A chart version that a release of this run uses."""
        return next(entry for entry in self.ledger_of(model) if entry.version == version)

    def chart_files(self, model: str, entry: LedgerEntry) -> Tree:
        """The files of a chart, by their paths in its folder, wherever they are."""
        made = self.charts[model].charts.get(entry.version)
        return made.files if made else files_reader(self.repository, self.base, self.settings)(model, entry)

    @cached_property
    def _moves(self) -> list[Move]:
        return delivery_moves(self.repository, self.base.ids, self.desired_ids, self.files)

    @cached_property
    def warnings(self) -> list[Problem]:
        rollbacks = [release.name for release in self.registry.releases.values() if release.is_rollback]
        releases = self._in_shards.outlines if self._in_shards else self.releases
        return sorted(
            [
                *registry_warnings(self.registry, self.templates),
                *migration_warnings(self._moves, rollbacks),
                *bootstrap_warnings(self.repository, self.base.ids, self.desired_ids, self.files),
                *release_warnings(releases, whole=self.whole),
                *gate_warnings(self.source, self.base, self._published, self.registry, self.templates.schemas),
            ]
        )

    def check_requests(self, plan: Plan, removable: Collection[str]) -> None:
        """Raise ProblemsFound if a plan removes pods that have requests, unless their release is `removable`."""
        changed = {release_of(change.path) for change in plan.changes}.difference(removable)
        if changed and (found := list(lost_requests(move for move in self._moves if move.release in changed))):
            raise ProblemsFound(found)

    def plan(self, *, discard: bool = False, removable: Collection[str] = (), adopted: Collection[str] = ()) -> Plan:
        """Compare the work tree (or the revision) with the desired files; raises ProblemsFound for hand edits."""
        refuse_moved(self.source, self.settings, self._published)
        trees = self._trees(self.source.generated, self.source.read)
        plan, problems = make_plan(trees, self.immutable, discard=discard, removable=removable, adopted=adopted)
        gates = gate_problems(
            self.source, self.base, self._published, self.desired_ids, self.files, self.registry, self.templates.schemas
        )
        if problems := [*problems, *refused_ways(self._moves), *gates]:
            raise ProblemsFound(problems)
        return plan

    def head_plan(self, head: Mapping[str, str], removable: Collection[str] = ()) -> Plan:
        """Compare HEAD, whose generated files are `head`, with the desired files: the content of a commit."""
        trees = self._trees(head, lambda path: self.repository.read([head[path]])[head[path]])
        return make_plan(trees, self.immutable, discard=True, removable=removable)[0]

    def _trees(self, current: Ids, read: Read) -> Trees:
        return trees(self.repository, self.files, self.desired_ids, self.base.ids, current, read)

    @cached_property
    def _in_shards(self) -> Made | None:
        """Files of all models, made by several processes; None if one process is enough, or if there are problems.

        A single process then reports all problems.
        """
        if not (self.shards and self.whole):
            return None
        try:
            _ = self.source.held_by(
                base_revision(self.source, self.settings_alone.branch, self.base_name)
            )  # once, for all
            found = made_in_shards(self.source.names, self._make, self.progress)
        except ProblemsFound:
            return None
        # A shard has all applications and environments, but not all releases: check what releases share.
        return None if found is None or shared_problems(found.outlines, found.registry) else found

    def _make(self, part: Sequence[str], progress: Progress) -> Made:
        """Run over a part of the registry files; the result can be sent to another process."""
        run = replace(self, part=tuple(part), shards=False, progress=progress)
        base, ids = run.base.ids, run.desired_ids
        new = {path: run.files[path] for path, blob in ids.items() if base.get(path) != blob}
        outlines = [outline(release) for release in run.releases]
        return Made(run.registry, dict(run.base.ledgers), run.published, outlines, new, ids)
