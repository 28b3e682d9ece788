"""Drafts of charts → the class of each one's version: drafts and the charts before them are rendered and compared."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from generator.charts.files import SIGNATURE, VERSION
from generator.charts.serving import SERVES
from generator.charts.starter import value_sets
from generator.charts.versions import Draft
from generator.compare.bump import Reason, bump_of, raised, reasons_of, template_reasons, without_rendering
from generator.compare.bump_rules import Evidence, Facts
from generator.compare.difference import Difference, differences
from generator.compare.sets import EVERYTHING, known
from generator.documents.read import read_yaml
from generator.documents.write import scalar_text
from generator.domain.generated import Bump, Chart, LedgerEntry
from generator.domain.layout import CHART_SCHEMA, CHART_VALUES, CHART_YAML, TEMPLATES
from generator.domain.problems import ProblemsFound
from generator.domain.tree import Tree
from generator.domain.values import DOMAIN, Values
from generator.tools.helm.binary import HelmRelease, Rendered, find_helm, template
from generator.tools.temporary import temporary_folder

_AT_ONCE = 100  # pairs whose rendered objects are in memory
# Both sides are rendered for one version of Kubernetes, so that it is no difference.
_KUBERNETES = '1.36'
_KUBE_VERSION = re.compile(rb'^kubeVersion:[ \t]*"?([^"\n]*)', re.MULTILINE)
_CHANGES = re.compile(rb'^  artifacthub\.io/changes:.*\n', re.MULTILINE)
_NAME = re.compile(rb'^name:.*$', re.MULTILINE)
# The files of the chart that a ledger's entry is about, by their paths in its folder. Helm runs their templates: only
# files that the ledger vouches for.
Published = Callable[[str, LedgerEntry], Tree]


@dataclass(frozen=True)
class Side:
    """A chart: its files with a version, and what was read of them already."""

    files: Tree
    model_version: str
    version: str
    given: Chart | None = None

    @cached_property
    def annotations(self) -> Values:
        if self.given:
            return self.given.annotations
        found: Values = read_yaml(self.files[CHART_YAML], CHART_YAML).get('annotations', {})
        return found

    @cached_property
    def values(self) -> Values:
        return self.given.values if self.given else read_yaml(self.files[CHART_VALUES], CHART_VALUES)

    @cached_property
    def schema(self) -> Any:
        return json.loads(self.files[CHART_SCHEMA])

    @cached_property
    def templates(self) -> str:
        lines = (f'{path} {sha256(self.files[path]).hexdigest()}' for path in sorted(self.files) if _is_template(path))
        return sha256('\n'.join(lines).encode()).hexdigest()

    @cached_property
    def kube_version(self) -> str:
        found = _KUBE_VERSION.search(self.files[CHART_YAML])
        return found[1].decode() if found else ''

    @cached_property
    def facts(self) -> Facts:
        told = self.annotations
        return Facts(
            model_version=self.model_version,
            signature=json.loads(told[SIGNATURE]) if SIGNATURE in told else None,
            runtime=told.get(f'{DOMAIN}/runtime', ''),
            served=json.loads(told.get(SERVES, '{}')).get('name', {}).get('text', ''),
            kube_version=self.kube_version,
            values=self.values,
            schema=self.files[CHART_SCHEMA],
            texts=self._texts,
        )

    def _texts(self) -> Tree:
        texts = {path: self._unnumbered(data) for path, data in self.files.items()}
        return {**texts, CHART_YAML: _CHANGES.sub(b'', texts[CHART_YAML])}

    def _unnumbered(self, data: bytes) -> bytes:
        """A file without the version of the chart, which is no difference."""
        return data.replace(scalar_text(self.version).encode(), b'').replace(self.version.encode(), b'')


def _is_template(path: str) -> bool:
    return path.startswith(TEMPLATES)


@dataclass(frozen=True)
class Pair:
    draft: Draft
    old: Side
    new: Side

    @property
    def same_templates(self) -> bool:
        return self.old.templates == self.new.templates


def classify(drafts: Sequence[Draft], published: Published, jobs: int = 1) -> list[Bump]:
    """Return the bump of each draft that has a chart before it; helm renders those that values alone do not decide.

    Raises CommandFailed if helm is needed and not found, and ProblemsFound as `published` does.
    """
    pairs = [Pair(draft, _before(draft, published), _side(draft)) for draft in drafts if draft.before]
    quick = [_without_rendering(pair) for pair in pairs]
    slow = iter(_rendered([pair for pair, bump in zip(pairs, quick, strict=True) if not bump], jobs))
    bumps = [bump or next(slow) for bump in quick]
    return [raised(bump, pair.draft.least) for bump, pair in zip(bumps, pairs, strict=True)]


def _without_rendering(pair: Pair) -> Bump | None:
    alike = pair.same_templates and pair.old.files[CHART_SCHEMA] == pair.new.files[CHART_SCHEMA]
    return without_rendering(pair.old.facts, pair.new.facts) if alike else None


def _side(draft: Draft) -> Side:
    return Side(draft.chart.files, draft.chart.model_version, VERSION, draft.chart)


def _before(draft: Draft, published: Published) -> Side:
    before, model = draft.before, draft.chart.model
    if isinstance(before, Draft):
        return _side(before)
    assert before
    return Side(published(model, before), before.model_version, before.version)


def _rendered(pairs: Sequence[Pair], jobs: int) -> Iterator[Bump]:
    """Yield the bumps of pairs whose objects have to be compared; templates that charts share are compared once."""
    of_templates: dict[tuple[str, str], list[Reason]] = {}
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        found = iter(render([each for pair in some for each in _asked(pair)], jobs))
        for pair in some:
            (own, _), (every, broken) = (_compared(next(found), next(found)) for _ in range(2))
            if pair.same_templates:  # the set does not fit the values of the model
                broken = []
            key = (pair.old.templates, pair.new.templates)
            if not pair.same_templates and key not in of_templates:
                of_templates[key] = _of_templates(pair, jobs)
            objects = (*own, *(each for each in every if each not in own))
            evidence = Evidence(pair.old.facts, pair.new.facts, objects)
            yield bump_of(evidence, own, [*broken, *of_templates.get(key, ())])


def _asked(pair: Pair) -> list[tuple[Side, Values]]:
    """Both charts with their own values, then both with everything switched on."""
    everything = known(value_sets()[EVERYTHING], pair.old.schema, pair.new.schema)
    return [(side, values) for values in ({}, everything) for side in (pair.old, pair.new)]


def _compared(old: Rendered, new: Rendered) -> tuple[list[Difference], list[Reason]]:
    """The differences of two charts with one set of values; a set that the older chart does not take tells nothing."""
    if old.problem:
        return [], []
    if new.problem:
        # Not in the words of helm, which differ from version to version.
        return [], [Reason('not-rendered', 'major', 'values that the chart before it took do not render any more')]
    try:
        return differences(old.documents, new.documents), []
    except ProblemsFound:  # `verify` says what is wrong with them
        return [], [
            Reason('not-rendered', 'major', 'objects of this chart, or of the one before it, are not valid YAML')
        ]


def _of_templates(pair: Pair, jobs: int) -> list[Reason]:
    """What new templates change, with all sets of values of the starter and the values of the older chart."""
    values = {**pair.new.values, **{key: value for key, value in pair.old.values.items() if key in pair.new.values}}
    new = Side({**pair.new.files, CHART_VALUES: json.dumps(values, default=dict).encode()}, '', VERSION)
    sets = [known(each, pair.old.schema, pair.new.schema) for each in value_sets().values()]
    found = iter(render([(side, each) for each in ({}, *sets) for side in (pair.old, new)], jobs))
    objects: list[Difference] = []
    for old, now in zip(found, found, strict=True):
        objects += [each for each in _compared(old, now)[0] if each not in objects]
    evidence = Evidence(pair.old.facts, pair.old.facts, tuple(objects))
    return [*reasons_of(evidence), *template_reasons(objects)]


def render(asked: Sequence[tuple[Side, Values]], jobs: int) -> list[Rendered]:
    """Render charts with values, in this order; charts with equal templates share helm processes."""
    helm = find_helm(os.environ)
    with temporary_folder() as folder:
        store: dict[bytes, Path] = {}
        releases = []
        for index, (side, values) in enumerate(asked):
            place = folder / f'c{index}'
            _write(place, side.files, store)
            # All have names of their own, so that they fit into one umbrella.
            releases.append(HelmRelease(f'c{index}', 'default', _KUBERNETES, place, values, side.templates, place.name))
        found = {rendered.release.name: rendered for rendered in template(helm, releases, jobs=jobs)}
    return [found[release.name] for release in releases]


def _write(folder: Path, files: Tree, store: dict[bytes, Path]) -> None:
    """Write what helm needs of a chart; equal files are links to one."""
    for path, data in files.items():
        if path == CHART_YAML:
            data = _NAME.sub(b'name: %b' % folder.name.encode(), data.replace(VERSION.encode(), b'0.0.0'), count=1)
        elif path not in (CHART_VALUES, CHART_SCHEMA) and not _is_template(path):
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if known_as := store.get(data):
            os.link(known_as, target)
        else:
            target.write_bytes(data)
            store[data] = target
