"""Invalid registries → messages: each case of tests/invalid runs `chartloom plan`; stderr must equal expected.txt.

The files of a case override those of `_base`. Its `about.txt` contains the expected problem (`# expect:`) and steps
with git or the file system (`# make:`); `remove.txt` lists files of `_base` to remove; `before/` overrides `_base` and
is published first. `--update-golden` writes expected.txt.
"""

from __future__ import annotations

import ast
import gc
import io
import os
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from parts import ROOT, git

from generator.cli import PROBLEMS, main
from generator.documents.read import yaml_marks
from generator.domain.places import json_path
from generator.domain.problems import ProblemsFound

INVALID = ROOT / 'tests' / 'invalid'
CASES = sorted(folder.name for folder in INVALID.iterdir() if folder.name != '_base')


def run(*arguments: str) -> tuple[int, str, str]:
    """What the console script says and how it exits, in this process: 160 Pythons would take a minute."""
    stdout, stderr = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ['chartloom', *arguments]
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr), pytest.raises(SystemExit) as stop:
            main()
    finally:
        sys.argv = before
        gc.enable()  # a process of its own would end here
    assert isinstance(stop.value.code, int)
    return stop.value.code, stdout.getvalue(), stderr.getvalue()


@pytest.fixture(scope='session')
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry that all cases spoil, committed."""
    folder = tmp_path_factory.mktemp('base')
    shutil.copytree(INVALID / '_base', folder, dirs_exist_ok=True)
    git(folder, 'init', '--quiet')
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, 'add', '--all')
    git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'Registry')


def spoil(case: Path, folder: Path) -> None:
    """Lay a case over the base and commit it, like somebody who does not look twice."""
    if (case / 'before').exists():
        shutil.copytree(case / 'before', folder, dirs_exist_ok=True)
        told = case / 'before.txt'
        expected = told.read_text(encoding='utf-8') if told.exists() else ''
        assert run('generate', '--path', str(folder), '--commit')[::2] == (0, expected)
    if (case / 'registry').exists():
        shutil.copytree(case / 'registry', folder / 'registry', dirs_exist_ok=True)
    if (case / 'remove.txt').exists():
        for line in (case / 'remove.txt').read_text(encoding='utf-8').split():
            (folder / line).unlink()
    about = (case / 'about.txt').read_text(encoding='utf-8')
    made = re.findall(r'^# make: (.*)$', about, re.MULTILINE)
    for line in made:
        make(line, folder)
    commit(folder)
    for line in made:
        if line.startswith('mode '):
            _, mode, path = line.split(' ')
            (folder / path).chmod(int(mode, 8))


def make(line: str, folder: Path) -> None:
    """What a folder of files cannot hold: links, repositories, and files that are too big to keep here."""
    if found := re.fullmatch(r'link (\S+) -> (\S+)', line):
        (folder / found[1]).symlink_to(found[2])
    elif found := re.fullmatch(r'repository (\S+)', line):
        git(folder, 'init', '--quiet', found[1])
        git(folder / found[1], 'commit', '--quiet', '--allow-empty', '--message', 'Another')
    elif found := re.fullmatch(r'move (\S+) -> (\S+)', line):
        (folder / found[1]).rename(folder / found[2])
    elif found := re.fullmatch(r'pad (\S+) to (\d+) bytes with lines of "(.*)"', line):
        file, size, text = folder / found[1], int(found[2]), f'{found[3]}\n'
        padding = size - file.stat().st_size
        with file.open('a', encoding='utf-8') as out:
            out.write((text * (padding // len(text) + 1))[:padding])
    else:
        assert re.fullmatch(r'mode \d+ \S+', line), f'# make: {line}: nobody knows how'


def state(folder: Path) -> dict[str, bytes | str]:
    """All files of the work tree, links as links."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        if name.split('/')[0] == '.git' or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            found[name] = f'-> {os.readlink(path)}'
        else:
            found[name] = path.read_bytes() if os.access(path, os.R_OK) else 'unreadable'
    return found


def test_the_base_is_clean(base: Path) -> None:
    code, _, stderr = run('plan', '--path', str(base))
    assert (code, stderr) == (0, '')


@pytest.mark.parametrize('name', CASES)
def test_a_problem_is_told_to_the_letter(name: str, base: Path, tmp_path: Path, update_golden: bool) -> None:
    case, folder = INVALID / name, tmp_path / 'repository'
    if 'mode 000' in (case / 'about.txt').read_text(encoding='utf-8') and os.geteuid() == 0:
        pytest.skip('root reads every file')
    shutil.copytree(base, folder)
    spoil(case, folder)
    before, head = state(folder), git(folder, 'rev-parse', 'HEAD')
    code, stdout, stderr = run('plan', '--path', str(folder))
    expected = case / 'expected.txt'
    if update_golden:
        expected.write_text(stderr, encoding='utf-8')
    assert stderr == (expected.read_text(encoding='utf-8') if expected.exists() else '')
    assert stderr, 'a case must say something'
    assert (code, stdout) == (PROBLEMS, '')
    assert (state(folder), git(folder, 'rev-parse', 'HEAD')) == (before, head), 'something was written'


