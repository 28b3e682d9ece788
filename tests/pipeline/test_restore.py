"""A pruned chart is restored byte for byte from the git history in all kinds of clones, or a hint says what to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import registries as r
from gitops import clone
from parts import git
from pruned import FILES, LEDGER, charts, grown, marks, pin, pruned, restored, serves

from generator.charts.ledger import read_ledger
from generator.domain.problems import ProblemsFound
from generator.operations.operation import Options, Remote, generate
from generator.operations.remote import perform
from generator.pipeline.restore import restore
from generator.pipeline.run import open_run


@pytest.mark.parametrize('prefix', ['', 'deploy/ml'])
@pytest.mark.parametrize('object_format', ['sha1', 'sha256'])
def test_after_gc(tmp_path: Path, prefix: str, object_format: str) -> None:
    here, before = pruned(tmp_path / 'here', prefix, f'--object-format={object_format}')
    here.git('reflog', 'expire', '--expire=now', '--all')
    here.git('gc', '--quiet', '--prune=now')
    restored(here, before, '1.0.1')
    message = here.git('log', '-1', '--format=%B')
    assert message.startswith('Generate web: restore 1 chart, 1 release\n\nRestored charts:\n* web 1.0.1\n')
    assert charts(here) == ['1.0.1', '1.0.3']
    assert marks(here) == ['1.0.0', '1.0.2']


@pytest.mark.parametrize(
    'options',
    [(), ('--filter=blob:none',), ('--filter=tree:0',), ('--depth=1',), ('--depth=2', '--filter=blob:none')],
    ids=' '.join,
)
def test_in_a_clone(origin: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    first, before = pruned(tmp_path / 'first')
    first.git('push', '--quiet', str(origin), 'main')
    here = clone(serves(origin), tmp_path / 'here', *options)
    refs = here.git('for-each-ref', 'refs/remotes')
    assert here.git('rev-parse', '--is-shallow-repository') == str('--depth' in ' '.join(options)).lower()
    restored(here, before, '1.0.0')
    # A partial clone asks for the tree alone; a clone that is only shallow has to be deepened.
    assert here.git('rev-parse', '--is-shallow-repository') == str('--depth=2' in options).lower()
    assert here.git('for-each-ref', 'refs/remotes') == refs


def test_without_a_checkout(origin: Path, tmp_path: Path) -> None:
    first, before = pruned(tmp_path / 'first')
    pin(first, '1.0.0')
    first.git('commit', '--quiet', '--all', '--message', 'Roll back')
    first.git('push', '--quiet', str(origin), 'main')
    assert perform(generate(), Remote(serves(origin), 'main'), Options(commit=True)).pushed
    first.git('pull', '--quiet', str(origin), 'main')
    assert charts(first) == ['1.0.0', '1.0.3']
    assert {path: data for path, data in before.items() if '/1.0.0/' in path}.items() <= first.tree().items()


def test_a_shallow_clone_whose_remote_does_not_answer(origin: Path, tmp_path: Path) -> None:
    first, before = pruned(tmp_path / 'first')
    first.git('push', '--quiet', str(origin), 'main')
    here = clone(f'file://{origin}', tmp_path / 'here', '--depth=1')
    shutil.move(origin, tmp_path / 'away.git')
    pin(here, '1.0.0')
    with pytest.raises(ProblemsFound) as error:
        here.commit()
    (found,) = error.value.problems
    assert found.file == 'charts/web/1.0.0'
    assert found.message.startswith("the chart's tree ")
    assert found.hint == "this clone is shallow: run 'git fetch --unshallow origin main', then the command again"
    shutil.move(tmp_path / 'away.git', origin)
    here.git('fetch', '--quiet', '--unshallow', 'origin', 'main')
    restored(here, before, '1.0.0')


def test_a_history_that_was_rewritten(tmp_path: Path) -> None:
    here, _ = pruned(tmp_path)
    here.git('checkout', '--quiet', '--orphan', 'new')
    here.git('commit', '--quiet', '--all', '--message', 'All of it')
    here.git('branch', '--quiet', '-M', 'main')
    here.git('reflog', 'expire', '--expire=now', '--all')
    here.git('gc', '--quiet', '--prune=now')
    pin(here, '1.0.0')
    with pytest.raises(ProblemsFound) as error:
        here.commit()
    (found,) = error.value.problems
    assert found.message.startswith("the chart's tree ")
    assert found.hint.startswith("run 'git fetch origin main', then the command again; or restore it as published")


def test_a_repository_of_another_hash_algorithm(tmp_path: Path) -> None:
    here, _ = pruned(tmp_path / 'here')
    ledger = here.read(LEDGER)
    other = r.Repository(tmp_path / 'other', FILES)
    shutil.rmtree(other.folder / '.git')
    git(other.folder, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main')
    other.write({LEDGER: ledger.encode()})
    git(other.folder, 'add', '--all')
    git(other.folder, 'commit', '--quiet', '--message', 'As it was')
    with pytest.raises(ProblemsFound) as error:
        other.generate()
    assert 'expected a tree id by sha256 in the ledger, found one by sha1' in {
        problem.message for problem in error.value.problems
    }


def test_a_tree_of_other_bytes_is_refused(tmp_path: Path) -> None:
    """Somebody has let the ledger name another folder: the digest counts."""
    here = grown(tmp_path)
    first, second, *_ = read_ledger(here.read(LEDGER).encode(), LEDGER)
    assert first.tree != second.tree
    with pytest.raises(ProblemsFound, match=r'chart 1\.0\.0 is not as it was published: tree '):
        restore(here.repository(), 'web', replace(first, tree=second.tree), open_run(here.repository()).settings)
