"""The closed sets are those of the schemas, and who decides by one of them names every member of it."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import get_args

import pytest
from parts import ROOT

from generator.domain import choices as c
from generator.domain.strategy import StrategyKind

SPEC = json.loads((ROOT / 'schemas/environment.json').read_text(encoding='utf-8'))['properties']['spec']['properties']
MODEL = json.loads((ROOT / 'schemas/model.json').read_text(encoding='utf-8'))
STRATEGY = json.loads((ROOT / 'schemas/strategy.json').read_text(encoding='utf-8'))['definitions']['strategy']
# Members whose names mean nothing else: 'service' is a key of many documents, 'istio' and the like are not.
MEMBERS = {*c.AGENTS, *c.ENGINES, *c.ROUTERS, *c.CONTROLLERS} - {'service'}
# Other sets: some of their members are also words of other documents.
OTHERS = {
    *c.TOOLS,
    *get_args(c.ChartSource),
    *get_args(c.Mesh),
    *get_args(c.Enforcer),
    *get_args(c.CloudIdentity),
    *get_args(c.Dns),
} - {'none'}
MODULES = sorted((ROOT / 'generator').rglob('*.py'))


def test_the_sets_are_those_of_the_schemas() -> None:
    assert SPEC['agent']['enum'] == list(c.AGENTS)
    assert SPEC['engine']['enum'] == list(c.ENGINES)
    assert SPEC['router']['enum'] == list(c.ROUTERS)
    assert SPEC['gateway']['properties']['controller']['enum'] == list(c.CONTROLLERS)
    assert STRATEGY['properties'].keys() == set(get_args(StrategyKind))
    auth = MODEL['properties']['spec']['properties']['route']['properties']['auth']
    assert set(auth['enum']) == set(get_args(c.Auth))


def names(node: ast.AST | None, known: Collection[str] = MEMBERS) -> set[str]:
    """Members that stand in a node, be it a tuple or a set of them."""
    if isinstance(node, ast.Constant):
        return {node.value}.intersection(known) if isinstance(node.value, str) else set()
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        return set().union(*(names(each, known) for each in node.elts))
    return set()


def decisions(tree: ast.Module) -> Iterator[ast.expr | ast.Match]:
    """Comparisons with a member, maps from members to something, and matches over members that may pass over one."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare() if any(map(names, [node.left, *node.comparators])):
                yield node
            case ast.Dict() if sum(bool(names(key)) for key in node.keys) > 1:
                yield node
    yield from (found for found in matches(tree) if not is_exhaustive(found))


def matches(tree: ast.Module, known: Collection[str] = MEMBERS) -> Iterator[ast.Match]:
    """Those over members."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Match) and any(
            names(found, known) for case in node.cases for found in values(case.pattern)
        ):
            yield node


def is_exhaustive(found: ast.Match) -> bool:
    last = found.cases[-1]
    return isinstance(last.pattern, ast.MatchAs) and 'assert_never(' in ast.unparse(last.body[0])


def values(pattern: ast.pattern) -> Iterator[ast.AST]:
    return (node.value for node in ast.walk(pattern) if isinstance(node, ast.MatchValue))


@pytest.mark.parametrize('module', MODULES, ids=[path.relative_to(ROOT).as_posix() for path in MODULES])
def test_decisions_by_a_closed_set_are_exhaustive(module: Path) -> None:
    """A `match` that ends in `assert_never`: then mypy finds what a new member needs."""
    found = decisions(ast.parse(module.read_text(encoding='utf-8')))
    assert [f'{node.lineno}: {ast.unparse(node)[:80]}' for node in found] == []


def test_mypy_names_every_place_that_a_new_member_needs(tmp_path: Path) -> None:
    """Each set gets a member more, in a copy."""
    shutil.copytree(ROOT / 'generator', tmp_path / 'generator', ignore=shutil.ignore_patterns('__pycache__'))
    choices = tmp_path / 'generator/domain/choices.py'
    text = choices.read_text(encoding='utf-8')
    sets = [name for name in re.findall(r'^(\w+) = Literal', text, re.MULTILINE) if name != 'Auth']
    assert sets == [
        'Agent', 'Engine', 'Router', 'RouteType', 'Controller', 'ChartSource', 'Mesh', 'Enforcer',
        'CloudIdentity', 'Dns', 'Tool',
    ]  # fmt: skip
    for name in sets:
        text = re.sub(rf'^{name} = Literal\[', f"{name} = Literal['another', ", text, flags=re.MULTILINE)
    choices.write_text(text, encoding='utf-8')
    command = [sys.executable, '-m', 'mypy', '--config-file', str(ROOT / 'pyproject.toml'), '--no-error-summary']
    done = subprocess.run([*command, '--cache-dir', os.devnull], cwd=tmp_path, capture_output=True, encoding='utf-8')
    told = {tuple(line.split(':')[:2]) for line in done.stdout.splitlines() if "'another'" in line}
    needed = set()
    for module in MODULES:
        for found in filter(is_exhaustive, matches(ast.parse(module.read_text(encoding='utf-8')), MEMBERS | OTHERS)):
            needed.add((module.relative_to(ROOT).as_posix(), str(found.cases[-1].body[0].lineno)))
    assert needed
    assert told == needed, done.stdout
