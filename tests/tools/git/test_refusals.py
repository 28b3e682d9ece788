"""What the machine refuses: folders that nobody may enter, no place for temporary files, folders in place of files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, chartloom, new, published
from parts import git, permissions_count

from generator.domain.problems import ProblemsFound
from generator.tools import temporary


@contextmanager
def without_rights(place: Path) -> Iterator[list[str]]:
    """A place that nobody may read or write; the words before a command for which this counts."""
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        yield permissions_count()
    finally:
        place.chmod(mode)


def test_a_cache_that_cannot_be_read_costs_only_time(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.generate()
    with without_rights(here.top / '.git/chartloom') as through:
        for command in ('plan', 'generate', 'verify'):
            done = chartloom(here.folder, command, through=through)
            assert (done.returncode, done.stderr) == (0, '')
        here.write(changed_model())
        before = here.everything()
        done = chartloom(here.folder, 'generate', '--commit', through=through)
        assert done.stderr.startswith(f'{here.top}/.git/chartloom/new: cannot be written: Permission denied\n')
        assert (done.returncode, here.everything()) == (1, before)
    assert here.commit().commit


def test_a_folder_that_nobody_may_enter(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    with without_rights(here.top) as through:
        done = chartloom(tmp_path, 'plan', '--path', 'here', through=through)
        assert (done.returncode, 'is not readable' in done.stderr) == (2, True)
    # A shell that stands there has entered it before.
    stand = ['sh', '-c', 'chmod 0 . && exec "$0" "$@"', *(permissions_count() or ['env'])]
    done = chartloom(here.folder, 'plan', through=stand)
    here.top.chmod(0o755)
    assert done.stderr.startswith('.: the folder cannot be opened: Permission denied\n')


def test_what_no_other_place_has_words_for(tmp_path: Path) -> None:
    here = published(tmp_path)
    location = 'x' * 300
    done = chartloom(here.folder, 'verify', '--schema-location', location)
    assert done.stderr.startswith(f'{location}')
    assert ': File name too long\n  hint: ' in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize('name', ['index.x', 'clean-commit', 'clean-files'])
def test_a_folder_where_a_file_of_ours_should_be_stops_no_commit(tmp_path: Path, name: str) -> None:
    here = published(tmp_path)
    private = here.top / '.git/chartloom'
    (private / name).unlink(missing_ok=True)
    (private / name).mkdir(parents=True)
    here.write(changed_model())
    done = chartloom(here.folder, 'generate', '--commit')
    assert (done.returncode, done.stderr, here.status()) == (0, '', [])
    assert not here.commit().changed
    assert [file.name for file in private.iterdir() if file.name.startswith(f'{name.partition(".")[0]}.')] in (
        [], [name],
    )  # fmt: skip


@pytest.mark.parametrize('name', ['lock', 'pending.json', 'pending.tmp'])
def test_a_folder_where_a_file_of_ours_should_be_is_told(tmp_path: Path, name: str) -> None:
    here = published(tmp_path)
    (here.top / '.git/chartloom' / name).unlink(missing_ok=True)
    (here.top / '.git/chartloom' / name).mkdir(parents=True)
    here.write(changed_model())
    before = here.everything()
    done = chartloom(here.folder, 'generate', '--commit')
    assert done.stderr.startswith(f'{here.top}/.git/chartloom/')
    assert ('a folder' if name == 'lock' else 'Is a directory') in done.stderr
    assert (done.returncode, here.everything()) == (1, before)


def test_what_stops_the_end_of_a_commit_is_finished_later(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    # A process of our number can be named before it is there: the copy of the index is called after it.
    name = f'mkdir {here.top}/.git/chartloom/index.$$ && exec "$0" "$@"'
    (here.top / '.git/chartloom').mkdir(exist_ok=True)
    done = chartloom(here.folder, 'generate', '--commit', through=['sh', '-c', name, 'env'])
    assert 'Traceback' not in done.stderr
    assert here.generate().changed is False
    assert here.status() == []


def test_no_place_for_temporary_files(tmp_path: Path, origin: Path) -> None:
    """A file system that is full or read-only everywhere: unshare makes one for a single process."""
    here = published(tmp_path / 'here')
    unshare = shutil.which('unshare')
    if not unshare or subprocess.run([unshare, '--mount', 'true'], capture_output=True, check=False).returncode:
        pytest.skip('only root may make mounts, and in a container not even root')
    mounts = 'mount --make-rprivate /; for each in /tmp /var/tmp .; do mount --bind $each $each'
    script = f'{mounts} && mount -o remount,ro,bind $each; done; cd $PWD; exec "$0" "$@"'
    through = [unshare, '--mount', 'sh', '-c', script, 'env']
    for arguments in (('verify',), ('generate', '--repo', f'file://{here.top}')):
        done = chartloom(here.folder, *arguments, through=through)
        assert done.stderr.startswith('cannot create a temporary folder: '), done.stderr
        assert 'TMPDIR' in done.stderr
        assert done.returncode == 1


def test_a_temporary_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'file').touch()
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path / 'file'))
    with pytest.raises(ProblemsFound, match='cannot create a temporary folder'), temporary.temporary_folder():
        pass


def test_a_folder_in_the_place_of_the_settings(tmp_path: Path) -> None:
    here = published(tmp_path)
    (here.folder / 'registry/settings.yaml').unlink()
    (here.folder / 'registry/settings.yaml').mkdir()
    assert here.refused() == ['registry/settings.yaml: expected a file, found a folder']


@pytest.mark.parametrize('known', [True, False])
def test_a_registry_that_is_a_repository_of_its_own(tmp_path: Path, known: bool) -> None:
    here = new(tmp_path / 'here')
    other = Checkout(here.folder / 'registry')
    git(other.top, 'init', '--quiet')
    other.git('add', '--all')
    other.git('commit', '--quiet', '--message', 'Another one')
    if known:
        here.git('-c', 'advice.addEmbeddedRepo=false', 'add', 'registry')
        here.git('commit', '--quiet', '--message', 'A submodule')
        assert here.refused() == ['registry: expected a file or a folder, found another repository']
        done = chartloom(tmp_path, 'generate', '--repo', f'file://{here.top}')
        assert done.stderr.startswith('registry: expected a file or a folder, found a link or a submodule\n')
    else:
        assert here.refused() == ['registry/settings.yaml: the file belongs to another git repository']
