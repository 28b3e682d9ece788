"""git's index after a commit: entries of the commit with their time stamps, whatever git was told about the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import DELIVERY, VALUES, Checkout, changed_model, published

WEB = 'registry/models/web.yaml'


def is_clean(here: Checkout) -> bool:
    """Whether the index has the commit, and the time stamps of its files: `git diff-files` compares no content."""
    return not here.git('diff-index', '--cached', 'HEAD') and not here.git('diff-files')


def test_time_stamps_are_recorded_with_the_entries(tmp_path: Path) -> None:
    here = published(tmp_path, prefix='deep/')
    here.write(changed_model())
    here.remove('registry/releases/staging/web.yaml')
    assert here.commit(removable=('staging/web',)).commit
    assert {'deep/values/staging/web.yaml', f'deep/{WEB}', 'deep/charts/web/1.0.1/Chart.yaml'} < {*here.files()}
    assert is_clean(here)


@pytest.mark.parametrize('flag', ['assume-unchanged', 'skip-worktree'])
def test_entries_follow_whatever_git_was_told_of_their_files(tmp_path: Path, flag: str) -> None:
    here = published(tmp_path)
    here.git('update-index', f'--{flag}', DELIVERY, 'values/staging/web.yaml')
    here.write(changed_model())
    here.remove('registry/releases/staging/web.yaml')
    assert here.commit(removable=('staging/web',)).commit
    assert {DELIVERY, 'values/staging/web.yaml'} < {*here.files()}
    assert not here.git('diff-index', '--cached', 'HEAD')
    assert here.status() == []


def test_files_that_git_stores_otherwise_are_not_staged_by_their_bytes(tmp_path: Path) -> None:
    """An executable file, and line ends that git converts."""
    here = published(tmp_path)
    here.git('config', 'core.autocrlf', 'true')
    here.write({path: data.replace(b'\n', b'\r\n') for path, data in changed_model().items()})
    (here.folder / WEB).chmod(0o755)
    assert here.commit().commit
    assert here.git('ls-files', '--stage', WEB).startswith('100755')
    assert is_clean(here)
    assert here.status() == []


@pytest.mark.parametrize('flag', ['', 'assume-unchanged', 'skip-worktree'])
def test_a_commit_of_few_models_leaves_the_index_as_the_commit(tmp_path: Path, flag: str) -> None:
    """Also of a file whose changes git is told to ignore, and which it would not read again by itself."""
    here = published(tmp_path)
    if flag:
        here.git('update-index', f'--{flag}', VALUES, DELIVERY)
    here.write(changed_model('web'))
    assert here.commit(models=('web',)).commit
    assert here.git('diff-index', '--cached', 'HEAD') == ''
    assert here.status() == []
