"""Every feature × engine × router × agent: what is supported makes valid objects on both helms, the rest is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import registries as r
import strategies as s
import yaml
from gitops import chartloom

from generator.helm import find_helm, template
from generator.pipeline import Run
from generator.repository import open_repository
from generator.strategies.capabilities import FEATURES, combinations, refusal
from generator.verify import helm_releases

Objects = dict[tuple[str, str], Any]
Strict = Callable[..., None]
SUPPORTED = [(f, name) for f in FEATURES for name, (e, r_, _) in s.ENVIRONMENTS.items() if refusal(f, e, r_) is None]
REFUSED = [(f, name) for f in FEATURES for name, (e, r_, _) in s.ENVIRONMENTS.items() if refusal(f, e, r_)]


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    files = {**r.settings()}
    for name in s.ENVIRONMENTS:
        files |= s.environment(name)
    for feature in FEATURES:
        files |= s.model(feature)
    for feature, name in SUPPORTED:
        files |= s.release(name, feature)
    repository = r.Repository(tmp_path_factory.mktemp('strategies') / 'repository', files)
    done = chartloom(repository.folder, 'generate', '--commit')
    assert done.returncode == 0, done.stderr
    return Run(open_repository(repository.folder))


@pytest.fixture(scope='module')
def made(run: Run, helms: list[Path]) -> dict[tuple[str, str], Objects]:
    """The objects of each release (environment, model), the same from both helms."""
    found: list[dict[tuple[str, str], Objects]] = []
    for binary in helms:
        releases: dict[tuple[str, str], Objects] = {}
        for rendered in template(find_helm({'HELM': str(binary), 'PATH': ''}), helm_releases(run)):
            assert rendered.problem is None, rendered.problem
            documents = [each for each in yaml.load_all(rendered.text, yaml.CSafeLoader) if each]
            objects = {(each['kind'], each['metadata']['name']): each for each in documents}
            assert len(objects) == len(documents), 'two objects have one name'
            _, environment, model = rendered.release.file.removesuffix('.yaml').split('/')
            releases[environment, model] = objects
        found.append(releases)
    assert found[0] == found[-1], 'the helms differ'
    return found[0]


def nameless(item: Any) -> str:
    name = item['metadata']['labels']['app.kubernetes.io/instance']
    return json.dumps(item, sort_keys=True).replace(name, 'name')


def test_every_supported_combination_makes_valid_objects(
    run: Run, made: dict[tuple[str, str], Objects], strict: Strict
) -> None:
    assert len(made) == len(SUPPORTED)
    objects = [item for release in made.values() for item in release.values()]
    for item in {nameless(item): item for item in objects}.values():
        strict(item, '1.36')
    counts = Counter(item['kind'] for item in objects)
    table = Counter(found is None for *_, found in combinations())
    print(f'{table[True]} supported, {table[False]} refused; {len(objects)} objects: {dict(sorted(counts.items()))}')
    assert table == {True: len(SUPPORTED), False: len(REFUSED)}
    for path, data in run.files.items():
        if path.startswith('delivery/') and path.endswith('.yaml'):
            strict(yaml.load(data, yaml.CSafeLoader))
