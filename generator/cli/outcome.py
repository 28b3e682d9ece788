"""The outcome of an operation → text or JSON."""

from __future__ import annotations

from collections.abc import Collection

from generator.cli.output import problem_data, result, say, wants_json, warn
from generator.domain.layout import release_of
from generator.operations.operation import Outcome
from generator.plan.summary import Summary, explained, summarize

_MANY = 8  # names in a line


def outcome_data(outcome: Outcome) -> dict[str, object]:
    return {
        **outcome.result,
        'changed': outcome.changed,
        'dryRun': outcome.dry_run,
        'commit': outcome.commit,
        'branch': outcome.branch,
        'pushed': outcome.pushed,
        'superseded': problem_data(outcome.superseded),
        'warnings': problem_data(outcome.warnings),
        'registry': list(outcome.registry),
        'releases': explained(outcome.plan, outcome.reasons),
        'changes': [{'kind': change.kind, 'path': change.path} for change in outcome.plan.changes],
    }


def number(items: Collection[object], one: str) -> str:
    """Count items in words: '1 release', '2 releases'."""
    return f'{len(items)} {one if len(items) == 1 else f"{one}s"}'


def tell(outcome: Outcome) -> None:
    """Print warnings to stderr, and the outcome as text or, with --output json, as JSON."""
    warn(outcome.warnings)
    if wants_json():
        result(outcome_data(outcome))
        return
    if outcome.plan.changes:
        _tell_changes(outcome)
    if outcome.dry_run and outcome.changed:
        say('nothing was written')
    elif not outcome.changed and not outcome.result:
        say('nothing to do: the generated files match the registry')
    tell_commit(outcome)


def tell_superseded(outcome: Outcome) -> None:
    """Say that others have made an operation meaningless while it ran."""
    if wants_json():
        result(outcome_data(outcome))
        return
    say('nothing was done: the branch has moved since this command began')
    warn(outcome.superseded)


def tell_commit(outcome: Outcome) -> None:
    if outcome.commit:
        place = f'on {outcome.branch}' if outcome.branch else 'on a detached HEAD'
        say(f'commit {outcome.commit[:12]} {place}{", pushed" if outcome.pushed else ""}', fg='green')
    elif outcome.pushed:
        say(f'pushed {outcome.branch}', fg='green')


def _tell_changes(outcome: Outcome) -> None:
    summary = summarize(outcome.plan, outcome.reasons)
    for title, names in (
        ('new charts', summary.new_charts), ('restored charts', summary.restored_charts),
        ('changed drafts', summary.changed_charts),
        ('releases', summary.releases), ('to remove' if outcome.dry_run else 'removed', summary.removed),
        ('documents', summary.documents), ('registry', outcome.registry),
    ):  # fmt: skip
        if names:
            shown = ', '.join(names[:_MANY]) + (f' and {len(names) - _MANY} more' if len(names) > _MANY else '')
            say(f'{title}: {shown}')
    _tell_readers(outcome, summary)
    if summary.uninstalled:
        say('the agent uninstalls the removed releases', fg='red')
    if summary.kept:
        say(f'the objects of these removed releases stay in the cluster: {", ".join(summary.kept)}')
    count = len(outcome.plan.changes) + len(outcome.registry)
    say(f'{count} {"file" if count == 1 else "files"} {"to change" if outcome.dry_run else "changed"}')


def _tell_readers(outcome: Outcome, summary: Summary) -> None:
    """Say why releases change none of whose own files does."""
    own = {release_of(change.path) for change in outcome.plan.changes}
    for name in [name for name in summary.releases if name not in own][:_MANY]:
        say(f'{name}: {outcome.reasons[name]}')
