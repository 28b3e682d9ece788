"""The packages of generator/ (DESIGN §4): who may import whom, no circles, no impure core, paths in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import ROOT

# From the ground up: a package may import those of the lines above its own, and no other package.
FLOORS = (
    ('domain',),
    ('documents',),
    ('tools',),
    ('values', 'registry'),
    ('strategies',),
    ('charts',),
    ('checks',),
    ('delivery', 'releases', 'plan'),
    ('pipeline',),
    ('operations',),
    ('cli',),
)
FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}
SHELL = {'tools', 'pipeline', 'operations', 'cli'}
IMPURE = {'os', 'subprocess', 'git', 'tempfile', 'time', 'datetime', 'random', 'pathlib'}
MODULES = {
    '.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__'): path
    for path in sorted((ROOT / 'generator').rglob('*.py'))
}
_PATH = re.compile(r'(registry|charts|values|delivery|bootstrap)/')


def imports(name: str) -> set[str]:
    """Every dotted name that a module imports, wherever the import stands in it: `from a import b` is a.b."""
    path = MODULES[name]
    package = path.relative_to(ROOT).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            found |= {'.'.join(filter(None, [*above, node.module, alias.name])) for alias in node.names}
    return found


def module_of(name: str) -> str:
    """The module that an imported name is, or stands in."""
    return name if name in MODULES else name.rpartition('.')[0]


def package_of(name: str) -> str:
    return name.split('.')[1] if '.' in name else ''


def is_own(name: str) -> bool:
    return name == 'generator' or name.startswith('generator.')


ARROWS = {name: {module_of(each) for each in imports(name) if is_own(each)} - {name} for name in MODULES}
INNER = [name for name in MODULES if package_of(name) not in ('', '__main__')]


def test_every_package_has_a_floor() -> None:
    assert {package_of(name) for name in INNER} == set(FLOOR)


@pytest.mark.parametrize('name', INNER)
def test_a_module_imports_only_from_packages_below(name: str) -> None:
    own = package_of(name)
    others = {package_of(arrow) for arrow in ARROWS[name]} - {own, ''}
    assert {other for other in others if FLOOR[other] >= FLOOR[own]} == set()
    if own not in SHELL:
        assert 'tools' not in others
        assert {each.split('.')[0] for each in imports(name)} & IMPURE == set()


def circles() -> Iterator[list[str]]:
    """Groups of modules each of which leads to each other one, by whatever import."""
    reached: dict[str, set[str]] = {}
    for name in MODULES:
        found, waiting = set[str](), [*ARROWS[name]]
        while waiting:
            arrow = waiting.pop()
            if arrow not in found:
                found.add(arrow)
                waiting += ARROWS.get(arrow, ())
        reached[name] = found
    for name in MODULES:
        circle = sorted(other for other in reached[name] if name in reached.get(other, ()))
        if circle and circle[0] == name:
            yield circle


def test_modules_have_no_circle() -> None:
    assert list(circles()) == []


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
