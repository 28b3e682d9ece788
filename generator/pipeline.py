"""The line that every command walks a prefix of: load → resolve → render → plan, over a work tree or a revision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from generator import yamlio
from generator.charts import ModelCharts, make_charts
from generator.checks import capacity_problems, registry_problems
from generator.domain import Chart, LedgerEntry, Model, Plan, Registry, Release, ResolvedRelease, Templates
from generator.errors import Problem, ProblemsFound, problem
from generator.ledger import ledger_file, read_ledger
from generator.load import load_registry, load_templates
from generator.plan import Trees, make_plan
from generator.render import render_charts, render_releases, render_repository
from generator.repository import Repository
from generator.repository_documents import DOCUMENTS, SCHEMAS
from generator.resolve import choose_entry, resolve_releases
from generator.schema import Schemas, suggest
from generator.worktree import WorkTree, read_file, read_work_tree

GENERATED = ('charts', 'values', 'delivery', 'bootstrap', SCHEMAS)
REGISTRY = 'registry'


class Source:
    """The files that a run reads: of the work tree, or of a revision where there is none."""

    def __init__(self, repository: Repository, only: Collection[str] = ()) -> None:
        self.repository = repository
        self.only = tuple(sorted(only))
        self.head = repository.ask('rev-parse', '--verify', '--quiet', 'HEAD')
        self._cache: dict[str, bytes] = {}
        if repository.bare:
            ids = repository.ids(self.head, [REGISTRY, *self._generated(('*',)), *self._documents()])
            self.tree = WorkTree(ids, frozenset(), ids)
        else:
            self.tree = read_work_tree(repository, [REGISTRY, *self._generated(('*',)), *self._documents()])

    def _documents(self) -> tuple[str, ...]:
        return () if self.only else DOCUMENTS

    def _generated(self, environments: Iterable[str]) -> list[str]:
        """The generated paths in scope; '*' stands for every environment where git takes patterns."""
        if not self.only:
            return list(GENERATED)
        if self.repository.bare and '*' in environments:
            return ['charts', 'values', 'delivery']
        folders = ('values', 'delivery')
        per_release = [f'{f}/{e}/{m}.yaml' for e in environments for m in self.only for f in folders]
        return [f'charts/{model}' for model in self.only] + per_release

    @property
    def names(self) -> list[str]:
        """The registry's files; links are refused, for what they point to is not what a reviewer sees."""
        if links := [path for path in self.tree.links if path.startswith(f'{REGISTRY}/')]:
            hint = 'put the file itself into the registry'
            raise ProblemsFound(Problem(path, '', 'a link is no registry file', hint) for path in links)
        own = f'{SCHEMAS}/'
        return [path for path in self.tree.ids if path.startswith(f'{REGISTRY}/') and not path.startswith(own)]

    def read(self, path: str) -> bytes:
        if path not in self._cache:
            if self.repository.bare:
                return self.repository.read([self.tree.ids[path]])[self.tree.ids[path]]
            self._cache[path] = read_file(self.repository, path)
        return self._cache[path]

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read many files by one git process where there is no work tree."""
        if self.repository.bare:
            wanted = {path: self.tree.ids[path] for path in paths if path in self.tree.ids}
            blobs = self.repository.read(wanted.values())
            self._cache.update((path, blobs[blob]) for path, blob in wanted.items())

    def generated(self) -> dict[str, str]:
        """Blob ids of the generated files and documents in scope."""
        own = tuple(f'{folder}/' for folder in GENERATED)
        return {path: blob for path, blob in self.tree.ids.items() if path.startswith(own) or path in DOCUMENTS}

    @property
    def release_names(self) -> list[str]:
        """`env/model` of every release file."""
        start = f'{REGISTRY}/releases/'
        return [path.removeprefix(start).removesuffix('.yaml') for path in self.tree.ids if path.startswith(start)]

    def environments(self) -> list[str]:
        places = (path.split('/') for path in self.tree.ids)
        return sorted({p[2].removesuffix('.yaml') for p in places if p[:2] == [REGISTRY, 'environments'] and len(p) == 3})

    def base_paths(self) -> list[str]:
        """The generated paths in scope, as ls-tree takes them."""
        return self._generated(self.environments())

    def commit_paths(self) -> list[str]:
        """All paths that a commit of this scope may touch."""
        return [REGISTRY, *self.base_paths(), *self._documents()]

    def in_scope(self, name: str) -> bool:
        """Whether a registry file belongs to the models of this run, or to all."""
        folder = name.split('/')[1]
        return not self.only or folder not in ('models', 'releases') or name.split('/')[-1].removesuffix('.yaml') in self.only


@dataclass(frozen=True, slots=True)
class Base:
    """What is published: the revision that charts are append-only against, and its generated files."""

    revision: str
    ids: Mapping[str, str]
    ledgers: Mapping[str, tuple[LedgerEntry, ...]]


class Run:
    """One run over one repository: each step is made when first asked for, so a command pays for its prefix only."""

    def __init__(
        self, repository: Repository, models: Collection[str] = (), source: Source | None = None, base: str = ''
    ) -> None:
        self.repository = repository
        self.models = frozenset(models)
        self.source = source or Source(repository, models)
        self.templates: Templates = load_templates()
        self.whole = not models
        self._base = base

    @cached_property
    def registry(self) -> Registry:
        names = self.source.names
        if unknown := self.models - {path.split('/')[-1].removesuffix('.yaml') for path in names if path.startswith(f'{REGISTRY}/models/')}:
            known = [path.split('/')[-1].removesuffix('.yaml') for path in names if path.startswith(f'{REGISTRY}/models/')]
            raise ProblemsFound(Problem(f'{REGISTRY}/models', '', f"there is no model '{m}'", suggest(m, known)) for m in unknown)
        self.source.prefetch(names)
        registry = load_registry(names, self.source.read, Schemas(self.templates.schemas), self.models)
        if problems := registry_problems(registry, self.templates):
            raise ProblemsFound(problems)
        return registry

    @cached_property
    def base(self) -> Base:
        revision = self._base_revision()
        ids = self.repository.ids(revision, self.source.base_paths())
        files = {m: ids[ledger_file(m)] for m in self.registry.models if ledger_file(m) in ids}
        blobs = self.repository.read(files.values())
        return Base(revision, ids, {m: read_ledger(blobs[blob], ledger_file(m)) for m, blob in files.items()})

    def _base_revision(self) -> str:
        if not self._base:
            return base_revision(self.repository, self.registry.settings.branch, self.source.head)
        named = self.repository.ask('rev-parse', '--verify', '--quiet', f'{self._base}^{{commit}}')
        if not named:
            raise problem(self._base, '', 'git knows no such revision', "fetch it, or name another one with --base")
        return self.repository.ask('merge-base', self.source.head, named) or named

    @cached_property
    def charts(self) -> dict[str, ModelCharts]:
        registry, base = self.registry, self.base
        return {
            name: make_charts(model, registry.settings, self.templates, base.ledgers.get(name, ()), base.ids)
            for name, model in sorted(registry.models.items())
        }

    @cached_property
    def releases(self) -> list[ResolvedRelease]:
        registry = self.registry
        reader = ChartReader(self.repository, self.base)
        reader.prefetch(registry, self.charts)
        releases = resolve_releases(registry, self.charts, reader.read, registry.releases.values())
        if self.whole and (problems := capacity_problems(releases)):
            raise ProblemsFound(problems)
        return releases

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The desired tree, as far as this run's scope goes."""
        prefix = self.registry.settings.prefix(self.repository.prefix)
        files = render_charts(self.charts) | render_releases(self.releases, self.registry, prefix)
        if self.whole:
            present = [name for name in DOCUMENTS if name in self.source.tree.ids]
            current = {name: self.source.read(name) for name in present}
            files |= render_repository(self.registry, self.templates, current, prefix)
        return files

    def plan(self, *, discard: bool = False, removable: Collection[str] = ()) -> Plan:
        """What the work tree (or the revision, where there is none) lacks; raises ProblemsFound at hand edits."""
        plan, problems = make_plan(self._trees(self.source.generated(), self.source.read), self.published, discard=discard, removable=removable)
        if problems:
            raise ProblemsFound(problems)
        return plan

    def head_plan(self, head: Mapping[str, str], removable: Collection[str] = ()) -> Plan:
        """What HEAD lacks, whose generated files are `head`: the content of a commit."""
        def read(path: str) -> bytes:
            return self.repository.read([head[path]])[head[path]]

        return make_plan(self._trees(head, read), self.published, discard=True, removable=removable)[0]

    @cached_property
    def published(self) -> dict[str, frozenset[str]]:
        """Chart versions in the ledgers of the base, by model in scope."""
        ledgers = self.base.ledgers
        return {model: frozenset(entry.version for entry in ledgers.get(model, ())) for model in self.registry.models}

    def _trees(self, current: Mapping[str, str], read: Callable[[str], bytes]) -> Trees:
        base = self.base.ids
        return Trees(
            desired=self.files,
            desired_ids=self.desired_ids,
            current_ids=current,
            base_ids=base,
            read_current=read,
            read_base=lambda path: self.repository.read([base[path]])[base[path]],
        )

    @cached_property
    def desired_ids(self) -> dict[str, str]:
        """Blob ids of the desired files; equal bytes, such as the starter's templates, are hashed once."""
        known: dict[int, str] = {}
        ids = {}
        for path, data in self.files.items():
            if id(data) not in known:
                known[id(data)] = self.repository.blob_id(data)
            ids[path] = known[id(data)]
        # A chart that the base already holds stays as it is there, byte for byte.
        return {path: self.base.ids.get(path, blob) if self._published(path) else blob for path, blob in ids.items()}

    def _published(self, path: str) -> bool:
        parts = path.split('/')
        return parts[0] == 'charts' and path in self.base.ids and parts[2] in self.published.get(parts[1], ())


