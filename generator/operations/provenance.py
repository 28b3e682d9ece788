"""The environment of a CI job → trailers of a commit: who started the job, and where its log is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.tools.process import mask

ACTOR, RUN = 'Chartloom-Actor', 'Chartloom-Run'
_LONGEST = 200
_ACTORS = (
    'CHARTLOOM_ACTOR',
    'GITHUB_ACTOR',
    'GITLAB_USER_LOGIN',
    'BUILD_REQUESTEDFOR',
    'BUILDKITE_BUILD_CREATOR',
    'CIRCLE_USERNAME',
)
# The log of a job: one variable, or parts of an address.
_RUNS = (
    ('CHARTLOOM_RUN',),
    ('GITHUB_SERVER_URL', '/', 'GITHUB_REPOSITORY', '/actions/runs/', 'GITHUB_RUN_ID'),
    ('CI_JOB_URL',), ('CI_PIPELINE_URL',), ('CIRCLE_BUILD_URL',), ('BUILDKITE_BUILD_URL',),
    ('SYSTEM_COLLECTIONURI', 'SYSTEM_TEAMPROJECT', '/_build/results?buildId=', 'BUILD_BUILDID'),
    ('BUILD_URL',),
)  # fmt: skip


def provenance(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield trailers of what the environment tells, in one line each; none outside of CI."""
    if actor := next(filter(None, (environ.get(name, '') for name in _ACTORS)), ''):
        yield from _trailer(ACTOR, actor)
    if run := next(filter(None, (_joined(parts, environ) for parts in _RUNS)), ''):
        yield from _trailer(RUN, mask(run))


def _joined(parts: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The parts, of which names of variables are replaced; '' if one of these is not set."""
    values = [environ.get(part, '') if part.isupper() else part for part in parts]
    return ''.join(values) if all(values) else ''


def _trailer(name: str, value: str) -> Iterator[str]:
    value = value.strip()
    if value and value.isprintable() and len(value) <= _LONGEST:
        yield f'{name}: {value}'
