"""A source, its settings and the surroundings → the base: the published revision that charts are compared with."""

from __future__ import annotations

from collections.abc import Mapping

from generator.domain.layout import SETTINGS
from generator.domain.problems import problem
from generator.pipeline.source import Source
from generator.tools.git.head import current_branch
from generator.tools.git.remote import is_shallow
from generator.tools.git.repository import Repository
from generator.tools.git.revision import find_commit

# Variables by which a CI says that it runs, and those with the branch that a request is to be merged into.
_CI = ('CI', 'TF_BUILD', 'JENKINS_URL')
_TARGETS = (
    'GITHUB_BASE_REF', 'CI_MERGE_REQUEST_TARGET_BRANCH_NAME', 'BITBUCKET_PR_DESTINATION_BRANCH',
    'SYSTEM_PULLREQUEST_TARGETBRANCH', 'CHANGE_TARGET',
)  # fmt: skip


def base_revision(source: Source, branch: str, named: str = '') -> str:
    """The merge base of HEAD with the revision `named`, or with the published branch (of the remote, if known).

    HEAD if there is no merge base; '' before the first commit. During a merge, the future merge commit takes the place
    of HEAD.
    """
    head = source.head
    if named:
        found = published_commit(source, branch, named)
        return merge_base(source.repository, named, found, head) or found
    published = published_commit(source, branch)
    return head if published == head else _common(source, published, branch) or head


def merge_base(repository: Repository, name: str, published: str, *others: str) -> str:
    """The best common commit of a published branch and others, '' for none.

    Raises ProblemsFound for several, which two branches have that were merged into each other: git merges them from a
    commit that it makes of all, so that a change against one of them says nothing about what the merge changes.
    """
    found = repository.ask('merge-base', '--all', published, *others).split()
    if len(found) > 1:
        message = f'this branch and {name} have {len(found)} merge bases ({", ".join(each[:8] for each in found)})'
        message += ': what a merge of them changes is not what this branch changes against one of these'
        raise problem('--base', '', message, f"run 'git merge {name}' (or 'git rebase {name}') first")
    return next(iter(found), '')


def published_commit(source: Source, branch: str, named: str = '') -> str:
    """The commit whose history is the published one: the revision `named`, or the published branch; '' for none."""
    if named:
        return find_commit(source.repository, named, '--base')
    return source.refs.get(published_ref(branch, source.refs), source.head)


def _common(source: Source, published: str, branch: str) -> str:
    """The merge base, '' for none."""
    name = shown(published_ref(branch, source.refs))
    return merge_base(source.repository, name, published, source.head, *source.refs.get('MERGE_HEAD', '').split())


def published_ref(branch: str, refs: Mapping[str, str]) -> str:
    """The full name of the published branch: that of the remote, if known."""
    # refs/remotes/<remote>/<branch>; of several remotes, origin.
    remote = [n for n in sorted(refs) if n.startswith('refs/remotes/') and n.split('/', 3)[3:] == [branch]]
    origin = f'refs/remotes/origin/{branch}'
    return origin if origin in remote else remote[0] if remote else f'refs/heads/{branch}'


def shown(ref: str) -> str:
    """A branch as people write it."""
    return ref.removeprefix('refs/remotes/').removeprefix('refs/heads/')


def refuse_submodule(repository: Repository, environ: Mapping[str, str], named: str) -> None:
    """Raise ProblemsFound where a base counts in a submodule: the request chose this repository, and all branches."""
    if not (named or _in_ci(environ)):
        return
    if around := repository.ask('rev-parse', '--show-superproject-working-tree'):
        message = f'this repository is a submodule of {around}, whose commits choose what is checked'
        raise problem(str(repository.folder), '', message, 'check a clone of the repository itself')


def _in_ci(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name, '').lower() not in ('', '0', 'false') for name in _CI)


def refuse_guess(source: Source, branch: str, environ: Mapping[str, str]) -> None:
    """Raise ProblemsFound if the base of a check would be a guess that a request can influence, or HEAD itself.

    HEAD is right only where it is the published branch, and before the first commit. The pipeline of a request names
    its base: the settings, which name the published branch, are a part of the request.
    """
    repository, refs, head = source.repository, source.refs, source.head
    ref = published_ref(branch, refs)
    if not head and ref not in refs:
        return
    remotes = repository.ask('remote').split()
    if target := next(filter(None, map(environ.get, _TARGETS)), ''):
        name = target.removeprefix('refs/heads/')
        raise _unnamed('this pipeline checks a request', name, remotes)
    in_ci = _in_ci(environ)
    if ref not in refs or (in_ci and remotes and not ref.startswith('refs/remotes/')):
        raise _unnamed(f"the published branch '{branch}' of {SETTINGS} is not known in this clone", branch, remotes)
    if refs[ref] == head:
        if in_ci and ref.startswith('refs/remotes/'):
            _check_main(source, ref.removeprefix('refs/remotes/').removesuffix(f'/{branch}'), branch)
        return
    if in_ci:
        raise _unnamed(f'this is CI, and HEAD is not {shown(ref)}', branch, remotes)
    if not head or not _common(source, refs[ref], branch):
        hint = "run 'git fetch --unshallow'" if is_shallow(repository) else 'name the published revision with --base'
        where = 'HEAD' if current_branch(repository) == 'HEAD' else 'this branch'
        raise problem('--base', '', f'{where} and {shown(ref)} have no common commit in this clone', hint)


def _check_main(source: Source, remote: str, branch: str) -> None:
    """Raise ProblemsFound unless a branch is the main one of its remote: a request may name its own in the settings."""
    main = f'refs/remotes/{remote}'
    if source.repository.ask('symbolic-ref', f'{main}/HEAD') != f'{main}/{branch}':
        message = f"the base is required: this clone does not know whether '{branch}' is the main branch of '{remote}'"
        hint = f"run 'git remote set-head {remote} --auto' first, or name the published revision with --base"
        raise problem('--base', '', message, hint)


def _unnamed(why: str, branch: str, remotes: list[str]) -> Exception:
    hint = 'name the published revision with --base, and set spec.repository.branch'
    if remotes:
        remote = 'origin' if 'origin' in remotes else remotes[0]
        fetch = f'git fetch {remote} +refs/heads/{branch}:refs/remotes/{remote}/{branch}'
        hint = f"run '{fetch}', and add --base {remote}/{branch}"
    return problem('--base', '', f'the base is required: {why}', hint)
