"""Release over environment over chart: whose strategy holds, parsed once, with the place that says so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import registries as r
from parts import ROOT

from generator.domain.generated import ResolvedRelease
from generator.domain.strategy import BlueGreen, Canary, Rolling, written_strategy
from generator.strategies.written import STRATEGY, annotation, of_chart

CANARY = {'canary': {'steps': [{'weight': 5, 'hold': '10m'}]}}
PINNED = {'version': '1', 'chart': '1.0.0'}


@pytest.fixture
def repository(tmp_path: Path) -> r.Repository:
    """Model web, published with a strategy of its own; prod is pinned to that chart."""
    files = r.settings() | r.model(strategy={'blueGreen': {'keepOld': '5m'}}) | r.environment('prod')
    repository = r.Repository(tmp_path / 'repository', files | r.release(**PINNED))
    repository.publish()
    return repository


def release(repository: r.Repository) -> ResolvedRelease:
    (found,) = repository.run().releases
    return found


def place(repository: r.Repository) -> tuple[str, tuple[str | int, ...]]:
    written = release(repository).written
    return written.file, written.path


def test_the_last_one_that_says_it_decides_as_one_piece(repository: r.Repository) -> None:
    model, path = 'registry/models/web.yaml', ('spec', 'strategy')
    assert release(repository).strategy == BlueGreen(preview_replicas=0, approval=False, keep_old=300, checks=None)
    assert place(repository) == (model, path)
    repository.write(r.environment('prod', strategy={'rolling': {'maxSurge': 2}}))
    assert release(repository).strategy == Rolling({'maxSurge': 2})
    assert place(repository) == ('registry/environments/prod.yaml', path)
    repository.write(r.release(**PINNED, strategy={'blueGreen': {'approval': True}}))
    assert release(repository).strategy == BlueGreen(preview_replicas=0, approval=True, keep_old=0, checks=None)
    assert place(repository) == ('registry/releases/prod/web.yaml', path)


def test_a_pinned_chart_keeps_the_strategy_of_its_version(repository: r.Repository) -> None:
    """The model's later strategy comes with a later chart only."""
    repository.write(r.model(strategy=CANARY, versions=[r.version('1'), r.version('2')]))
    assert isinstance(release(repository).strategy, BlueGreen)
    assert place(repository) == ('charts/web/1.0.0/Chart.yaml', ('annotations', STRATEGY))
    newer = repository.run().charts['web'].charts['1.1.0'].strategy
    assert newer
    assert isinstance(newer.strategy, Canary)


def test_kubernetes_replaces_the_pods_where_nobody_says_anything(tmp_path: Path) -> None:
    files = r.settings() | r.model() | r.following('prod') | r.release()
    repository = r.Repository(tmp_path / 'repository', files)
    assert release(repository).strategy == Rolling({})
    assert place(repository) == ('registry/releases/prod/web.yaml', ('spec',))


def test_a_chart_says_what_its_model_said() -> None:
    said = of_chart({STRATEGY: annotation(CANARY)}, 'charts/web/1.0.0')
    assert said
    assert said == written_strategy(CANARY, 'charts/web/1.0.0/Chart.yaml', ('annotations', STRATEGY))
    assert isinstance(said.strategy, Canary)
    assert of_chart({}, 'charts/web/1.0.0') is None


def test_strategies_are_parsed_at_the_doors_only() -> None:
    """Where a registry file, a chart or a release is read: everything behind takes the parsed record."""
    found = set()
    for module in (ROOT / 'generator').rglob('*.py'):
        for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ('parse_strategy', 'written_strategy'):
                found.add(module.relative_to(ROOT / 'generator').as_posix())
    assert found == {
        'charts/files.py', 'domain/strategy.py', 'pipeline/weaker.py', 'registry/load.py', 'strategies/written.py',
    }  # fmt: skip
