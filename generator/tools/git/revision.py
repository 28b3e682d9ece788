"""The name of a revision, as a person writes it → its commit; a name that means several commits is refused.

git itself takes a tag before a branch, and a branch before one of a remote: with a tag named `origin/main` whoever may
push tags would choose the commit that a request is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.domain.problems import problem
from generator.domain.words import quoted
from generator.tools.git.repository import Repository

_KINDS = ('refs/remotes/', 'refs/heads/', 'refs/tags/', 'refs/')
# Where the name of a ref ends and git's operators begin, `main~2` or `main@{1}`.
_OPERATOR = re.compile(r'[~^:]|@\{')
_ABBREVIATED = re.compile(r'[0-9a-f]{4,}')


def find_commit(repository: Repository, name: str, option: str) -> str:
    """Return the commit that a name means; raises ProblemsFound with the option that it is the value of."""
    refs = _refs(repository, _OPERATOR.split(name, maxsplit=1)[0])
    if len(set(refs.values())) > 1:
        hint = f'write the full name: {" or ".join(refs)}'
        raise problem(option, '', f'{quoted(name)} names several commits: {", ".join(refs)}', hint)
    remote = _remote_of(repository, name)
    if remote and refs and not any(ref.startswith(_KINDS[0]) for ref in refs):
        ref = next(iter(refs))
        hint = f"run 'git fetch {remote}', or write {ref} if you mean it"
        raise problem(option, '', f"{quoted(name)} is {ref} here, not a branch of the remote '{remote}'", hint)
    found = '' if name.startswith('-') else repository.ask('rev-parse', '--verify', '--quiet', f'{name}^{{commit}}')
    if not found:
        raise problem(option, '', f'revision {quoted(name)} not found in git', f'fetch it, or name another {option}')
    return found


def _refs(repository: Repository, start: str) -> Mapping[str, str]:
    """The commits of all refs that a short name may mean, by full name; for digits also those that begin like it."""
    full = len(start) == repository.id_length and _ABBREVIATED.fullmatch(start)  # git takes it as a commit
    if not start or full or start.startswith(('refs/', '-')) or (repository.git_dir / start).is_file():
        return {}
    names = {f'{kind}{start}' for kind in _KINDS} | {f'{_KINDS[0]}{start}/HEAD'}
    listing = repository.ask('for-each-ref', '--format=%(refname)', *sorted(names))
    refs = [name for name in listing.split('\n') if name in names]
    if refs and _ABBREVIATED.fullmatch(start):
        refs += repository.ask('rev-parse', f'--disambiguate={start}').split()
    commits = {ref: repository.ask('rev-parse', '--verify', '--quiet', f'{ref}^{{commit}}') for ref in refs}
    return {ref: commit for ref, commit in commits.items() if commit}


def _remote_of(repository: Repository, name: str) -> str:
    """The remote that a name begins with; 'origin' also if it is not configured."""
    remotes = {'origin', *repository.ask('remote').split()}
    return next((remote for remote in sorted(remotes) if name.startswith(f'{remote}/')), '')
