"""chartloom bump: new versions of models → entries of the registry, their charts, and one commit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from generator.charts.starter import schemas_with_bumps
from generator.cli import offers
from generator.cli.operation import Place, operation_options, together_option
from generator.cli.outcome import tell
from generator.cli.output import say, wants_json
from generator.operations.bump import bumping
from generator.operations.bump_requests import Request, read_input, read_requests, request_of
from generator.operations.bump_told import summary

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument('model', required=False, shell_complete=offers.models)
@click.argument('version', required=False)
@click.option('--image', help='Image with its digest: …@sha256:…; default: that of the version before.')
@click.option('--artifact', metavar='URI', help="URI of the model's files; default: those of the version before.")
@click.option('--sha256', metavar='SUM', help='Checksum of the artifact.')
@click.option('--size', help='Size of the unpacked artifact, for example 640Mi.')
@click.option('--signature', type=_FILE, help='YAML or JSON with inputs and outputs; default: as the version before.')
@click.option('--metrics', type=_FILE, help='YAML or JSON with results of the evaluation: name → number.')
@click.option('--notes', help='What changed, for reviewers.')
@click.option('--released', metavar='DATE', help='Day of the release, for example 2026-11-22.')
@click.option('--bump', type=click.Choice(['minor', 'major']), help="The least bump of the chart's version.")
@click.option(
    '--after',
    metavar='VERSION',
    shell_complete=offers.versions,
    help='List it behind this version: a hotfix, which environments that follow the newest version do not take.',
)
@click.option('--file', 'source', type=_FILE, help='YAML or JSON with many versions (bumps: […]), for one commit.')
@click.option('--skip-blocked', is_flag=True, help='With --file: release the versions that have no problems.')
@together_option
@operation_options
def command(
    model: str | None, version: str | None, image: str | None, artifact: str | None, sha256: str | None,
    size: str | None, signature: Path | None, metrics: Path | None, notes: str | None, released: str | None,
    bump: str | None, after: str | None, source: Path | None, skip_blocked: bool, together: bool, place: Place,
    output: str,
) -> None:  # fmt: skip
    """Release new versions of models: add them to the registry, make their charts, and commit both.

    Environments that follow the newest version take it. What is not given is that of the version before. A version that
    is there with the same content is left alone; one with other content is refused, because a version never changes.
    """
    given = {
        'model': model, 'version': version, 'after': after, 'image': image,
        'artifact': _artifact(artifact, sha256, size), 'signature': signature, 'metrics': metrics,
        'released': released, 'notes': notes, 'bump': bump,
    }  # fmt: skip
    found = {key: value for key, value in given.items() if value is not None}
    requests = _requests(found, source, skip_blocked=skip_blocked)
    name = source.name if source else ''
    operation = bumping(requests, skip_blocked=skip_blocked, source=name, together=together)
    outcome = place.carry_out(operation)
    if not wants_json():
        for row in outcome.result['bumps']:
            say(summary(row))
        _tell_blocked(outcome.result['blocked'])
    tell(outcome)


def _artifact(uri: str | None, sha256: str | None, size: str | None) -> dict[str, str] | None:
    if uri is None and (sha256 or size):
        raise click.UsageError('--sha256 and --size require --artifact')
    parts = {'uri': uri, 'sha256': sha256, 'size': size}
    return {key: value for key, value in parts.items() if value is not None} or None


def _requests(found: dict[str, Any], source: Path | None, *, skip_blocked: bool) -> Sequence[Request]:
    if source:
        if found:
            raise click.UsageError('--file excludes MODEL, VERSION and the options of one version')
        return read_requests(source.read_bytes(), str(source), schemas_with_bumps())
    if 'model' not in found or 'version' not in found:
        raise click.UsageError('expected MODEL and VERSION, or --file')
    if skip_blocked:
        raise click.UsageError('--skip-blocked requires --file')
    read: dict[str, Any] = {
        key: read_input(found[key].read_bytes(), str(found[key])) for key in ('signature', 'metrics') if key in found
    }
    return [request_of({**found, **read}, schemas_with_bumps())]


def _tell_blocked(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        say(f'{row["model"]} {row["version"]} is not released:', err=True, fg='yellow')
        for found in row['problems']:
            place = '::'.join(filter(None, (found['file'], found['path'])))
            say(f'  {place}: {found["message"]}', err=True)
