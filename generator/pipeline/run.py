"""The line that every command walks a prefix of: load → resolve → render → plan, over a work tree or a revision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from importlib import import_module

from generator.charts.prune import pruned
from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts, make_charts
from generator.checks.registry import environment_problems, registry_problems
from generator.checks.warnings import registry_warnings
from generator.delivery.documents import DOCUMENTS
from generator.delivery.tree import render_charts, render_releases, render_repository
from generator.documents.schema import Schemas, suggest
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.progress import Progress, quiet
from generator.domain.records import Ids, Plan, Registry, ResolvedRelease, Settings, Templates
from generator.pipeline.all_problems import with_further
from generator.pipeline.ledgers import ledgers_of_others, lost_ledgers, read_ledgers
from generator.pipeline.published import Base, ChartReader, base_revision, tampered
from generator.pipeline.settle import settle
from generator.pipeline.shards import run_in_shards
from generator.pipeline.source import REGISTRY, Source
from generator.plan.hand_edits import is_published
from generator.plan.plan import Trees, make_plan
from generator.plan.transitions import migration_warnings
from generator.registry.load import SETTINGS, Check, load_registry, no_problems
from generator.releases.resolve import resolve_releases
from generator.tools.git.repository import Repository

# What a run will want, and what other commands do without.
_LATER = ('jinja2',)
_FOR_SHARDS = ('concurrent.futures.process', 'multiprocessing.context')


class Run:
    """One run over one repository: each step is made when first asked for, so a command pays for its prefix only."""

    def __init__(
        self, repository: Repository, models: Collection[str] = (), source: Source | None = None, base: str = '',
        shard: Sequence[str] = (), *, prune: bool = False,
    ) -> None:  # fmt: skip
        """With `models` a run over these; with `shard` a part of a run over all, whose registry files these are.

        With `prune` it wants the charts gone that nobody needs any more.
        """
        self.repository = repository
        self.models = frozenset(models)
        self.source = source or Source(repository, models)
        self.whole = not models and not shard
        # All this while git looks at the work tree.
        self.templates: Templates = load_templates()
        for module in (*_LATER, *(_FOR_SHARDS if self.whole else ())):
            import_module(module)
        # Opens a progress bar; the command line gives one where a person watches.
        self.progress: Progress = quiet
        self._base, self._shard, self._prune = base, shard, prune
        self._known_ids: Ids = {}

    @cached_property
    def registry(self) -> Registry:
        names = self.source.names
        known = [name for name in names if name.startswith(f'{REGISTRY}/models/')]
        if unknown := [m for m in sorted(self.models) if f'{REGISTRY}/models/{m}.yaml' not in known]:
            hints = [name.rpartition('/')[2].removesuffix('.yaml') for name in known]
            raise ProblemsFound(
                Problem(f'{REGISTRY}/models', '', f"there is no model '{m}'", suggest(m, hints)) for m in unknown
            )
        if SETTINGS not in names:
            self.source.check_missing(SETTINGS)
        self.source.prefetch(names)

        def check(found: Registry, unread: Collection[str]) -> list[Problem]:
            return registry_problems(found, self.templates, unread)

        try:
            return self._load(self._shard or names, check)
        except ProblemsFound as error:
            raise self._with_further(error.problems) from None

    def _with_further(self, problems: Sequence[Problem]) -> ProblemsFound:
        def without(left: Sequence[str]) -> Run:
            run = Run(self.repository, self.models, self.source, self._base, left)
            run.registry = run._load(left)
            return run

        return with_further(problems, self._shard or self.source.names, without)

    def _load(self, wanted: Collection[str], check: Check = no_problems) -> Registry:
        schemas = Schemas(self.templates.schemas)
        return load_registry(wanted, self.source.read, schemas, self.models, check, every=self.source.names)

    @cached_property
    def settings(self) -> Settings:
        return self.registry.settings

    @property
    def prefix(self) -> str:
        return self.settings.prefix(self.repository.prefix)

    @cached_property
    def base_ids(self) -> tuple[str, Ids]:
        """The base revision, and the blob ids of its generated files."""
        revision = self._base_revision()
        if revision == self.source.head:
            return revision, self.source.held()
        return revision, self.repository.ids(revision, self.source.base_paths())

    @cached_property
    def base(self) -> Base:
        revision, ids = self.base_ids
        return Base(revision, ids, read_ledgers(self.repository, ids, self.lost_ledgers, self.registry.models))

    @cached_property
    def lost_ledgers(self) -> Ids:
        return lost_ledgers(self.repository, self.base_ids[0])

    def _base_revision(self) -> str:
        if not self._base:
            return base_revision(self.repository, self.settings.branch, self.source.refs)
        named = self.repository.ask('rev-parse', '--verify', '--quiet', f'{self._base}^{{commit}}')
        if not named:
            raise problem(self._base, '', 'git knows no such revision', 'fetch it, or name another one with --base')
        return self.repository.ask('merge-base', self.source.head, named) or named

    @cached_property
    def charts(self) -> dict[str, ModelCharts]:
        registry, base = self.registry, self.base
        made, problems = {}, list[Problem]()
        with self.progress('charts', len(registry.models)) as step:
            for name, model in sorted(registry.models.items()):
                ledger = base.ledgers.get(name, ())
                try:
                    made[name] = make_charts(
                        model, registry.settings, self.templates, ledger, base.ids, self.repository.object_format
                    )
                except ProblemsFound as error:
                    problems += error.problems
                step(1)
        problems += tampered(made, base, self.repository.blob_id)
        try:
            made = settle(self.source, registry, made, base, prune=self._prune)
        except ProblemsFound as error:
            problems += error.problems
        if problems:
            raise self._with_further(problems)
        return made

    @cached_property
    def left(self) -> dict[str, ModelCharts]:
        """Charts of models that the registry does not have any more: what is published stays."""
        revision, ids = self.base_ids
        names = self.registry.model_names
        ledgers = ledgers_of_others(self.repository, ids, self.lost_ledgers, names) if self.whole else {}
        made = {model: ModelCharts(entries, {}) for model, entries in ledgers.items()}
        return settle(self.source, self.registry, made, Base(revision, ids, ledgers), prune=self._prune)

    @cached_property
    def releases(self) -> list[ResolvedRelease]:
        registry = self.registry
        reader = ChartReader(self.repository, self.base, self.charts, self.settings.branch)
        reader.prefetch(registry)
        releases = resolve_releases(registry, self.charts, reader.read, registry.releases.values())
        if self.whole and (problems := environment_problems(releases)):
            raise ProblemsFound(problems)
        return releases

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The desired tree, as far as this run's scope goes; a run in shards leaves out what the base holds."""
        files = self._in_shards()
        if files is None:
            files = render_charts(self.charts) | render_releases(self.releases, self.registry, self.prefix)
        if self.whole:
            present = [name for name in DOCUMENTS if name in self.source.tree.ids]
            current = {name: self.source.read(name) for name in present}
            files |= render_repository(self.registry, self.templates, current, self.prefix) | render_charts(self.left)
        return files

    def _in_shards(self) -> dict[str, bytes] | None:
        """The same of all releases, by several processes; None where one does it, which also tells all problems."""
        if not self.whole or 'registry' in vars(self) or SETTINGS not in self.source.tree.ids:
            return None
        try:
            self.settings = self._load([SETTINGS]).settings
            found = run_in_shards(self.source.names, self._shard_of, self.progress)
        except ProblemsFound:
            return None
        # Only what releases share is more than a shard can see: each has all applications and environments.
        if not found or environment_problems(found.releases):
            return None
        self.registry, self.base = found.registry, Base(*self.base_ids, found.ledgers)
        self.published = found.published
        self._known_ids = {**{path: self.base.ids[path] for path in found.held}, **found.ids}
        return dict(found.files)

    def _shard_of(self, names: Sequence[str]) -> Run:
        run = Run(self.repository, source=self.source, shard=names, prune=self._prune)
        run.settings, run.base_ids, run.lost_ledgers = self.settings, self.base_ids, self.lost_ledgers
        return run

    def plan(self, *, discard: bool = False, removable: Collection[str] = ()) -> Plan:
        """What the work tree (or the revision, where there is none) lacks; raises ProblemsFound at hand edits."""
        plan, problems = make_plan(
            self._trees(self.source.generated(), self.source.read), self.standing, discard=discard, removable=removable
        )
        if problems:
            raise ProblemsFound(problems)
        return plan

    def head_plan(self, head: Mapping[str, str], removable: Collection[str] = ()) -> Plan:
        """What HEAD lacks, whose generated files are `head`: the content of a commit."""

        def read(path: str) -> bytes:
            return self.repository.read([head[path]])[head[path]]

        return make_plan(self._trees(head, read), self.standing, discard=True, removable=removable)[0]

    @cached_property
    def warnings(self) -> list[Problem]:
        base, ids = self.base.ids, self.desired_ids
        changed = {p: base[p] for p in self.files if p.startswith('delivery/') and p in base and base[p] != ids[p]}
        published = self.repository.read(changed.values())
        pairs = {path: (published[blob], self.files[path]) for path, blob in changed.items()}
        return sorted([*registry_warnings(self.registry, self.templates), *migration_warnings(pairs)])

    @cached_property
    def published(self) -> dict[str, frozenset[str]]:
        """Chart versions in the ledgers of the base that are not pruned, by model in scope."""
        ledgers = self.base.ledgers
        return {
            model: frozenset(entry.version for entry in ledgers.get(model, ())) - pruned(made.ledger)
            for model, made in self.charts.items()
        }

    @property
    def standing(self) -> dict[str, frozenset[str]]:
        """The same, and those of models that are gone."""
        left = {m: frozenset(e.version for e in made.ledger if not e.pruned) for m, made in self.left.items()}
        return {**self.published, **left}

    def _trees(self, current: Mapping[str, str], read: Callable[[str], bytes]) -> Trees:
        desired, base = self.files, self.base.ids  # in this order: the files may be made in shards

        def read_base(paths: Collection[str]) -> dict[str, bytes]:
            blobs = self.repository.read(base[path] for path in paths)
            return {path: blobs[base[path]] for path in paths}

        return Trees(
            desired=desired,
            desired_ids=self.desired_ids,
            current_ids=current,
            base_ids=base,
            read_current=read,
            read_base=read_base,
        )

    @cached_property
    def desired_ids(self) -> dict[str, str]:
        """Blob ids of the desired files; equal bytes, such as the starter's templates, are hashed once."""
        known: dict[int, str] = {}
        files, ids = self.files, dict(self._known_ids)
        base, published = self.base.ids, self.standing
        for path, data in files.items():
            if path in ids:
                continue
            held = base.get(path)
            if held and is_published(path, published):
                # A chart that the base already holds stays as it is there, byte for byte.
                ids[path] = held
                continue
            if (blob := known.get(id(data))) is None:
                blob = known[id(data)] = self.repository.blob_id(data)
            ids[path] = blob
        return ids
