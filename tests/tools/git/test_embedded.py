"""Files of a work tree that look like git's own: nothing in them configures git, and none of their programs runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, chartloom, install, new, published, published_at
from parts import git

from generator.domain.problems import ProblemsFound
from generator.tools.git.embedded import refuse_bare
from generator.tools.git.opening import find_repository, open_bare
from generator.tools.git.run import call

BARE = 'expected a folder of a work tree, found a bare git repository in it'
COMMANDS = (
    ['verify'], ['verify', '--all'], ['plan'], ['generate'], ['generate', '--commit', '--push'], ['doctor'], ['prune'],
    ['init'], ['rollout', 'status'], ['rollback', 'web', '--env', 'prod'], ['pin', '--all'],
    ['explain', 'release/prod/web'], ['dockerfile', 'web'],
)  # fmt: skip


def trap(folder: Path, proof: Path, *, shared: bool = False) -> None:
    """Make a folder a bare repository whose settings run a program."""
    script = f'#!/bin/sh\necho "$0" >> {proof}\nexit 1\n'
    install(folder / 'hooks', 'run', script)
    for name in ('post-index-change', 'reference-transaction', 'pre-push'):
        install(folder / 'hooks', name, script)
    program = folder / 'hooks/run'
    settings = '[core]\n\trepositoryFormatVersion = 0\n\tbare = false\n'
    settings += f'\tfsmonitor = {program}\n\thooksPath = {folder}/hooks\n\tsshCommand = {program}\n'
    settings += f'\tpager = {program}\n\tworktree = {folder.parent}\n[diff]\n\texternal = {program}\n'
    (folder / 'config').write_text(f'{settings}[filter "x"]\n\tclean = {program}\n[gpg]\n\tprogram = {program}\n')
    (folder / 'HEAD').write_text('ref: refs/heads/main\n')
    if shared:
        other = folder / 'other'
        (folder / 'commondir').write_text('other\n')
        for name in ('objects', 'refs'):
            (other / name).mkdir(parents=True)
        (other / 'config').write_text((folder / 'config').read_text())
    else:
        for name in ('objects', 'refs'):
            (folder / name).mkdir()
            (folder / name / 'keep').write_text('')


@pytest.mark.parametrize('shared', [False, True])
@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_a_folder_that_looks_like_a_bare_repository_runs_nothing(
    tmp_path: Path, command: list[str], shared: bool
) -> None:
    here, proof = published(tmp_path / 'here', prefix='ml/'), tmp_path / 'proof'
    trap(here.folder, proof, shared=shared)
    for folder in ('ml', 'ml/charts') if command == ['verify'] else ('ml',):
        done = chartloom(here.top, *command, '--path', folder)
        told = done.stderr or done.stdout  # of doctor
        assert f'{"ml" if folder == "ml" else here.folder}: {BARE}\n  hint: remove its HEAD' in told
        assert done.returncode == 1
    assert not proof.exists()


def test_one_of_two_folders_around_is_enough(tmp_path: Path) -> None:
    here = published(tmp_path / 'here', prefix='a/b/ml/')
    trap(here.top / 'a', tmp_path / 'proof')
    done = chartloom(here.top, 'verify', '--path', 'a/b/ml')
    assert done.stderr.startswith(f'{here.top}/a: {BARE}\n')
    assert not (tmp_path / 'proof').exists()


def test_a_broken_git_folder_does_not_hide_it(tmp_path: Path) -> None:
    """git goes on with the folder itself, and with those around it, if its `.git` is no repository."""
    here = published(tmp_path / 'here', prefix='ml/')
    trap(here.folder, tmp_path / 'proof')
    (here.folder / '.git').mkdir()
    with pytest.raises(ProblemsFound, match=BARE):
        refuse_bare(here.folder)


def test_an_old_git_that_does_not_know_the_setting(tmp_path: Path) -> None:
    """The check must not depend on git: without it, such a git runs the monitor at once."""
    here, proof = published(tmp_path / 'here', prefix='ml/'), tmp_path / 'proof'
    trap(here.folder, proof)
    subprocess.run(['git', 'status'], cwd=here.folder, check=False, capture_output=True)
    assert proof.exists()  # git by itself, as this one is set up
    proof.unlink()
    with pytest.raises(ProblemsFound, match=BARE):
        find_repository(here.folder)
    assert not proof.exists()


def test_the_work_tree_may_hold_such_names_itself(tmp_path: Path) -> None:
    """At the top of a work tree git takes `.git`, whatever is beside it."""
    here, proof = published(tmp_path / 'here'), tmp_path / 'proof'
    trap(here.top, proof)
    refuse_bare(here.top / 'charts')
    done = chartloom(here.top, 'verify')
    assert (done.returncode, done.stderr) == (0, '')
    assert not proof.exists()


def test_git_itself_is_told_too(tmp_path: Path) -> None:
    here, proof = published(tmp_path / 'here', prefix='ml/'), tmp_path / 'proof'
    trap(here.folder, proof)
    with pytest.raises(Exception, match=r'safe\.bareRepository') as failed:
        call(here.folder, ('status',))
    assert failed.value.command == ('git', 'status')  # type: ignore[attr-defined]
    assert not proof.exists()


def test_bare_repositories_that_are_named_still_work(tmp_path: Path, origin: Path) -> None:
    published_at(origin, tmp_path / 'here')
    assert open_bare(origin, '').git('rev-parse', '--is-bare-repository') == 'true'
    done = chartloom(tmp_path, 'generate', '--repo', str(origin))
    assert (done.returncode, done.stderr) == (0, '')
    assert 'nothing to do' in done.stdout


def hooks(here: Checkout, proof: Path) -> None:
    for name in ('reference-transaction', 'post-index-change', 'post-checkout', 'pre-auto-gc', 'post-merge'):
        install(here.top / '.git/hooks', name, f'#!/bin/sh\necho {name} >> {proof}\nexit 1\n')


def test_monitors_and_hooks_of_the_repository_do_not_run(tmp_path: Path, origin: Path) -> None:
    here, proof = published_at(origin, tmp_path / 'here'), tmp_path / 'proof'
    install(tmp_path / 'bin', 'monitor', f'#!/bin/sh\necho monitor >> {proof}\nexit 1\n')
    here.git('config', 'core.fsmonitor', str(tmp_path / 'bin/monitor'))
    hooks(here, proof)
    here.write(changed_model())
    assert chartloom(here.top, 'plan').returncode == 0
    assert chartloom(here.top, 'verify').returncode == 1
    assert here.commit().commit
    assert not proof.exists()


def test_a_hook_before_a_push_is_the_persons_own(tmp_path: Path, origin: Path) -> None:
    here, proof = published_at(origin, tmp_path / 'here'), tmp_path / 'proof'
    install(here.top / '.git/hooks', 'pre-push', f'#!/bin/sh\necho pushed >> {proof}\nexit 1\n')
    here.write({'registry/models/web.yaml': here.read('registry/models/web.yaml') + '# a comment\n'})
    done = chartloom(here.top, 'generate', '--commit', '--push')
    assert proof.read_text() == 'pushed\n'
    assert done.returncode == 3


def test_a_submodule_is_not_entered(tmp_path: Path) -> None:
    """To see changes of a submodule git starts itself in it, with the settings there."""
    here, proof = published(tmp_path / 'here'), tmp_path / 'proof'
    other = new(tmp_path / 'other', {'file': b'1'})
    other.git('add', '--all')
    other.git('commit', '--quiet', '--message', 'other')
    here.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', str(other.top), 'charts/inner')
    here.git('commit', '--quiet', '--message', 'submodule')
    install(tmp_path / 'bin', 'monitor', f'#!/bin/sh\necho monitor >> {proof}\nexit 1\n')
    git(here.top / 'charts/inner', 'config', 'core.fsmonitor', str(tmp_path / 'bin/monitor'))
    (here.top / 'charts/inner/new').write_text('1')
    done = chartloom(here.top, 'verify')
    assert 'Traceback' not in done.stderr
    assert not proof.exists()
