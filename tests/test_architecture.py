"""Who may import whom (DESIGN §4): errors, domain ← yamlio ← core ← shell ← cli; and what core must never import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from parts import ROOT

CORE = 2
# fmt: off
LAYERS = {
    0: {'errors', 'domain', 'paths', 'tokens'},
    1: {'yamlio', 'yamlparts', 'yamlscalars', 'yamlsyntax', 'yamlwrite'},
    # Core is every module that is not named here, so that a new one is held to its rules.
    3: {
        'process', 'load', 'helm', 'manifests', 'verify', 'repository', 'worktree', 'commit', 'pipeline', 'source',
        'published', 'apply', 'cache', 'doctor', 'plumbing', 'remote', 'files', 'journal', 'index', 'transaction',
        'heads', 'changeset', 'lock', 'forks', 'shards', 'templates', 'prometheus', 'rollouts', 'further',
        'beginning', 'temporary', 'moves',
    },
    4: {'cli', '__main__'},
}
# fmt: on
RANKS = {'': 0} | {part: rank for rank, parts in LAYERS.items() for part in parts}  # '' is the package itself
IMPURE = {'os', 'subprocess', 'git', 'tempfile', 'time', 'datetime', 'random', 'pathlib', 'pathlib.Path'}
MODULES = sorted((ROOT / 'generator').rglob('*.py'))


def imports(module: Path) -> set[str]:
    """Every dotted name that a module imports, wherever the import stands in it: `from a import b` is a.b."""
    package = module.relative_to(ROOT).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            found |= {'.'.join(filter(None, [*above, node.module, alias.name])) for alias in node.names}
    return found


def rank(name: str) -> int:
    """The layer of 'generator.review.report.html'; a plain name such as generator.__version__ is the package's own."""
    first = name.split('.')[1] if '.' in name else ''
    is_module = (ROOT / 'generator' / first).is_dir() or (ROOT / 'generator' / f'{first}.py').is_file()
    return RANKS.get(first, CORE if is_module else 0)


@pytest.mark.parametrize('module', MODULES, ids=[module.relative_to(ROOT).as_posix() for module in MODULES])
def test_imports_come_from_the_same_layer_or_below(module: Path) -> None:
    own = rank('.'.join(module.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__'))
    names = imports(module)
    assert {name for name in names if name.startswith('generator') and rank(name) > own} == set()
    if own == CORE:
        assert {name for name in names if name in IMPURE or name.split('.')[0] in IMPURE - {'pathlib'}} == set()
