"""A registry with one release in memory, changed by the rollout operations: for tests of rollouts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import registries as r
from charting import make_charts

from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts
from generator.checks.registry import registry_problems
from generator.documents.schema import RegistrySchemas
from generator.domain.generated import Chart, LedgerEntry, ResolvedRelease, Templates
from generator.domain.records import Registry, Release, Rollout
from generator.operations.rollout_start import check_release, choose_target, start
from generator.operations.rollout_steps import Files, Pin, abort, advance, check_finish
from generator.registry.load import load_registry
from generator.releases.resolve import resolve_pinned, resolve_releases
from generator.strategies.course import workload

NAME, MODEL = 'prod/web', 'web'
ROLLOUT, RELEASE = 'registry/rollouts/prod/web.yaml', 'registry/releases/prod/web.yaml'
CPU = {'requests': {'cpu': '1', 'memory': '1Gi'}, 'limits': {'memory': '1Gi'}}
OLD = {'version': r.version('1'), 'args': ['--old'], 'env': {'LEVEL': {'value': 'old'}, 'GONE': {'value': 'x'}}}
NEW = {'version': r.version('2'), 'args': ['--new'], 'env': {'LEVEL': {'value': 'new'}}}


def pod(release: ResolvedRelease, name: str) -> str:
    """The values that determine the pods of a track, as text; without the chart's templates."""
    track = release.merged['tracks'][name]
    return json.dumps({**workload(release.merged), **track['workload']}, sort_keys=True)


def templates(*, older: bool) -> Templates:
    """The starter; with `older`, a starter with other templates."""
    found = load_templates()
    if not older:
        return found
    file = 'templates/objects.yaml'
    files = {**found.starter.files, file: found.starter.files[file] + b'{{- /* older */}}\n'}
    return replace(found, starter=replace(found.starter, files=files, digest='older'))


@cache
def made(*, older: bool, scaled: bool) -> tuple[ModelCharts, Chart, Chart]:
    """The charts of both versions, each generated when it was the newest version."""
    registry = read({**base('canary', scaled=scaled), **model(OLD, scaled=scaled)})
    first = make_charts(registry.models[MODEL], registry.settings, templates(older=older))
    (old,) = first.charts.values()
    registry = read({**base('canary', scaled=scaled), **model(OLD, NEW, scaled=scaled)})
    both = make_charts(registry.models[MODEL], registry.settings, load_templates(), first.ledger)
    (new,) = both.charts.values()
    assert (old.version, new.version) == ('1.0.0', '1.0.1')
    return both, old, new


def model(*versions: dict[str, Any], scaled: bool) -> r.Files:
    last = versions[-1]
    more = {'autoscaling': {'minReplicas': 2, 'maxReplicas': 7}} if scaled else {'replicas': 5}
    return r.model(
        MODEL, versions=[v['version'] for v in versions], args=last['args'], env=last['env'], route={}, resources=CPU,
        **more,
    )  # fmt: skip


def base(kind: str, *, scaled: bool) -> r.Files:
    strategy = {'canary': {'steps': [{'weight': 50}]}} if kind == 'canary' else {'blueGreen': {}}
    return {
        **r.settings(),
        **model(OLD, NEW, scaled=scaled),
        **r.environment('prod', **r.ENVOY),
        **r.release('prod', MODEL, version='1', chart='1.0.0', strategy=strategy),
    }


@cache
def schemas() -> RegistrySchemas:
    return RegistrySchemas(load_templates().schemas)


def read(files: Files) -> Registry:
    """Read a registry from files; raises its problems."""

    def check(found: Registry, unread: Any) -> Any:
        return registry_problems(found, load_templates(), unread)

    return load_registry(files, lambda name: files[name] or b'', schemas(), check=check)


class World:
    """The files of a registry with one release, and what is resolved from them."""

    def __init__(self, strategy: dict[str, Any], *, older: bool = False, scaled: bool = False) -> None:
        self._read: Any = ((), None)
        self._resolved: ResolvedRelease | None = None
        self.charts, self.old, self.new = made(older=older, scaled=scaled)
        self.files = base('canary', scaled=scaled)
        self.set(RELEASE, strategy=strategy)
        self.older = older

    def set(self, file: str, **spec: Any) -> None:
        """Edit a file as a person would; None removes a key."""
        from generator.documents.read import read_yaml as parse

        document = parse(self.files[file], file)
        merged = {**document['spec'], **spec}
        document['spec'] = {key: value for key, value in merged.items() if value is not None}
        self.files = {**self.files, file: r.as_yaml(document)}

    @property
    def registry(self) -> Registry:
        key = tuple(sorted(self.files.items()))
        if key != self._read[0]:
            self._read = (key, read(self.files))
            self._resolved = None
        return self._read[1]

    @property
    def release(self) -> Release:
        return self.registry.releases[NAME]

    @property
    def rollout(self) -> Rollout | None:
        return self.registry.rollouts.get(NAME)

    def read_chart(self, model: str, entry: LedgerEntry) -> Chart:
        return {chart.version: chart for chart in (self.old, self.new)}[entry.version]

    def resolved(self) -> ResolvedRelease:
        registry = self.registry
        if self._resolved is None:
            charts = {MODEL: self.charts}
            (self._resolved,) = resolve_releases(registry, charts, self.read_chart, registry.releases.values())
        return self._resolved

    def _pinned(self, release: Release) -> ResolvedRelease:
        return resolve_pinned(release, self.registry, {MODEL: self.charts}, self.read_chart)

    def start(self, version: str = '', chart: str = '') -> None:
        registry = self.registry
        release = check_release(registry, NAME)
        to = choose_target(release, registry.models[MODEL], self.charts, version, chart)
        old = self._pinned(release)
        new = self._pinned(replace(release, spec={**release.spec, **to.spec}))
        same = old.chart is new.chart or not self.older
        self._lay(start(old, new, self.files.__getitem__, lambda: same).files)

    def advance(self) -> None:
        assert self.rollout
        self._lay(advance(self.rollout, self.release, self.files.__getitem__))

    def finish(self) -> None:
        assert self.rollout
        check_finish(self.rollout)
        self.advance()

    def abort(self) -> None:
        assert self.rollout
        self._lay(abort(self.rollout, self.files.__getitem__))

    def _lay(self, files: Files) -> None:
        kept = {path: data for path, data in {**self.files, **files}.items() if data is not None}
        self.files = kept

    def at_rest(self, pin: Pin, **more: Any) -> ResolvedRelease:
        """Resolve the release with a pin, without a rollout."""
        release = self.release
        return self._pinned(replace(release, spec={**release.spec, **pin.spec, **more}))
