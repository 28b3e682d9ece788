"""A run → problems and warnings of files that other programs obey: git lists them in the whole repository."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from generator.checks.codeowners import FILE, owner_problems, owner_warnings
from generator.checks.obeyed import ATTRIBUTES, NAMES, attribute_problems, obeyed_files
from generator.documents.blocks import around
from generator.domain.layout import REGISTRY, is_registry_yaml
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.tree import LINK
from generator.pipeline.run import Run
from generator.tools.git.attributes import patterns_within

_AT_ONCE = 2000  # paths that git is asked about: an answer has several lines a path, 60 MiB for 18,000 of them


def obeyed_problems(run: Run) -> Iterator[Problem]:
    """Report files and attributes that change what is deployed or reviewed, and registry files that git ignores."""
    try:
        with patterns_within(len(run.source.tree.ids)):
            found = list(_obeyed(run))
    except ProblemsFound as error:
        found = list(error.problems)
    yield from found


def _obeyed(run: Run) -> Iterator[Problem]:
    prefix = run.repository.prefix
    yield from obeyed_files(_files(run), prefix, run.registry, refused=True)
    yield from attribute_problems(_attributes(run))
    if (owners := _owners(run)) is not None:
        yield from owner_problems(len(owners), around(FILE, owners)[0])
    # From the top, as all paths here.
    ignored = _listed(run, '--others', '--ignored', '--exclude-standard', '--', f':(literal){prefix}{REGISTRY}')
    for path in (name.removeprefix(prefix) for name in ignored):
        if is_registry_yaml(path):
            hint = f"change .gitignore ('git check-ignore -v {path}' shows the pattern)"
            yield Problem(path, '', 'git ignores this file: nobody else has it', hint)


def obeyed_warnings(run: Run) -> list[Problem]:
    try:
        with patterns_within(len(run.source.tree.ids)):
            files = _files(run)
    except ProblemsFound:
        return []  # that is a problem
    found = list(obeyed_files(files, run.repository.prefix, run.registry, refused=False))
    if (owners := _owners(run)) is not None:
        found += owner_warnings(*around(FILE, owners), run.registry.settings.spec['owners'])
    return found


def _owners(run: Run) -> bytes | None:
    """CODEOWNERS, if it has the owners of the settings and forges read it; the plan reports one that is no file."""
    if run.repository.prefix or 'owners' not in run.registry.settings.spec:
        return None
    if run.source.tree.ids.get(FILE, LINK) == LINK:
        return None
    with suppress(ProblemsFound):  # too large for us, too
        return run.source.read(FILE)
    return None


def _files(run: Run) -> list[str]:
    return _listed(run, '--cached', '--others', '--exclude-standard', '--', *(f':(glob)**/{name}' for name in NAMES))


def _listed(run: Run, *arguments: str) -> list[str]:
    listing = run.repository.raw('ls-files', '-z', *arguments)
    return listing.decode('utf-8', 'surrogateescape').split('\0')[:-1]


def _attributes(run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield path, name and value of the attributes that may do harm, for all our files."""
    prefix = run.repository.prefix
    paths = sorted(run.source.tree.ids)
    for start in range(0, len(paths), _AT_ONCE):
        asked = '\0'.join(f'{prefix}{path}' for path in paths[start : start + _AT_ONCE])
        told = run.repository.feed(asked.encode('utf-8', 'surrogateescape'), 'check-attr', '-z', '--stdin', *ATTRIBUTES)
        parts = told.decode('utf-8', 'surrogateescape').split('\0')[:-1]
        for path, name, value in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            yield path.removeprefix(prefix), name, value
