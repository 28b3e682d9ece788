"""Two branches → the run over their merged registry, without the generated files of either side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from generator.charts.ledger import dump_ledger
from generator.charts.prune import marked, pruned
from generator.domain.generated import Plan
from generator.domain.layout import (
    BOOTSTRAP,
    DELIVERY,
    DOCUMENTS,
    ENVIRONMENTS,
    GENERATED,
    RELEASES,
    VALUES,
    environment_of,
    folder_and_stem,
    ledger_file,
    names_below,
    release_of,
)
from generator.domain.problems import problem
from generator.domain.progress import Progress, quiet
from generator.domain.tree import Files
from generator.pipeline.by_meaning import is_own_result, merged_registry
from generator.pipeline.content import read_content
from generator.pipeline.renumber import (
    Drafts,
    Renumbered,
    changed_models,
    drafts_of,
    ledgers_of,
    numbers,
    pins_of,
    renumbered,
    with_numbers,
)
from generator.pipeline.revisions import merge_base, published_commit, published_ref, shown
from generator.pipeline.run import Run
from generator.pipeline.sides import Content, Sides, Three
from generator.pipeline.source import Source, open_revision
from generator.tools.git.remote import is_shallow
from generator.tools.git.repository import Repository
from generator.tools.git.revision import find_commit
from generator.tools.git.stopped import Stopped


@dataclass(frozen=True, slots=True)
class Merge:
    """The run over the merged registry, as if it stood on top of `theirs`, and the registry files that differ there.

    `entries` are other files that the result takes over, by their paths from the top of the repository. `pins` are the
    releases and rollouts of this branch that name a draft by another number: file, before, now.
    """

    sides: Sides
    run: Run
    registry: Files
    entries: Mapping[str, str]
    drafts: Drafts
    pins: tuple[tuple[str, str, str], ...] = ()

    @property
    def renumbered(self) -> list[Renumbered]:
        return list(renumbered(self.drafts, self.run.charts))

    @property
    def plan(self) -> Plan:
        """What changes on top of `theirs`; raises ProblemsFound as `Run.plan` does."""
        self.run.plan(discard=True, removable=self.removable)
        held = self.run.repository.ids(self.sides.theirs, [*GENERATED, *DOCUMENTS])
        return self.run.head_plan(held, self.removable)

    @property
    def removable(self) -> list[str]:
        """Releases and environments that this branch has removed, with their generated files."""
        return list(_removed_here(self))


def find_sides(repository: Repository, named: str = '', stopped: Stopped | None = None, ours: str = '') -> Sides:
    """Return what is merged with the branch `named`, by default the published one; or what has stopped.

    Raises ProblemsFound if the name is unknown, or the two have no common commit in this clone, or several.
    """
    refs = repository.refs()
    mine = stopped.ours if stopped else ours or refs.get('HEAD', '')
    if not mine:
        raise problem(str(repository.folder), '', 'there is no commit yet', "run 'chartloom generate --commit' first")
    source = open_revision(repository, mine, refs)
    branch = Run(source).settings_alone.branch
    published = find_commit(repository, named, 'BASE') if named else published_commit(source, branch)
    theirs = stopped.theirs if stopped else published
    name = named or shown(published_ref(branch, refs))
    # A merge that has stopped is what the hint for several merge bases says; its result is judged as any other.
    base = repository.ask('merge-base', mine, theirs) if stopped else merge_base(repository, name, theirs, mine)
    if not base:
        hint = "run 'git fetch --unshallow'" if is_shallow(repository) else 'name the branch it comes from'
        raise problem('BASE', '', 'this branch and the base have no common commit in this clone', hint)
    if theirs != published:
        name = repository.ask('name-rev', '--name-only', '--refs=refs/heads/*', '--refs=refs/remotes/*', theirs) or name
    of_both = theirs if theirs == published else repository.ask('merge-base', published, mine, theirs)
    return Sides(repository, mine, theirs, base, of_both or theirs, name, stopped)


def merge(sides: Sides, progress: Progress = quiet) -> Merge:
    """Merge the registry files of two branches; raises ProblemsFound for what both set to different values.

    Drafts are numbered anew, and the pins that name them follow, before the releases are merged.
    """
    repository = sides.repository
    source = open_revision(repository, sides.theirs, repository.refs())
    content = read_content(sides)
    mine, others = (drafts_of(repository, each, sides.published) for each in (sides.ours, sides.theirs))
    run = Run(source, sides.published, shards=True, progress=progress)
    merged, pins = _with_pins(sides, run, content, mine, others)
    registry = {name: data for name, data in merged.items() if data != content.registry[name].theirs}
    made = replace(run, source=_with_pruned(sides, source).with_files({**registry, **content.documents}))
    return Merge(sides, made, registry, content.entries, mine, tuple(pins))


def _with_pins(
    sides: Sides, run: Run, content: Content, mine: Drafts, others: Drafts
) -> tuple[dict[str, bytes | None], list[tuple[str, str, str]]]:
    """Merge the registry; return it, and the pins of this branch that follow a draft."""
    pinning = {
        name: three
        for name, three in content.registry.items()
        if pins_of(name, three.ours, mine) or pins_of(name, three.theirs, others)
    }
    rest = {name: three for name, three in content.registry.items() if name not in pinning}
    registry = merged_registry(sides, rest)
    if not pinning:
        return registry, []
    # Charts do not depend on pins: those of either side are good enough to number them.
    taken = {name: three.theirs if three.ours is None else three.ours for name, three in pinning.items()}
    models = tuple(sorted({folder_and_stem(name)[1] for name in pinning}))
    source = replace(run.source.with_files({**registry, **taken}), scope=models)
    number = numbers(replace(run, source=source, shards=False).charts)
    moved, followed = {}, []
    for name, three in pinning.items():
        ours, theirs = (
            with_numbers(name, data, drafts, number) for data, drafts in ((three.ours, mine), (three.theirs, others))
        )
        moved[name] = Three(three.base, ours, theirs, three.resolved)
        if three.resolved is not None and not is_own_result(sides, name, moved[name]):
            moved[name] = replace(moved[name], resolved=with_numbers(name, three.resolved, mine, number))
        pins = dict.fromkeys(pins_of(name, three.ours, mine).values())
        followed += [(name, pin.version, number(folder_and_stem(name)[1], pin)) for pin in pins]
    return registry | merged_registry(sides, moved), [pin for pin in followed if pin[1] != pin[2]]


def _with_pruned(sides: Sides, source: Source) -> Source:
    """Lay ledgers with what either side has pruned: it stands nowhere else."""
    changed = (changed_models(sides.repository, sides.published, each) for each in (sides.ours, sides.theirs))
    models = sorted({model for each in changed for model in each})
    ledgers = [ledgers_of(sides.repository, commit, models) for commit in (sides.published, sides.ours, sides.theirs)]
    laid = {}
    for model in models:
        published, *others = (ledger.get(model, ()) for ledger in ledgers)
        gone = frozenset().union(*map(pruned, others)) & {entry.version for entry in published}
        if gone - pruned(published):
            laid[ledger_file(model)] = dump_ledger(model, marked(published, gone | pruned(published)))
    return source.with_files(laid)


def _removed_here(merge: Merge) -> Iterator[str]:
    gone = {name for name, data in merge.registry.items() if data is None}
    if not gone:
        return
    held = merge.sides.repository.ids(merge.sides.ours, [VALUES, DELIVERY, BOOTSTRAP])
    left = {release_of(path) or environment_of(path) for path in held}
    names = [*names_below(RELEASES, gone), *names_below(ENVIRONMENTS, gone)]
    yield from (name for name in names if name not in left)
