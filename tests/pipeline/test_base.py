"""The base of `verify`: who may name it, and where it must be named. Real clones, as CI makes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from gitops import Checkout, changed_model, chartloom, clone, new, published, published_at
from parts import git
from registries import settings

CHART = 'charts/web/1.0.0/values.yaml'
CI = {'CI': 'true'}


def verify(here: Checkout, *arguments: str, env: Mapping[str, str] = {}) -> CompletedProcess[str]:
    return chartloom(here.folder, 'verify', *arguments, env=env)


def passed(done: CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, '')


def refused(done: CompletedProcess[str], message: str, hint: str) -> None:
    assert done.stderr == f'--base: {message}\n  hint: {hint}\n'
    assert done.returncode == 1


def rewritten(here: Checkout) -> str:
    """A request that rewrites a published chart, with the digest in the ledger; return its commit."""
    here.git('switch', '--quiet', '--create', 'request')
    here.append(CHART, '# other bytes\n')
    here.git('commit', '--quiet', '--all', '--message', 'request')
    return here.head()


FORGED = [
    (('tag', 'origin/main', 'request'), 'refs/remotes/origin/main, refs/tags/origin/main'),
    (('tag', '-a', '-m', 'x', 'origin/main', 'request'), 'refs/remotes/origin/main, refs/tags/origin/main'),
    (('branch', 'origin/main', 'request'), 'refs/heads/origin/main, refs/remotes/origin/main'),
    (('update-ref', 'refs/origin/main', 'request'), 'refs/origin/main, refs/remotes/origin/main'),
]  # fmt: skip


@pytest.mark.parametrize('name', ['origin/main', 'origin/main~0', 'origin/main^{commit}'])
@pytest.mark.parametrize(('command', 'refs'), FORGED)
def test_a_ref_that_looks_like_the_base(
    tmp_path: Path, origin: Path, command: tuple[str, ...], refs: str, name: str
) -> None:
    here = published_at(origin, tmp_path / 'here')
    rewritten(here)
    here.git(*command)
    done = verify(here, '--base', name)
    short = name.partition('~')[0].partition('^')[0]
    assert short == 'origin/main'
    assert done.stderr.startswith(f"--base: '{name}' names several commits: {refs}\n  hint: write the full name: ")
    assert done.returncode == 1
    assert CHART.rpartition('/')[0] in verify(here, '--base', 'refs/remotes/origin/main').stderr


def test_a_tag_is_no_branch_of_a_remote(tmp_path: Path, origin: Path) -> None:
    """In a clone of the request alone, with tags, nothing else has the name."""
    here = published_at(origin, tmp_path / 'here')
    rewritten(here)
    here.git('tag', 'origin/main')
    here.git('update-ref', '-d', 'refs/remotes/origin/main')
    told = "'origin/main' is refs/tags/origin/main here, not a branch of the remote 'origin'"
    refused(
        verify(here, '--base', 'origin/main'),
        told,
        "run 'git fetch origin', or write refs/tags/origin/main if you mean it",
    )


def test_digits_that_are_a_name_too(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    before = here.head()[:8]
    rewritten(here)
    here.git('tag', before)
    done = verify(here, '--base', before)
    assert done.stderr.startswith(f"--base: '{before}' names several commits: refs/tags/{before}, {before}")
    here.git('tag', here.git('rev-parse', 'HEAD~1'))  # git takes a whole id as a commit
    assert 'charts/web/1.0.0' in verify(here, '--base', here.git('rev-parse', 'HEAD~1')).stderr


@pytest.mark.parametrize('name', ['HEAD', 'main', 'v1', 'v2', 'refs/heads/main', '{}', 'main@{{0}}', 'HEAD^{{}}', '@'])
def test_plain_names_work(tmp_path: Path, name: str) -> None:
    here = published(tmp_path / 'here')
    here.git('tag', 'v1')
    here.git('tag', '--annotate', '--message', 'x', 'v2')
    here.git('branch', 'v1')  # of the same commit
    passed(verify(here, '--base', name.format(here.head()[:10])))


@pytest.mark.parametrize('name', ['nothing', '--all', 'HEAD:registry', 'v*', 'a b', '0' * 40, '../x'])
def test_names_that_are_no_commit(tmp_path: Path, name: str) -> None:
    done = verify(published(tmp_path / 'here'), f'--base={name}')
    assert done.stderr == f"--base: revision '{name}' not found in git\n  hint: fetch it, or name another --base\n"


def test_an_empty_name_is_told(tmp_path: Path) -> None:
    done = verify(published(tmp_path / 'here'), '--base', '')
    assert '--base is empty: name a revision, for example origin/main' in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize('kind', ['replace', 'graft'])
def test_another_history_is_not_believed(tmp_path: Path, origin: Path, kind: str) -> None:
    here = published_at(origin, tmp_path / 'here')
    main, mine = here.head(), rewritten(here)
    if kind == 'replace':
        here.git('replace', main, mine)
    else:
        (here.top / '.git/info').mkdir(exist_ok=True)
        (here.top / '.git/info/grafts').write_text(f'{main} {mine}\n')
    done = verify(here, '--base', 'origin/main')
    assert 'charts/web/1.0.0' in done.stderr
    assert done.returncode == 1


# What CI has.


def request(origin: Path, tmp_path: Path) -> Checkout:
    """An origin with a published branch, and a branch with a request that is fine."""
    first = published_at(origin, tmp_path / 'first')
    first.git('switch', '--quiet', '--create', 'request')
    first.write(changed_model())
    first.commit()
    first.git('push', '--quiet', 'origin', 'request')
    git(origin, 'update-ref', 'refs/pull/1/merge', first.head())
    return first


def checked_out(origin: Path, tmp_path: Path, ref: str, *options: str) -> Checkout:
    """As actions/checkout and GitLab's runner do it: init, fetch one ref, a detached HEAD."""
    here = new(tmp_path / 'ci', {})
    here.git('remote', 'add', 'origin', f'file://{origin}')
    here.git('fetch', '--quiet', '--no-tags', *options, 'origin', ref)
    here.git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
    return here


