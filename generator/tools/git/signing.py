"""A commit and the signers that are allowed → why its signature does not count."""

from __future__ import annotations

import re

from generator.domain.problems import CommandFailed
from generator.domain.settings import Signing
from generator.tools.git.repository import Repository
from generator.tools.temporary import temporary_folder

_OPENPGP = re.compile('[0-9A-F]{40}')
# By git's letters (%G?); a signature may be good, and its signer another one.
_FAULTS = {
    'B': 'its signature is wrong', 'X': 'its signature has expired', 'Y': 'the key of its signature has expired',
    'R': 'the key of its signature is revoked',
}  # fmt: skip


def is_signed(repository: Repository, commit: str) -> bool:
    """Whether a commit has a signature, of whomever."""
    head = repository.raw('cat-file', 'commit', commit).partition(b'\n\n')[0]
    return re.search(rb'^gpgsig(-sha256)? ', head, re.MULTILINE) is not None


def unverified(repository: Repository, commit: str, signing: Signing) -> str:
    """Return why a signature does not count, '' if it does: it must be good, and of a signer of the settings, if they
    have any, else of one that git is configured to trust."""
    if not is_signed(repository, commit):
        return 'it has no signature'
    if not signing.signers:
        return _by_git(repository, commit)
    keys = [(who, key) for who, keys in signing.signers.items() for key in keys]
    with temporary_folder() as folder:
        allowed = folder / 'signers'
        lines = (f'{who} namespaces="git" {key}\n' for who, key in keys if not _OPENPGP.fullmatch(key))
        allowed.write_text(''.join(lines), encoding='utf-8')
        trust = ('-c', f'gpg.ssh.allowedSignersFile={allowed}')
        said = repository.git(*trust, 'log', '-1', '--no-show-signature', '--format=%G? %GF %GP', commit)
    letter, *fingerprints = said.split()
    if letter in ('G', 'U') and {key for _, key in keys}.intersection(fingerprints):
        return ''  # gpg trusts any key of its keyring
    by_ssh = fingerprints[:1] != [] and not _OPENPGP.fullmatch(fingerprints[0])
    return '' if letter == 'G' and by_ssh else _FAULTS.get(letter, 'its signer is not known')


def _by_git(repository: Repository, commit: str) -> str:
    try:
        repository.git('verify-commit', commit)
    except CommandFailed as error:
        # Without a list of signers git cannot judge a signature by ssh.
        return '' if 'allowedSignersFile needs to be configured' in error.stderr else 'git does not trust its signature'
    return ''


def sent(repository: Repository, commit: str, remote: str) -> list[str]:
    """Return a commit and those below it that the branches of a remote do not have, as known here; the oldest first."""
    return repository.git('rev-list', '--reverse', commit, '--not', f'--remotes={remote}').split()
