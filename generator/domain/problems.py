"""Errors as data: problems that the user can fix, and commands that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from generator.domain.places import Path

# Of one document: the rest tells nothing new, and takes time to explain.
MAX_PROBLEMS = 20
MORE_PROBLEMS = f'more than {MAX_PROBLEMS} problems, the rest is hidden'
# Characters of a text in a problem: some contain what a file says, of any length.
_LONGEST = 1000


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something the user must fix: its place, what is wrong, the next action. Credentials in the texts are hidden.

    `rule` is the identifier of the rule that is broken, if it has one; programs read it.
    """

    file: str
    path: str
    message: str
    hint: str = ''
    rule: str = field(default='', compare=False)

    def __post_init__(self) -> None:
        from generator.domain.secrets import veil  # --help does not need it

        for name in ('path', 'message', 'hint'):
            text = veil(getattr(self, name))
            object.__setattr__(self, name, text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…')

    def __str__(self) -> str:
        place = f'{self.file}::{self.path}' if self.path else self.file
        text = f'{place}: {self.message}' if place else self.message
        return f'{text}\n  hint: {self.hint}' if self.hint else text


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a document at `path`; `others` are further places where it can be fixed, best first.

    `if_written`: report it only if the registry sets the value. `of_chart`: the hint if the value comes from a chart.
    """

    path: Path
    message: str
    hint: str = ''
    others: tuple[Path, ...] = ()
    if_written: bool = False
    of_chart: str = 'override it in spec.values, or use another version'


class ProblemsFound(Exception):
    """All problems of a run, sorted by place, without duplicates."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__('\n'.join(map(str, self.problems)))


class CommandFailed(Exception):
    """A command or request that failed."""

    def __init__(self, command: tuple[str, ...], code: int, stdout: str, stderr: str) -> None:
        self.command, self.code, self.stdout, self.stderr = command, code, stdout, stderr
        super().__init__(command, code, stdout, stderr)

    def __str__(self) -> str:
        parts = [f'command: {" ".join(self.command)}', f'code: {self.code}']
        for name, text in (('stdout', self.stdout), ('stderr', self.stderr)):
            body = ''.join(f'\n  {line}' for line in text.strip().splitlines()) or ' (none)'
            parts.append(f'{name}:{body}')
        return '\n'.join(parts)


def bounded(problems: Iterable[Problem]) -> list[Problem]:
    """Return the first problems of each file, sorted, and the number of the others."""
    by_file: dict[str, list[Problem]] = {}
    for found in sorted(set(problems)):
        by_file.setdefault(found.file, []).append(found)
    shown = []
    for file, every in by_file.items():
        shown += every[:MAX_PROBLEMS]
        if (more := len(every) - MAX_PROBLEMS) > 1:  # one may be the note that the rest is hidden
            shown.append(Problem(file, '', f'{more} more problems', 'fix these first'))
        else:
            shown += every[MAX_PROBLEMS:]
    return shown


def fewer(warnings: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first warnings of each file, in the given order, then the numbers of the others."""
    found = list(warnings)
    number, shown = Counter(each.file for each in found), Counter[str]()
    for each in found:
        shown[each.file] += 1
        if shown[each.file] <= MAX_PROBLEMS or number[each.file] == MAX_PROBLEMS + 1:
            yield each
    for file, every in number.items():
        if every > MAX_PROBLEMS + 1:
            yield Problem(file, '', f'{every - MAX_PROBLEMS} more warnings', '--output json shows all')


def size_problem(file: str, size: int, most: int) -> Problem:
    return Problem(file, '', f'the file has {size} bytes, the limit is {most}', 'split the file, or remove it')


def problem(file: str, path: str, message: str, hint: str = '') -> ProblemsFound:
    """Return one problem as an exception."""
    return ProblemsFound([Problem(file, path, message, hint)])
