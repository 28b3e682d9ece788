#!/usr/bin/env python3
"""The modules of generator/ → a table of packages and their imports; tests/test_architecture.py uses it, too.

The exit code is 1 if there is a circular import, or a package imports another one that is not on a floor below.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The lowest floor first: a package may import only packages of the lines before its own.
FLOORS = (
    ('domain',),
    ('documents',),
    ('tools',),
    ('values', 'registry'),
    ('strategies',),
    ('charts',),
    ('checks',),
    ('delivery', 'releases', 'plan'),
    ('compare', 'pages'),
    ('review', 'board'),
    ('pipeline',),
    ('operations',),
    ('cli',),
)
FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}
# Only these packages may import `tools` and the modules of IMPURE; the others contain pure functions.
SHELL = {'tools', 'pipeline', 'operations', 'cli'}
IMPURE = {'os', 'subprocess', 'git', 'tempfile', 'time', 'datetime', 'random', 'pathlib'}
MODULES = {
    '.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__'): path
    for path in sorted((ROOT / 'generator').rglob('*.py'))
}


def imports(name: str) -> set[str]:
    """Every dotted name that a module imports, also inside functions; `from a import b` gives a.b."""
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
    """The module of an imported name."""
    return name if name in MODULES else name.rpartition('.')[0]


def package_of(name: str) -> str:
    """The package of a module: 'charts' for generator.charts.files, '' for generator."""
    return name.split('.')[1] if '.' in name else ''


def is_own(name: str) -> bool:
    return name == 'generator' or name.startswith('generator.')


ARROWS = {name: {module_of(each) for each in imports(name) if is_own(each)} - {name} for name in MODULES}
INNER = [name for name in MODULES if package_of(name) not in ('', '__main__')]


def circles() -> Iterator[list[str]]:
    """Find groups of modules that import each other, directly or indirectly."""
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


def arrows_of(package: str) -> Counter[str]:
    """The other packages that a package imports, with the number of importing modules."""
    modules = (name for name in INNER if package_of(name) == package)
    return Counter(other for name in modules for other in {*map(package_of, ARROWS[name])} - {package, ''})


def forbidden(name: str) -> set[str]:
    """The forbidden imports of a module: packages not below its own; in pure packages also tools and IMPURE."""
    own = package_of(name)
    others = {*map(package_of, ARROWS[name])} - {own, ''}
    found = {other for other in others if FLOOR[other] >= FLOOR[own]}
    if own not in SHELL:
        found |= (others & {'tools'}) | ({each.split('.')[0] for each in imports(name)} & IMPURE)
    return found


def main() -> int:
    print(f'{"floor":<7}{"package":<12}{"modules":>7}{"lines":>7}  imports (by how many of its modules)')
    for number, floor in enumerate(FLOORS, 1):
        for package in floor:
            paths = [MODULES[name] for name in INNER if package_of(name) == package]
            lines = sum(len(path.read_text(encoding='utf-8').splitlines()) for path in paths)
            arrows = sorted(arrows_of(package).items(), key=lambda arrow: FLOOR[arrow[0]])
            told = ', '.join(f'{other} {count}' for other, count in arrows) or '-'
            print(f'{number:<7}{package:<12}{len(paths):>7}{lines:>7}  {told}')
    arrows = sum(len(arrows_of(package)) for package in FLOOR)
    found, wrong = list(circles()), [(name, each) for name in INNER for each in sorted(forbidden(name))]
    print(f'\n{len(FLOORS)} floors, {len(FLOOR)} packages, {arrows} arrows between packages')
    print(f'forbidden imports: {len(wrong)}', *(f'\n  {name}: {each}' for name, each in wrong), sep='')
    print(f'circles between modules: {len(found)}', *(f'\n  {" ↔ ".join(circle)}' for circle in found), sep='')
    return bool(found or wrong)


if __name__ == '__main__':
    sys.exit(main())