class ChartReader:
    """Charts that were not made in this run, from the base tree: what a pinned release stands on."""

    _FILES = ('Chart.yaml', 'values.yaml', 'values.schema.json')

    def __init__(self, repository: Repository, base: Base) -> None:
        self.repository, self.base = repository, base
        self._blobs: dict[str, bytes] = {}
        self._charts: dict[str, Chart] = {}

    def prefetch(self, registry: Registry, charts: Mapping[str, ModelCharts]) -> None:
        """Read at once what the pins will ask for; a pin that is wrong is told later."""
        wanted = []
        for release in registry.releases.values():
            if entry := _pinned(release, registry, charts):
                folder = f'charts/{release.model}/{entry.version}/'
                wanted += [self.base.ids[folder + name] for name in self._FILES if folder + name in self.base.ids]
        self._blobs = self.repository.read(wanted)

    def read(self, model: str, entry: LedgerEntry) -> Chart:
        folder = f'charts/{model}/{entry.version}'
        if folder not in self._charts:
            self._charts[folder] = self._read(model, entry, folder)
        return self._charts[folder]

    def _read(self, model: str, entry: LedgerEntry, folder: str) -> Chart:
        try:
            about, values, schema = (self._blobs[self.base.ids[f'{folder}/{name}']] for name in self._FILES)
        except KeyError:
            hint = 'bring the folder back from the commit that published it'
            raise ProblemsFound([Problem(folder, '', 'the ledger names this chart, but its files are gone', hint)]) from None
        return Chart(
            model=model, version=entry.version, model_version=entry.model_version,
            values=yamlio.read(values, f'{folder}/values.yaml'), schema=schema,
            annotations=yamlio.read(about, f'{folder}/Chart.yaml').get('annotations', {}),
        )  # fmt: skip


def _pinned(release: Release, registry: Registry, charts: Mapping[str, ModelCharts]) -> LedgerEntry | None:
    model: Model = registry.models[release.model]
    try:
        entry = choose_entry(release, registry.environments[release.environment], model, charts[release.model])
    except ProblemsFound:
        return None
    return None if entry.version in charts[release.model].charts else entry


def base_revision(repository: Repository, branch: str, head: str) -> str:
    """The merge base with the published branch (the remote's where known), else HEAD; '' before the first commit."""
    if not head:
        return ''
    listing = repository.git('for-each-ref', '--format=%(refname) %(objectname)', f'refs/remotes/*/{branch}', f'refs/heads/{branch}')
    refs = dict(line.split(' ') for line in listing.splitlines())
    remote = sorted((name for name in refs if name.startswith('refs/remotes/')), key=lambda n: (n != f'refs/remotes/origin/{branch}', n))
    published = refs[remote[0]] if remote else refs.get(f'refs/heads/{branch}', head)
    return head if published == head else repository.ask('merge-base', head, published) or head
