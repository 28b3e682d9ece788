"""A stage on the published branch → the time when somebody saw it there first, from a note on its commit, or to record.

A line of a note: `seen 2026-11-30T12:00:00Z step-1 prod/web`. Of several lines about a stage the earliest counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from generator.domain.problems import CommandFailed, Problem
from generator.tools.git.notes import ATTEMPTS, SHARED, Lines, Shared, fetch_notes, first_line, read_lines, share_lines
from generator.tools.git.repository import Repository

_FORMAT = '%Y-%m-%dT%H:%M:%SZ'
_AHEAD = 300  # seconds that clocks may differ


@dataclass(frozen=True, slots=True)
class Landed:
    """A stage that the published branch has, and the commit that set it; `date` is when that was made.

    `remote` is the one of the branch, '' if the branch is not known to be on any; `holds`: the stage has a hold.
    """

    repository: Repository
    remote: str
    commit: str
    date: int
    stage: str
    release: str
    holds: bool


def seen_at(stage: Landed, now: int) -> int | None:
    """Return when a stage was seen first, by the notes fetched last.

    A time in the future does not count: a clock that is ahead, or a forged note, would stop the rollout for everybody.
    """
    wanted = [stage.stage, stage.release]
    lines = (line.split(' ', 3) for line in read_lines(stage.repository, stage.remote, stage.commit))
    times = (_time(words[1]) for words in lines if words[0] == 'seen' and words[2:] == wanted)
    return min((time for time in times if time is not None and time <= now + _AHEAD), default=None)


def _time(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp())
    except ValueError:  # a person may have edited the note
        return None


def utc(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime(_FORMAT)


def unrecorded(stages: Iterable[Landed], now: int) -> list[Landed]:
    """Return the stages whose hold counts from a time that nobody has recorded, by the notes fetched last."""
    return [stage for stage in stages if stage.holds and stage.remote and seen_at(stage, now) is None]


def learn(stages: Iterable[Landed], now: int) -> None:
    """Fetch the notes, if a hold counts from one; all stages are of one repository.

    Raises CommandFailed if the remote does not answer and the notes fetched before do not have all stages.
    """
    holding = [stage for stage in stages if stage.holds and stage.remote]
    if not holding:
        return
    try:
        fetch_notes(holding[0].repository, holding[0].remote)
    except CommandFailed:
        if unrecorded(holding, now):
            raise


def record(stages: Sequence[Landed], now: int) -> Shared:
    """Record on the remote that the published branch has these stages; raises CommandFailed as `learn` does."""
    wanted = unrecorded(stages, now)

    def missing() -> Lines:
        lines = defaultdict[str, list[str]](list)
        for stage in unrecorded(wanted, now):
            lines[stage.commit].append(f'seen {utc(now)} {stage.stage} {stage.release}')
        return lines

    return share_lines(wanted[0].repository, wanted[0].remote, missing) if wanted else Shared(done=True)


def recall(stages: Sequence[Landed], now: int, *, write: bool) -> tuple[Problem, ...]:
    """Fetch the notes of stages, with `write` also record what nobody has recorded; return what failed, as warnings."""
    if write:
        shared = record(stages, now)
        if shared.refused:
            return (refusal(stages[0].remote, shared.refused),)
        if not shared.done:
            return (Problem(SHARED, '', f'others pushed notes first, {ATTEMPTS} times', 'run the command again'),)
        return ()
    try:
        learn(stages, now)
    except CommandFailed as error:
        said = f"remote '{stages[0].remote}' does not answer: {first_line(error.stderr)}"
        return (Problem(SHARED, '', said, 'holds are shown by what is known here; run the command again'),)
    return ()


def refusal(remote: str, reason: str) -> Problem:
    """Return the warning that only the dates of commits are known."""
    message = f"remote '{remote}' refuses to record when a stage was pushed, so its hold counts from the date: {reason}"
    return Problem(SHARED, '', message, f"allow this user to push '{SHARED}'")
