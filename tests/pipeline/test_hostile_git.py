"""States of git that nobody expects: every command ends with a message and an exit code, and none with a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from gitops import Checkout, changed_model, new, published
from test_invalid import run

MODEL, VALUES, DELIVERY = 'registry/models/web.yaml', 'values/prod/web.yaml', 'delivery/prod/web.yaml'
CHART = 'charts/web/1.0.0'
READING = [
    ('verify',), ('verify', '--all', '--base', 'HEAD'), ('verify', 'web'), ('verify', '-o', 'json'),
    ('plan', '--diff'), ('plan', 'web'), ('generate', '--dry-run'), ('generate', '--commit', '--dry-run'),
    ('explain', 'release/prod/web'), ('rollout', 'status'), ('doctor',), ('dockerfile', 'web'),
    ('rollback', 'web', '--env', 'prod', '--dry-run'), ('pin', '--all', '--dry-run'), ('prune', '--dry-run'),
    ('rollout', 'start', 'prod/web', '--dry-run'),
]  # fmt: skip

State = Callable[[Checkout], object]
STATES: dict[str, State] = {}
# A state in which `verify` may pass: nothing is hidden from it.
HARMLESS = {
    'rebase', 'bisect', 'intent_to_add_ours', 'worktree_linked', 'assume_unchanged_and_gone', 'no_index',
    'sparse charts', 'branch_is_empty', 'branch_is_no_commit', 'attributes_recode', 'filter_of_nobody',
    'merge_head_of_nothing', 'merge_head_is_no_commit', 'names_that_differ_by_case', f'without HEAD:{MODEL}',
}  # fmt: skip


def state(function: State) -> State:
    STATES[function.__name__] = function
    return function


def may_fail(here: Checkout, *arguments: str) -> None:
    subprocess.run(['git', *arguments], cwd=here.top, check=False, capture_output=True)


def branch(here: Checkout, name: str, files: Mapping[str, bytes | str]) -> None:
    here.git('switch', '--quiet', '--create', name, 'main')
    here.write(files)
    here.git('commit', '--quiet', '--all', '--message', name)


def two_sides(here: Checkout, path: str) -> None:
    branch(here, 'theirs', {path: here.read(path) + '# theirs\n'})
    branch(here, 'mine', {path: here.read(path) + '# mine\n'})


def conflict(path: str) -> State:
    def made(here: Checkout) -> None:
        two_sides(here, path)
        may_fail(here, 'merge', 'theirs')

    return made


for _path in (MODEL, VALUES, DELIVERY, f'{CHART}/values.yaml', 'charts/web/versions.yaml', '.gitattributes'):
    STATES[f'conflict in {_path}'] = conflict(_path)


@state
def conflict_of_removal(here: Checkout) -> None:
    branch(here, 'theirs', {MODEL: here.read(MODEL) + '# theirs\n'})
    here.git('switch', '--quiet', '--create', 'mine', 'main')
    here.git('rm', '--quiet', MODEL)
    here.git('commit', '--quiet', '--message', 'mine')
    may_fail(here, 'merge', 'theirs')


@state
def rebase_with_a_conflict(here: Checkout) -> None:
    two_sides(here, MODEL)
    may_fail(here, 'rebase', 'theirs')


@state
def rebase(here: Checkout) -> None:
    two_sides(here, MODEL)
    here.git('-c', 'sequence.editor=sed -i s/^pick/edit/', 'rebase', '--quiet', '--interactive', 'HEAD~1')


@state
def cherry_pick(here: Checkout) -> None:
    two_sides(here, MODEL)
    may_fail(here, 'cherry-pick', 'theirs')


@state
def bisect(here: Checkout) -> None:
    here.git('bisect', 'start', 'HEAD')


def ignored(flag: str, path: str) -> State:
    def made(here: Checkout) -> None:
        here.git('update-index', flag, path)
        here.append(path, '# hidden\n')

    return made


for _flag in ('--assume-unchanged', '--skip-worktree'):
    for _path in (MODEL, VALUES, f'{CHART}/templates/objects.yaml', 'charts/web/versions.yaml', '.gitattributes'):
        STATES[f'{_flag} {_path}'] = ignored(_flag, _path)


@state
def skip_worktree_and_a_folder(here: Checkout) -> None:
    here.git('update-index', '--skip-worktree', VALUES)
    here.remove(VALUES)
    here.write({f'{VALUES}/x': b'x'})


@state
def assume_unchanged_and_a_link(here: Checkout) -> None:
    here.git('update-index', '--assume-unchanged', MODEL)
    (here.folder / MODEL).rename(here.top.parent / 'away')
    (here.folder / MODEL).symlink_to(here.top.parent / 'away')


@state
def assume_unchanged_and_gone(here: Checkout) -> None:
    here.git('update-index', '--assume-unchanged', MODEL)
    here.remove(MODEL)


@state
def a_monitor_that_says_nothing_changed(here: Checkout) -> None:
    """The index says so for each file; the monitor itself is off."""
    here.git('config', 'core.fsmonitor', 'true; true')
    may_fail(here, 'update-index', '--fsmonitor')
    may_fail(here, 'update-index', '--fsmonitor-valid', VALUES)
    here.append(VALUES, '# hidden\n')


@state
def ignore_stat(here: Checkout) -> None:
    here.git('config', 'core.ignoreStat', 'true')
    here.git('update-index', '--really-refresh')
    here.git('reset', '--quiet', '--hard')
    here.append(VALUES, '# hidden\n')


@state
def intent_to_add(here: Checkout) -> None:
    here.write({'registry/models/new.yaml': here.read(MODEL).replace('"web"', '"new"'), 'charts/x': b'x'})
    here.git('add', '--intent-to-add', '--all')


@state
def intent_to_add_ours(here: Checkout) -> None:
    here.git('rm', '--quiet', '--cached', VALUES)
    here.git('add', '--intent-to-add', VALUES)


def submodule(path: str) -> State:
    def made(here: Checkout) -> None:
        other = new(here.top.parent / 'other', {'file': b'1'})
        other.git('add', '--all')
        other.git('commit', '--quiet', '--message', 'other')
        here.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', str(other.top), path)

    return made


for _path in ('registry/inner', 'charts/web/inner', 'delivery/inner', 'registry/models/inner.yaml', f'{CHART}/charts'):
    STATES[f'submodule {_path}'] = submodule(_path)


@state
def submodule_without_a_folder(here: Checkout) -> None:
    here.git('update-index', '--add', '--cacheinfo', f'160000,{here.head()},delivery/prod/inner.yaml')
    (here.folder / 'delivery/prod/inner.yaml').mkdir()


def sparse(*kept: str) -> State:
    return lambda here: here.git('sparse-checkout', 'set', *kept)


STATES['sparse registry'] = sparse('registry')
STATES['sparse charts'] = sparse('charts')
STATES['sparse nothing'] = sparse('nothing')


@state
def corrupt_index(here: Checkout) -> None:
    (here.top / '.git/index').write_bytes(b'DIRC' + b'\0' * 40)


@state
def empty_index(here: Checkout) -> None:
    (here.top / '.git/index').write_bytes(b'')


@state
def no_index(here: Checkout) -> None:
    (here.top / '.git/index').unlink()


@state
def no_objects(here: Checkout) -> None:
    shutil.rmtree(here.top / '.git/objects')
    (here.top / '.git/objects').mkdir()


def without(revision: str) -> State:
    def made(here: Checkout) -> None:
        found = here.git('rev-parse', revision)
        here.git('repack', '-adq')
        pack = next((here.top / '.git/objects/pack').glob('*.pack'))
        shutil.move(pack, here.top / 'pack')
        for file in pack.parent.iterdir():
            file.unlink()
        with (here.top / 'pack').open('rb') as stream:
            subprocess.run(['git', 'unpack-objects', '-q'], cwd=here.top, stdin=stream, check=True)
        (here.top / 'pack').unlink()
        (here.top / '.git/objects' / found[:2] / found[2:]).unlink()

    return made


for _revision in (
    'HEAD',
    'HEAD^{tree}',
    'HEAD:charts',
    'HEAD:charts/web',
    f'HEAD:{MODEL}',
    'HEAD:charts/web/versions.yaml',
):
    STATES[f'without {_revision}'] = without(_revision)


@state
def truncated_object(here: Checkout) -> None:
    without('HEAD:charts/web/versions.yaml')(here)
    found = here.git('rev-parse', 'HEAD:charts/web/versions.yaml')
    (here.top / '.git/objects' / found[:2] / found[2:]).write_bytes(b'x')


@state
def head_of_nothing(here: Checkout) -> None:
    (here.top / '.git/refs/heads/main').write_text('1' * 40 + '\n')


@state
def head_is_no_ref(here: Checkout) -> None:
    (here.top / '.git/HEAD').write_text('nonsense\n')


@state
def branch_is_no_commit(here: Checkout) -> None:
    (here.top / '.git/refs/heads/main').write_text(here.git('rev-parse', 'HEAD^{tree}') + '\n')


@state
def branch_is_empty(here: Checkout) -> None:
    (here.top / '.git/refs/heads/main').write_text('')


@state
def unborn(here: Checkout) -> None:
    here.git('symbolic-ref', 'HEAD', 'refs/heads/other')


@state
def orphan(here: Checkout) -> None:
    here.git('checkout', '--quiet', '--orphan', 'other')
    here.git('rm', '-r', '--quiet', '--cached', '.')


@state
def settings_of_git_are_broken(here: Checkout) -> None:
    (here.top / '.git/config').write_text('[core\n')


@state
def attributes_recode(here: Checkout) -> None:
    here.append('.gitattributes', '* text working-tree-encoding=UTF-16\n')


@state
def filter_of_nobody(here: Checkout) -> None:
    here.append('.gitattributes', '* filter=nobody\n')
    here.append(MODEL, '# \r\n')


@state
def merge_head_of_nothing(here: Checkout) -> None:
    (here.top / '.git/MERGE_HEAD').write_text('1' * 40 + '\n')


@state
def merge_head_is_no_commit(here: Checkout) -> None:
    (here.top / '.git/MERGE_HEAD').write_text('nonsense \xff\n', encoding='latin-1')


@state
def remote_branch_of_nothing(here: Checkout) -> None:
    (here.top / '.git/refs/remotes/origin').mkdir(parents=True)
    (here.top / '.git/refs/remotes/origin/main').write_text('1' * 40 + '\n')


@state
def shallow_file_is_nonsense(here: Checkout) -> None:
    (here.top / '.git/shallow').write_text('nonsense\n')


@state
def alternates_of_nothing(here: Checkout) -> None:
    (here.top / '.git/objects/info').mkdir(exist_ok=True)
    (here.top / '.git/objects/info/alternates').write_text('/nowhere\n')
    here.append(VALUES, '# edited\n')


@state
def git_file_to_nowhere(here: Checkout) -> None:
    (here.top / '.git').rename(here.top.parent / 'moved')
    (here.top / '.git').write_text('gitdir: /nowhere\n')


@state
def worktree_linked(here: Checkout) -> None:
    here.git('worktree', 'add', '--quiet', '--detach', str(here.top.parent / 'linked'))


@state
def names_that_differ_by_case(here: Checkout) -> None:
    blob = here.git('rev-parse', f'HEAD:{MODEL}')
    for path in ('registry/models/Web.yaml', 'REGISTRY/models/web.yaml', 'charts/Web/1.0.0/Chart.yaml'):
        here.git('update-index', '--add', '--cacheinfo', f'100644,{blob},{path}')


@state
def names_that_are_no_text(here: Checkout) -> None:
    for name in (
        b'registry/models/\xff.yaml',
        b'charts/web/\xff/x',
        b'delivery/prod/a\nb.yaml',
        b'registry/models/"\\.yaml',
    ):
        file = os.path.join(os.fsencode(here.folder), name)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, 'wb') as out:
            out.write(b'x')
    here.git('add', '--all')


@state
def pipe_and_socket(here: Checkout) -> None:
    os.mkfifo(here.folder / 'registry/models/pipe.yaml')
    os.mkfifo(here.folder / 'charts/web/1.0.1/templates/pipe')


@state
def unreadable_folder_of_git(here: Checkout) -> None:
    (here.top / '.git/packed-refs').write_text('nonsense\n')


@pytest.fixture(scope='module')
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits, so that there is something to go back to."""
    here = published(tmp_path_factory.mktemp('good') / 'here')
    here.write(changed_model())
    assert here.commit().commit
    return here.top


@pytest.mark.parametrize('name', STATES)
def test_no_command_falls_over(good: Path, tmp_path: Path, name: str) -> None:
    top = tmp_path / 'here'
    shutil.copytree(good, top, symlinks=True)
    here = Checkout(top)
    here.git('status')  # time stamps
    STATES[name](here)
    found = {}
    for command in READING:
        code, stdout, stderr = run(*command, '--path', str(top))
        found[command] = (code, stdout + stderr)
        assert code in (0, 1, 3, 4), (command, code, stderr)
        assert (stdout + stderr).strip(), command
        if code == 1:
            assert 'hint' in stdout + stderr, (command, stdout, stderr)
    if name not in HARMLESS:
        assert found[READING[0]][0] in (1, 3), found[READING[0]]