FETCH = "run 'git fetch origin +refs/heads/main:refs/remotes/origin/main', and add --base origin/main"
UNKNOWN = "the base is required: the published branch 'main' of registry/settings.yaml is not known in this clone"


@pytest.mark.parametrize('options', [(), ('--depth=1',)], ids=' '.join)
@pytest.mark.parametrize('env', [{}, CI], ids=str)
def test_a_checkout_of_the_request_alone(
    tmp_path: Path, origin: Path, options: tuple[str, ...], env: dict[str, str]
) -> None:
    request(origin, tmp_path)
    here = checked_out(origin, tmp_path, '+refs/pull/1/merge:refs/remotes/pull/1/merge', *options)
    refused_base(verify(here, env=env), UNKNOWN)
    for command in FETCH.split("'")[1:2]:
        here.git(*command.split()[1:])
    passed(verify(here, '--base', 'origin/main', env=env))


def refused_base(done: CompletedProcess[str], why: str, hint: str = FETCH) -> None:
    assert done.stderr == f'--base: {why}\n  hint: {hint}\n'
    assert done.returncode == 1


@pytest.mark.parametrize(
    'name',
    ['GITHUB_BASE_REF', 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME', 'SYSTEM_PULLREQUEST_TARGETBRANCH', 'CHANGE_TARGET'],
)
def test_the_pipeline_of_a_request_names_its_base(tmp_path: Path, origin: Path, name: str) -> None:
    """The settings name the published branch, and they are a part of the request."""
    here = request(origin, tmp_path)
    here.write(
        {'registry/settings.yaml': here.read('registry/settings.yaml').replace('"url"', '"branch": "request", "url"')}
    )
    here.commit()
    here.git('push', '--quiet', 'origin', 'request')
    target = f'{"refs/heads/" if name.startswith("SYSTEM") else ""}main'
    refused_base(verify(here, env={**CI, name: target}), 'the base is required: this pipeline checks a request')
    done = verify(here, '--base', 'origin/main', env={**CI, name: target})
    assert (done.returncode, "agents would follow branch 'request', not 'main'" in done.stderr) == (0, True)


def test_a_branch_in_ci(tmp_path: Path, origin: Path) -> None:
    here = request(origin, tmp_path)
    refused_base(verify(here, env=CI), 'the base is required: this is CI, and HEAD is not origin/main')
    for value in ('', 'false', '0'):
        passed(verify(here, env={'CI': value}))


def test_a_branch_of_the_same_name_from_elsewhere(tmp_path: Path, origin: Path) -> None:
    """A fork's branch `main`, checked out under its name: only that of the remote is published."""
    published_at(origin, tmp_path / 'first')
    here = checked_out(origin, tmp_path, 'refs/heads/main', '--refmap=')
    here.git('switch', '--quiet', '--create', 'main')
    refused_base(verify(here, env=CI), UNKNOWN)


@pytest.mark.parametrize('detached', [True, False])
@pytest.mark.parametrize('env', [{}, CI], ids=str)
def test_the_published_branch_itself(tmp_path: Path, origin: Path, detached: bool, env: dict[str, str]) -> None:
    published_at(origin, tmp_path / 'first')
    here = checked_out(origin, tmp_path, '+refs/heads/main:refs/remotes/origin/main', '--depth=1')
    if not detached:
        here.git('switch', '--quiet', '--create', 'main')
    if env:
        hint = "run 'git remote set-head origin --auto' first, or name the published revision with --base"
        refused_base(verify(here, env=env), NOT_MAIN.format('main'), hint)
        here.git('remote', 'set-head', 'origin', '--auto')
    passed(verify(here, env=env))


NOT_MAIN = "the base is required: this clone does not know whether '{}' is the main branch of 'origin'"


def test_a_request_that_names_its_own_branch_as_published(tmp_path: Path, origin: Path) -> None:
    first = request(origin, tmp_path)
    first.write(settings(repository={'branch': 'request'}))
    first.commit()
    first.git('push', '--quiet', 'origin', 'request')
    here = checked_out(origin, tmp_path, '+refs/heads/*:refs/remotes/origin/*')
    here.git('checkout', '--quiet', '--detach', 'origin/request')
    here.git('remote', 'set-head', 'origin', '--auto')
    done = verify(here, env=CI)
    assert done.returncode == 1
    assert NOT_MAIN.format('request') in done.stderr


@pytest.mark.parametrize('env', [{}, CI], ids=str)
def test_without_a_remote(tmp_path: Path, env: dict[str, str]) -> None:
    here = published(tmp_path / 'here')
    passed(verify(here, env=env))
    here.git('branch', '--move', 'trunk')
    hint = 'name the published revision with --base, and set spec.repository.branch'
    refused_base(verify(here, env=env), UNKNOWN, hint)


@pytest.mark.parametrize('env', [{}, CI], ids=str)
def test_before_the_first_commit(tmp_path: Path, env: dict[str, str]) -> None:
    here = new(tmp_path / 'here')
    here.generate()
    passed(verify(here, env=env))


def test_no_common_commit(tmp_path: Path, origin: Path) -> None:
    here = request(origin, tmp_path)
    shallow = clone(f'file://{origin}', tmp_path / 'shallow', '--depth=1', '--no-single-branch', '--branch=request')
    hint = "run 'git fetch --unshallow'"
    refused_base(verify(shallow), 'this branch and origin/main have no common commit in this clone', hint)
    shallow.git('fetch', '--quiet', '--unshallow')
    passed(verify(shallow))
    here.git('checkout', '--quiet', '--orphan', 'other')
    here.git('commit', '--quiet', '--message', 'other')
    hint = 'name the published revision with --base'
    refused_base(verify(here), 'this branch and origin/main have no common commit in this clone', hint)


def test_other_commands_do_not_ask(tmp_path: Path, origin: Path) -> None:
    request(origin, tmp_path)
    here = checked_out(origin, tmp_path, 'refs/pull/1/merge')
    for command in (['plan'], ['generate']):
        done = chartloom(here.folder, *command, env=CI)
        assert (done.returncode, done.stderr) == (0, '')


def test_two_merge_bases_are_merged_first(tmp_path: Path, origin: Path) -> None:
    """Git merges from a commit that it makes of both, and would bring back what the published branch took away."""
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'request')
    here.write({'notes.txt': 'x'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'notes')
    mine = here.head()
    here.git('switch', '--quiet', 'main')
    here.write(changed_model())
    assert here.commit().commit
    theirs = here.head()
    here.git('merge', '--quiet', '--no-edit', mine)
    here.git('push', '--quiet', 'origin', 'main')
    here.git('switch', '--quiet', 'request')
    here.git('merge', '--quiet', '--no-edit', '--strategy=ours', theirs)
    bases = ', '.join(each[:8] for each in here.git('merge-base', '--all', 'origin/main', 'HEAD').split())
    message = (
        f'this branch and origin/main have 2 merge bases ({bases}):'
        ' what a merge of them changes is not what this branch changes against one of these'
    )
    hint = "run 'git merge origin/main' (or 'git rebase origin/main') first"
    for options in (('--base', 'origin/main'), ('--merged-with', 'origin/main'), ()):
        refused(verify(here, *options), message, hint)
    assert chartloom(here.folder, 'refresh', '--dry-run').stderr == f'--base: {message}\n  hint: {hint}\n'
    here.git('merge', '--quiet', '--no-edit', 'origin/main')
    assert 'merge bases' not in verify(here, '--base', 'origin/main').stderr