# Modules whose problems `plan` tells; each of their messages and hints must stand in some expected.txt.
MODULES = """
    charts.layers charts.monitoring charts.scaling documents.kubernetes_forms documents.read documents.refusals
    documents.scalars documents.schema documents.schema_errors documents.schema_faults documents.syntax
    domain.credentials domain.words
    pipeline.source registry.inherit registry.load registry.nulls registry.texts releases.pins releases.resolve
    strategies.compile strategies.during strategies.faults strategies.gateways values.blame values.checks
    values.layers values.merge values.ports values.removed
""".split()
# Every check is among them; warnings stop nothing.
MODULES += sorted(f'checks.{file.stem}' for file in (ROOT / 'generator/checks').glob('[!_]*.py'))
MODULES.remove('checks.warnings')
MODULES.remove('checks.obeyed')  # of `verify`: test_obeyed.py
MODULES.remove('checks.codeowners')  # the same
# What no case can show, and what shows it.
ELSEWHERE = {
    'the quantity of {} is too long': 'of an older chart: test_registry.py',
    'write at most {} characters': 'the same',
    'does not match its schema': 'the two validators agree: test_schema.py',
    "chart '{}' has values contract '{}', this chartloom supports '{}'": 'of a newer chartloom: test_resolve.py',
    "a derived value does not fit chart '{}': {}: {}": 'of a chart with other limits: test_resolve.py',
    "run 'chartloom pin --newest {}'": 'the same',
    "chart '{}' of an older chartloom cannot remove its values": 'of a chart without this list: test_removed.py',
    "run 'chartloom pin --newest {}', or write a value": 'the same',
    "Kubernetes '{}' of environment '{}' has no {}": 'no feature yet that only some charts use: test_checks.py',
    'use Kubernetes {} or later': 'the same',
    'let both versions have it in common, or change all pods at once, without a rollout:'
    " 'chartloom pin --newest {}'": 'the same',
    'write fewer rules of routes, or fewer headers of steps': 'of many rules: test_sizes.py',
    "Flagger writes {} {} for '{}', as a copy of {}": 'of two canaries: test_secrets.py',
    "name a {} that does not end in '{}'": 'the same',
    '{} of the chart: {}': 'of an older chart: test_metadata.py',
    'pin a newer chart of this model': 'the same',
    '{} does not match {}': 'for jsonschema, never shown',
    '{}.{}.{} of the chart: only the environment makes this exception': 'of an older chart: test_network.py',
    'use a chart without it': 'the same',
    '{}, and the chart has another': 'of an older chart: test_additions.py',
    'the file belongs to another git repository': 'a registry with its own .git: test_refusals.py',
    "remove the '.git' in {}": 'the same',
    'the file is in git, but not in the work tree': 'a clone that is not checked out: test_beginning.py',
    "run 'git restore' for it, or 'git sparse-checkout add' for its folder": 'the same',
    'has the image and the artifact of {}, which {} gave up': 'a warning: test_warnings.py',
    'add the version with another image or artifact': 'the same',
}


def module_file(name: str) -> Path:
    return ROOT / 'generator' / f'{name.replace(".", "/")}.py'


def texts(module: Path) -> dict[str, re.Pattern[str]]:
    """The sentences that stand in a module, {} for what is filled in, each with the pattern of what it becomes."""
    tree = ast.parse(module.read_text(encoding='utf-8'))
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if no_message(node):
            passed_over.update(map(id, ast.walk(node)))
        elif isinstance(node, ast.JoinedStr):
            passed_over.update(id(inner) for inner in ast.walk(node) if inner is not node)
    found = {}
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        if id(node) not in passed_over and all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts):
            values = [str(part.value) if isinstance(part, ast.Constant) else None for part in parts]
            text = ''.join('{}' if value is None else value for value in values)
            if SENTENCE.search(text) and not PATTERN.search(text):
                found[text] = re.compile(''.join('.*' if value is None else re.escape(value) for value in values))
    return found


def no_message(node: ast.AST) -> bool:
    """Docstrings, assertions, regular expressions, lists of words, and reasons of rules."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ''
    return isinstance(node, ast.Assert) or called.endswith(('.compile', '.split')) or called == 'Rule'


SENTENCE = re.compile(r"[A-Za-z']{2,}\W* \W*[A-Za-z']{2,}")
PATTERN = re.compile(r'\\|\[\^?[A-Za-z]-|\(\?')


@pytest.mark.parametrize('name', MODULES)
def test_every_message_has_a_case(name: str) -> None:
    told = ''.join(file.read_text(encoding='utf-8') for file in INVALID.glob('*/expected.txt'))
    missing = [text for text, pattern in texts(module_file(name)).items() if not pattern.search(told)]
    assert [text for text in missing if text not in ELSEWHERE] == []


def test_no_message_is_excused_that_is_gone() -> None:
    assert ELSEWHERE.keys() <= {text for name in MODULES for text in texts(module_file(name))}


@pytest.mark.parametrize('name', CASES)
def test_a_problem_names_a_place_that_people_can_edit(name: str) -> None:
    """Each file is one of the registry; each path leads to what stands there, or to where something is missing."""
    for line in (INVALID / name / 'expected.txt').read_text(encoding='utf-8').splitlines():
        if line.startswith('  hint: '):
            continue
        file, path = re.match(r"(registry(?:/[^:]*)?)(?:::(\$(?:\['[^']*'\]|[^ '])*))?: ", line).groups()  # type: ignore[union-attr]
        if path:
            shown = known_places(name, file)
            parent = re.sub(r'(?:\.[\w-]+|\[[^\]]*\])$', '', path)
            assert path in shown or parent in shown or not shown, line


def known_places(name: str, file: str) -> set[str]:
    """The paths of a file of a case as problems show them; none where it cannot be read."""
    folder = next(INVALID / case for case in (name, '_base') if (INVALID / case / file).exists())
    try:
        return {json_path(path) for path in yaml_marks((folder / file).read_bytes(), file)}
    except ProblemsFound:
        return set()
