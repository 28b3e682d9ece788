"""A stage of a rollout → when the published branch got it: by the date of its commit, or later, when it was seen there.

A commit may be pushed long after it was made, or by a computer whose clock is behind. So the first run that sees a
stage with a hold on the published branch records the time, for everybody. A stage without a hold does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from generator.domain.problems import CommandFailed
from generator.domain.records import Rollout
from generator.operations.rollout_seen import Landed, learn, record, seen_at, unrecorded, utc
from generator.pipeline.revisions import published_ref
from generator.pipeline.run import Run
from generator.strategies.during import rollout_stage
from generator.tools.git.notes import Shared
from generator.tools.git.remote import DEPTHS, deepen, is_cut
from generator.tools.git.repository import Repository

_UNSEEN = "nobody has recorded yet when it was pushed; run 'chartloom rollout status --record'"


@dataclass(frozen=True, slots=True)
class Began:
    """When the published branch got a stage, in seconds since the epoch; `why` only the date of its commit counts."""

    date: int
    seen: int | None = None
    why: str = ''

    @property
    def time(self) -> int:
        return self.date if self.seen is None else max(self.date, self.seen)

    @property
    def source(self) -> str:
        return 'date' if self.seen is None or self.seen < self.date else 'seen'


def landed(run: Run, rollout: Rollout) -> Landed | None:
    """Return the stage of a rollout as the published branch has it; None if the branch does not have it yet."""
    repository, refs = run.repository, run.source.refs
    path = repository.prefix + rollout.file
    ref = published_ref(run.settings.branch, refs)
    branch = refs.get(ref, '')
    if (
        not branch
        or repository.ask('rev-parse', '--verify', '--quiet', f'{branch}:{path}') != run.source.tree.ids[rollout.file]
    ):
        return None
    remote = ref.split('/')[2] if ref.startswith('refs/remotes/') else 'origin' if repository.bare else ''
    holds = rollout_stage(rollout).hold > 0
    commit, date = _set_by(repository, branch, path)
    if not commit:  # the ref of the branch leads to something else than a commit
        return None
    for depth in DEPTHS if holds and remote else ():
        if not is_cut(repository, commit) or not _deepened(repository, run.settings.branch, depth):
            break
        commit, date = _set_by(repository, branch, path)
    return Landed(repository, remote, commit, date, rollout.stage, repository.prefix + rollout.name, holds)


def _set_by(repository: Repository, branch: str, path: str) -> tuple[str, int]:
    """The commit that gave a file its content, and its date; '' and 0 if the branch is not a commit."""
    # A stage that was merged counts from the merge: the agent sees the first parents only.
    options = ('--no-show-signature', '--first-parent', '-1', '--format=%H %ct')
    commit, _, time = repository.git('log', *options, branch, '--', f':(top,literal){path}').partition(' ')
    return commit, int(time or 0)


def _deepened(repository: Repository, branch: str, depth: str) -> bool:
    try:
        return deepen(repository, branch, depth)
    except CommandFailed:
        return False


def began_at(stage: Landed, now: int) -> Began:
    """Return when a stage began, by the notes fetched last."""
    if not stage.holds:
        return Began(stage.date)
    if not stage.remote:
        return Began(stage.date, why='the branch has no remote here')
    seen = seen_at(stage, now)
    if seen is None:
        return Began(stage.date, why=_UNSEEN)
    return Began(stage.date, seen, f'it was seen earlier, {utc(seen)}' if seen < stage.date else '')


def first_look(stage: Landed, now: int, *, write: bool) -> tuple[Began, str]:
    """Return when a stage began; whoever sees it first records that. The text: why the remote refuses the note.

    A remote that refuses notes leaves the date of the commit. If others push notes faster, or nothing is to be written,
    the stage is taken to begin now, and the next run records it. Raises CommandFailed if the remote does not answer.
    """
    learn([stage], now)
    if not unrecorded([stage], now):
        return began_at(stage, now), ''
    shared = record([stage], now) if write else Shared(done=False)
    if shared.done or shared.refused:
        return began_at(stage, now), shared.refused
    return replace(began_at(stage, now), seen=now), ''
