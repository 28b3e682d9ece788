"""The packages of generator/: allowed imports, no circular imports, a pure core, and paths in one module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from imports import FLOOR, INNER, MODULES, circles, forbidden, main, package_of
from parts import ROOT

_PATH = re.compile(r'(registry|charts|values|delivery|bootstrap)/')


def test_every_package_has_a_floor() -> None:
    assert {package_of(name) for name in INNER} == set(FLOOR)


@pytest.mark.parametrize('name', INNER)
def test_a_module_imports_only_from_packages_below(name: str) -> None:
    assert forbidden(name) == set()


def test_modules_have_no_circle() -> None:
    assert list(circles()) == []


def test_the_table_of_packages(capfd: pytest.CaptureFixture[str]) -> None:
    """`make imports` prints it."""
    assert main() == bool(list(circles()))
    told = capfd.readouterr().out
    assert [line.split()[1] for line in told.partition('\n\n')[0].splitlines()[1:]] == list(FLOOR)
    assert '\nforbidden imports: 0\ncircles between modules: ' in told


def literals(path: Path) -> Iterator[str]:
    """Texts of a module that are not docstrings; of an f-string its constant parts."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize('name', [name for name in INNER if name != 'generator.domain.layout'])
def test_only_layout_knows_paths_of_the_repository(name: str) -> None:
    assert [text for text in literals(MODULES[name]) if _PATH.match(text)] == []


def test_each_folder_of_tests_mirrors_a_package() -> None:
    folders = {path.parent.relative_to(ROOT / 'tests') for path in (ROOT / 'tests').rglob('test_*.py')}
    assert {folder.parts[0] for folder in folders if folder.parts} <= set(FLOOR)
