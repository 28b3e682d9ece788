"""What is published, and the registry that a run judges by it → problems of promotions and moves among releases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial

from generator.charts.ledger import read_ledger
from generator.documents.schema import RegistrySchemas
from generator.domain.choices import by_commits
from generator.domain.layout import (
    CHART_YAML,
    chart_folder,
    delivered_chart,
    delivery_file,
    ledger_file,
    model_name,
    newest_folder,
    rollout_file,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Registry, Release, Rollout
from generator.domain.strategy import Canary
from generator.domain.times import Clock
from generator.domain.tree import Ids, Tree
from generator.domain.values import Values
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.earlier import Earlier
from generator.pipeline.history import had, ran_for, runs_now
from generator.pipeline.origins import Origins, is_same, origins
from generator.pipeline.prefixes import delivers
from generator.pipeline.published import Base
from generator.pipeline.source import Source
from generator.pipeline.standings import Grounds, standings
from generator.pipeline.weaker import strategy_of
from generator.plan.jumps import inherited
from generator.plan.moves import Published, move_problems
from generator.plan.promotion import Gates, Standing, promotion_problems
from generator.registry.load import read_record


@dataclass(frozen=True)
class Gate:
    """What is published, and the registry whose releases are judged by it; `read` is the one of the registry files, and
    `made` are the desired files, at least those that differ from the base."""

    source: Source
    base: Base
    published: str
    charts: ChartFiles
    made: Tree
    registry: Registry
    read: Registry
    schemas: Mapping[str, bytes]
    clock: Clock

    @cached_property
    def now(self) -> Earlier:
        # Not the base: a merge may have brought a commit that the branch itself never was at.
        return Earlier(self.source, self.published, RegistrySchemas(self.schemas))

    @cached_property
    def at_base(self) -> Earlier:
        return replace(self.now, revision=self.base.revision)

    @cached_property
    def origins(self) -> Origins:
        return origins(self.now, self.registry)

    @cached_property
    def _kept_places(self) -> set[str]:
        """The environments that are where the base has them, whatever became of them since."""
        there = self._base_environments
        return {name for name, each in self.registry.environments.items() if is_same(self.now, there, each)}

    @cached_property
    def _base_environments(self) -> Ids:
        return self.at_base.environment_ids()

    @cached_property
    def rollouts(self) -> dict[str, Rollout]:
        """The published rollouts in scope, also by the releases of other environments that take their place."""
        now = self.now
        found = now.rollouts(name for name in now.rollout_names() if now.source.in_scope(rollout_file(name)))
        return {**dict(inherited(self.registry, self.origins, found)), **found} if found else {}

    @cached_property
    def _standings(self) -> dict[str, Standing]:
        return {}

    def problems(self, changed: Collection[str]) -> list[Problem]:
        """The problems of promotions and of moves among releases whose delivery object changes."""
        promoting = [name for name in changed if _is_gated(self.registry, self.origins, name)]
        mine = [self.registry.releases[name] for name in promoting]
        before = {f'{origin.name}/{release.model}' for release in mine for origin in self.origins[release.environment]}
        # All at once: a change may reach every release.
        self._standings.update(standings(self.now, self.read, before.union(changed)))
        gates = Gates(
            self.registry, self.chart, self.standing, self.had, self.ran_for, self.origins, self.version, self.measured,
            self.holds,
        )  # fmt: skip
        ground = partial(Grounds(self.now, self.read, self.origins).of, self.standing)
        behind = partial(_is_behind, self.at_base, self.registry, self._kept_places, self.chart)
        there = Published(
            self.places, self.standing, ground, self.had, behind, self.version, self.reinstated, self.runs
        )
        found = [*promotion_problems(gates, promoting)]
        found += move_problems(self.registry, changed, self.chart, there, self.clock)
        return found if found and delivers(self.source.repository, self.published) else []

    def places(self, name: str) -> list[str]:
        """The published releases whose place a release takes: itself, and those of environments that were there.

        A new name of an old place is not judged by itself: it moves to nothing that does not run there.
        """
        environment, model = name.split('/')
        names = (f'{origin.name}/{model}' for origin in self.origins.get(environment, ()))
        others = [each for each in names if each != name and self._is_published(each)]
        return others if others and not self._is_published(name) else [name, *others]

    def _is_published(self, name: str) -> bool:
        found = self.standing(name)
        return bool(found.release or found.delivered)

    def standing(self, name: str) -> Standing:
        if name not in self._standings:
            self._standings.update(standings(self.now, self.read, [name]))
        return self._standings[name]

    def had(self, name: str, chart: str, *, ever: bool = False) -> bool:
        return had(self.source.repository, self.published, self.registry.settings.branch, name, chart, ever=ever)

    def runs(self, name: str) -> str:
        return runs_now(self.source.repository, self.published, self.registry.settings.branch, name)

    def ran_for(self, name: str, chart: str) -> int:
        branch = self.registry.settings.branch
        return ran_for(self.source.repository, self.published, branch, name, chart, self.clock.now)

    def holds(self, name: str) -> int:
        """For how long a controller holds the steps of a published release, in seconds; 0 where commits move it."""
        release, chart = self.standing(name).release, self.standing(name).delivered
        environment = self.now.environments().get(name.partition('/')[0])
        if not (release and environment and chart) or release.is_rollback or by_commits(release.engine(environment)):
            return 0
        strategy, _ = strategy_of((release, environment), self.about(release.model, chart), chart, release)
        return sum(step.hold for step in strategy.steps) if isinstance(strategy, Canary) else 0

    def version(self, name: str, chart: str) -> str:
        """The model version of a chart, '' if no ledger has it."""
        file = ledger_file(model_name(name))
        if file not in self.made and file not in self.base.ids:
            return ''
        entries = read_ledger(self.desired(file), file)
        return next((entry.model_version for entry in entries if entry.version == chart), '')

    def reinstated(self, published: Release) -> bool:
        """Whether the file of a release is the published one without versions that it gave up."""
        if published.file not in self.source.tree.ids:
            return False
        # Not the registry's: there, the pin of a rollback has ended.
        mine = read_record(published.file, self.source.read(published.file), RegistrySchemas(self.schemas)).spec
        there = {**published.spec, 'withdrawn': mine.get('withdrawn')}
        return there == {**mine, 'withdrawn': mine.get('withdrawn')}

    def measured(self, model: str, version: str) -> Values | None:
        """The published metrics of a version that is published: a request does not choose what was measured."""
        both = (self.now.models([model]).get(model), self.registry.models.get(model))
        found = (each for model_ in both if model_ for each in model_.versions if each.version == version)
        return next((each.spec.get('metrics', {}) for each in found), None)

    def chart(self, name: str) -> str:
        """The chart that a release is to run."""
        return delivered_chart(self.desired(delivery_file(name)))

    def about(self, model: str, chart: str) -> bytes:
        """Chart.yaml of a chart: of the base, of those that are made, or of others by now; b'' if nobody has it."""
        if known := next((entry for entry in self.base.ledgers.get(model, ()) if entry.version == chart), None):
            with suppress(ProblemsFound):  # `verify` says what is wrong with it
                return self.charts.read(model, known)[CHART_YAML]
        own, newest = (f'{folder}/{CHART_YAML}' for folder in (chart_folder(model, chart), newest_folder(model)))
        made = next((self.made[file] for file in (own, newest) if file in self.made), b'')
        return made or self.now.files([own]).get(own, b'')

    def desired(self, path: str) -> bytes:
        """The content of a desired file."""
        if path in self.made:
            return self.made[path]
        blob = self.base.ids[path]
        return self.source.repository.read([blob])[blob]


def _is_behind(
    base: Earlier, registry: Registry, kept: Collection[str], chart: Callable[[str], str], name: str, place: str
) -> bool:
    """Whether a release runs what the base has in its place: the branch changes something else, and others may have
    moved it, or its environment. One whose environment the branch changes stands where another one was."""
    old = name if name.partition('/')[0] in kept else place
    there, rollout = base.rollouts([old]).get(old), registry.rollouts.get(name)
    before = delivered_chart(base.files([delivery_file(old)]).get(delivery_file(old), b''))
    release, was = registry.releases[name], base.releases([old]).get(old)
    if was and was.is_suspended and not release.is_suspended:  # what the base has moves now
        return False
    wanted = str(rollout.spec['to']['chart']) if rollout else release.chart or chart(name)
    return before == wanted and (there.spec if there else None) == (rollout.spec if rollout else None)


def _is_gated(registry: Registry, of: Origins, name: str) -> bool:
    release = registry.releases[name]
    gated = any(origin.promotes_from for origin in of[release.environment])
    return bool(gated or release.chart or name in registry.rollouts)
