"""Two commits → what each changes since their common one, and git's own merge of one text; nothing is written.

Paths are relative to the top of the repository. An entry is `mode id` of a file, '' where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.domain.problems import CommandFailed
from generator.tools.git.repository import LINKS, Repository
from generator.tools.temporary import temporary_folder

Entries = Mapping[str, str]


def changed_entries(repository: Repository, old: str, new: str, folder: str = '') -> dict[str, str]:
    """The entries of a commit that differ from another one, '' for those that it does not have; of all or of a folder
    in ours."""
    where = ('--', f':(top,literal){repository.prefix}{folder}') if folder else ()
    return _entries(repository.raw('diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', old, new, *where))


def staged_entries(repository: Repository, commit: str) -> dict[str, str | None]:
    """The entries of the index that differ from a commit; None for a file that is unmerged."""
    listing = repository.raw('diff-index', '--cached', '--raw', '-z', '--no-renames', '--no-abbrev', commit)
    return {**_entries(listing), **dict.fromkeys(_names(repository, 'U'))}


def unstaged_files(repository: Repository) -> list[str]:
    """Files of the work tree that differ from the index, without those that are unmerged."""
    repository.ask('update-index', '-q', '--refresh')  # else a new time stamp counts as a change
    unmerged = set(_names(repository, 'U'))  # these are listed a second time, by what else differs
    return [path for path in _names(repository, 'u') if path not in unmerged]


def _names(repository: Repository, kind: str) -> list[str]:
    options = ('--name-only', f'--diff-filter={kind}', '--ignore-submodules=dirty', '-z')
    return repository.raw('diff-files', *options).decode('utf-8', 'surrogateescape').split('\0')[:-1]


def _entries(listing: bytes) -> dict[str, str]:
    words = listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]
    found = {}
    for about, path in zip(words[::2], words[1::2], strict=True):
        _, mode, _, blob, _ = about.split(' ')
        found[path] = '' if mode == '000000' else f'{mode} {blob}'
    return found


def entries_of(repository: Repository, commit: str, paths: list[str]) -> Entries:
    return repository.entries(commit, paths) if paths else {}


def is_file(entry: str) -> bool:
    """Whether an entry is a plain file, not a link or a submodule."""
    return bool(entry) and entry[:6] not in LINKS


def blob_of(entry: str) -> str:
    return entry[7:]


def merge_text(repository: Repository, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Merge lines as git does; None if both sides changed the same ones."""
    with temporary_folder() as folder:
        names = ('ours', 'base', 'theirs')
        for name, data in zip(names, (ours, base, theirs), strict=True):
            (folder / name).write_bytes(data)
        try:
            return repository.raw('merge-file', '-p', '--quiet', *(str(folder / name) for name in names))
        except CommandFailed:
            return None
