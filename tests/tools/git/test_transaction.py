"""All or nothing: what stands in the way, full disks, folders that may not be written, branches and files that move."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from gitops import VALUES, Checkout, changed_model, chartloom, new, published, published_at, write_files
from parts import ROOT, git, part

from generator.domain.problems import CommandFailed, ProblemsFound
from generator.domain.tree import LINK
from generator.tools.git.build import build_commit
from generator.tools.git.transaction import Move, Write, carry_out


def folder_in_the_way(here: Checkout) -> str:
    here.remove(VALUES)
    (here.folder / VALUES / 'full').mkdir(parents=True)
    return f'{VALUES}: expected a file, found a folder'


def file_in_the_way(here: Checkout) -> str:
    shutil.rmtree(here.folder / 'values/prod')
    here.write({'values/prod': 'a file'})
    return 'values/prod: expected a folder, found a file'


def link_in_the_way(here: Checkout) -> str:
    shutil.move(here.folder / 'values', here.folder / 'elsewhere')
    (here.folder / 'values').symlink_to('elsewhere')
    return 'values: expected a folder, found a link'


def link_out_of_the_repository(here: Checkout) -> str:
    outside = here.top.parent / 'outside'
    shutil.move(here.folder / 'delivery/prod', outside)
    (here.folder / 'delivery/prod').symlink_to(outside)
    return 'delivery/prod: expected a folder, found a link'


OBSTACLES = [folder_in_the_way, file_in_the_way, link_in_the_way, link_out_of_the_repository]


@pytest.mark.parametrize('obstacle', OBSTACLES)
@pytest.mark.parametrize('commit', [False, True], ids=['files', 'commit'])
def test_what_stands_in_the_way_is_told_and_nothing_is_written(
    tmp_path: Path, obstacle: Callable[[Checkout], str], commit: bool
) -> None:
    here = published(tmp_path / 'here')
    here.write(changed_model())
    problem = obstacle(here)
    files = [path for path in tmp_path.rglob('*') if path.is_file() and '.git' not in path.parts]
    before = {path: path.read_bytes() for path in files}
    for discard in (False, True):
        assert problem in here.refused(commit=commit, discard=discard)
    assert {path: path.read_bytes() for path in files} == before
    here.git('clean', '--quiet', '--force', '-d', '-x')
    here.git('restore', '.')
    here.write(changed_model())
    here.commit()
    assert here.status() == []


@pytest.mark.parametrize('arguments', [['generate'], ['generate', '--commit']], ids=' '.join)
def test_a_full_disk_leaves_all_as_it_was(tmp_path: Path, arguments: list[str]) -> None:
    """A limit on the size of files fails as a full disk does, in the middle: some files are larger, most are not."""
    here = new(tmp_path)
    before = here.everything()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = chartloom(here.folder, *arguments, preexec_fn=limit)
    assert done.returncode in (1, 3)
    assert 'cannot be written: File too large' in done.stderr or 'fast-import' in done.stderr
    assert 'Traceback' not in done.stderr
    assert here.everything() == before
    assert chartloom(here.folder, *arguments).returncode == 0


def test_an_index_that_cannot_follow_is_told_and_follows_later(tmp_path: Path) -> None:
    """A disk that is full when the branch has moved: the index of this repository is larger than all else."""
    here = published(tmp_path)
    blob = here.git('rev-parse', f'HEAD:{VALUES}')
    many = ''.join(f'100644 {blob}\tother/a-long-name-of-a-file-{number:05}\n' for number in range(9000))
    subprocess.run(['git', 'update-index', '--index-info'], input=many.encode(), cwd=here.top, check=True)
    here.git('commit', '--quiet', '--message', 'many')
    here.git('update-index', '--skip-worktree', '--', *here.git('ls-files', 'other').splitlines())
    here.write(changed_model())
    size = (here.top / '.git/index').stat().st_size

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = chartloom(here.folder, 'generate', '--commit', preexec_fn=limit)
    commit = here.head()
    assert done.returncode == 1
    assert f"index: git's index cannot be updated to {commit[:8]}: git was stopped by SIGXFSZ" in done.stderr
    assert 'before any other commit' in done.stderr
    assert 'registry/models/web.yaml' in here.files()
    assert here.status() != []
    assert 'nothing to do' in chartloom(here.folder, 'generate', '--commit').stdout
    assert (here.status(), here.head()) == ([], commit)


def other_user() -> list[str]:
    """The words before a command to run it as somebody who owns nothing: root may write everywhere."""
    if os.geteuid() != 0:
        return []
    setpriv = part('setpriv', shutil.which('setpriv'), 'install util-linux')
    return [setpriv, '--reuid=65534', '--regid=65534', '--clear-groups']


def test_a_work_tree_that_may_not_be_written() -> None:
    user = other_user()
    with tempfile.TemporaryDirectory() as folder:
        here = published(Path(folder) / 'here')
        here.git('config', 'core.autocrlf', 'true')  # so that git has to say what it would store
        here.write({path: data.replace(b'\n', b'\r\n') for path, data in changed_model().items()})
        before = here.everything()
        subprocess.run(['chmod', '-R', 'a+rX,a-w', folder], check=True)
        env = {**os.environ, 'PYTHONPATH': str(ROOT), 'PYTHONDONTWRITEBYTECODE': '1', 'GIT_CONFIG_GLOBAL': '/dev/null'}
        env |= {'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'safe.directory', 'GIT_CONFIG_VALUE_0': '*'}
        for command, code in (('plan', 0), ('generate', 1)):
            whole = [*user, sys.executable, '-m', 'generator', command]
            done = subprocess.run(whole, cwd=here.top, env=env, capture_output=True, encoding='utf-8', check=False)
            assert (done.returncode, 'cannot be written' in done.stderr) == (code, bool(code)), done.stderr
        subprocess.run(['chmod', '-R', 'u+w', folder], check=True)
        assert here.tree() == {path: data for path, data in here.tree().items() if data is not None}
        assert here.status() == before[3]


def test_an_edit_made_while_it_ran_stays(tmp_path: Path) -> None:
    """Between reading and writing."""
    here = published(tmp_path)
    repository = here.repository()
    for write in (
        Write(VALUES, repository.blob_id(b'what was read'), b'new\n'),
        Write('values/prod/fresh.yaml', LINK, None),
    ):
        with pytest.raises(ProblemsFound, match='the file changed during this run'):
            carry_out(repository, [write])
    assert here.status() == []


def test_a_branch_that_moves_meanwhile_is_told(tmp_path: Path) -> None:
    here = published(tmp_path)
    repository, head = here.repository(), here.head()
    commit = build_commit(repository, head, {VALUES: b'x\n'}, 'mine', sign=False)
    here.git('commit', '--quiet', '--allow-empty', '--message', 'faster')
    before = here.everything()
    write = Write(VALUES, repository.ids('HEAD', [VALUES])[VALUES], b'x\n')
    with pytest.raises(
        ProblemsFound, match=f'refs/heads/main: moved from {head[:8]} to {here.head()[:8]} during this run'
    ):
        carry_out(repository, [write], Move('refs/heads/main', head, commit, {VALUES: ''}))
    assert here.everything() == before


def test_a_branch_that_moves_after_the_push_is_told_with_what_has_happened(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    hook = here.top / '.git/hooks/pre-push'
    hook.write_text('#!/bin/sh\ngit commit --quiet --allow-empty --message faster\n')
    hook.chmod(0o755)
    here.write(changed_model())
    with pytest.raises(ProblemsFound) as raised:
        here.commit(push=True)
    pushed = git(origin, 'rev-parse', 'main')
    assert f"hint: {pushed[:8]} is on origin/main: run 'git pull', then the command again" in str(raised.value)
    here.git('pull', '--quiet', '--rebase', '--autostash')
    assert here.commit(push=True).pushed
    assert here.status() == []


def test_a_branch_that_git_does_not_move_leaves_all_as_it_was(tmp_path: Path) -> None:
    """No hook can forbid it: ours runs none but pre-push. Another git, or what is left of one, can."""
    here = published(tmp_path)
    hook = here.top / '.git/hooks/reference-transaction'
    hook.write_text('#!/bin/sh\ngrep -q refs/heads/ && echo "not here" >&2 && exit 1\nexit 0\n')
    hook.chmod(0o755)
    lock = here.top / '.git/refs/heads/main.lock'
    lock.touch()
    here.write(changed_model())
    before = here.everything()
    with pytest.raises(CommandFailed, match=r'main\.lock') as raised:
        here.commit()
    assert 'not here' not in str(raised.value)
    assert here.everything() == before
    lock.unlink()
    assert here.commit().commit == here.head()


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    here = published(tmp_path)
    repository = here.repository()
    write_files(
        repository, {'registry/models/new.yaml': b'a', 'docs/deep/er.md': b'b'}, [VALUES, 'registry/settings.yaml']
    )
    assert here.read('docs/deep/er.md') == 'b'
    assert not (here.top / VALUES).exists()
    write_files(repository, {}, ['docs/deep/er.md', 'never/there.txt'])
    assert not (here.top / 'docs').exists()
    before = here.everything()
    with pytest.raises(ProblemsFound):
        write_files(repository, {'a.txt': b'x', 'README.md/below.txt': b'y'}, [])
    assert here.everything() == before


@pytest.mark.skipif(not Path('/dev/shm').is_dir(), reason='no /dev/shm: a second file system')
def test_a_git_folder_on_another_disk() -> None:
    with tempfile.TemporaryDirectory(dir='/dev/shm') as memory, tempfile.TemporaryDirectory(dir='/var/tmp') as disk:
        here = new(Path(memory) / 'here')
        shutil.rmtree(here.top / '.git')
        here.git('init', '--quiet', '--initial-branch=main', f'--separate-git-dir={disk}/git')
        here.commit()
        victim = Path(disk) / 'victim'
        victim.write_text('mine')
        # Where the new file is written first: a request may have put a link there.
        made = [each for folder in ('delivery', 'values') for each in (here.top / folder).rglob('*.yaml')]
        links = [each.with_name(f'.{each.name}.chartloom') for each in made]
        for link in links:
            link.symlink_to(victim)
        here.write(changed_model())
        here.commit()
        assert victim.read_text() == 'mine'
        assert not any(each.is_symlink() for each in made)
        for link in links:
            link.unlink(missing_ok=True)
        assert here.status() == []
