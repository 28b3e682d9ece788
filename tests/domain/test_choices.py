"""The closed sets are those of the schemas, and who decides by one of them names every member of it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
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
# Their rules are about to move into Python (the routes of each router).
NOT_YET = {'generator/releases/nginx.py', 'generator/releases/routes.py'}
MODULES = [path for path in sorted((ROOT / 'generator').rglob('*.py')) if str(path.relative_to(ROOT)) not in NOT_YET]


def test_the_sets_are_those_of_the_schemas() -> None:
    assert SPEC['agent']['enum'] == list(c.AGENTS)
    assert SPEC['engine']['enum'] == list(c.ENGINES)
    assert SPEC['router']['enum'] == list(c.ROUTERS)
    assert SPEC['gateway']['properties']['controller']['enum'] == list(c.CONTROLLERS)
    assert STRATEGY['properties'].keys() == set(get_args(StrategyKind))
    auth = MODEL['properties']['spec']['properties']['route']['properties']['auth']
    assert set(auth['enum']) == set(get_args(c.Auth))


def names(node: ast.AST | None) -> set[str]:
    """Members that stand in a node, be it a tuple or a set of them."""
    if isinstance(node, ast.Constant):
        return {node.value} & MEMBERS if isinstance(node.value, str) else set()
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        return set().union(*map(names, node.elts))
    return set()


def decisions(tree: ast.Module) -> Iterator[ast.expr | ast.Match]:
    """Comparisons with a member, maps from members to something, and matches over members that may pass over one."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare() if any(map(names, [node.left, *node.comparators])):
                yield node
            case ast.Dict() if sum(bool(names(key)) for key in node.keys) > 1:
                yield node
            case ast.Match() if any(names(found) for case in node.cases for found in values(case.pattern)):
                last = node.cases[-1]
                if not isinstance(last.pattern, ast.MatchAs) or 'assert_never(' not in ast.unparse(last.body[0]):
                    yield node


def values(pattern: ast.pattern) -> Iterator[ast.AST]:
    return (node.value for node in ast.walk(pattern) if isinstance(node, ast.MatchValue))


@pytest.mark.parametrize('module', MODULES, ids=[path.relative_to(ROOT).as_posix() for path in MODULES])
def test_decisions_by_a_closed_set_are_exhaustive(module: Path) -> None:
    """A `match` that ends in `assert_never`: then mypy finds what a new member needs."""
    found = decisions(ast.parse(module.read_text(encoding='utf-8')))
    assert [f'{node.lineno}: {ast.unparse(node)[:80]}' for node in found] == []
