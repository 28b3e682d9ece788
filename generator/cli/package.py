"""chartloom package: a chart version of the ledger → its archive, the same bytes everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from generator.charts.archive import sha256
from generator.cli import offers
from generator.cli.output import common_options, result, say
from generator.pipeline.packages import package_here
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository
from generator.tools.write import write_whole


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.argument('version', default='', shell_complete=offers.charts)
@click.option(
    '--to', 'target', type=click.Path(file_okay=False, path_type=Path), default='.', show_default=True,
    metavar='FOLDER', help='Folder for the archive; it is created if it does not exist.',
)  # fmt: skip
@common_options
def command(model: str, version: str, target: Path, folder: Path, output: str) -> None:
    """Write the chart VERSION of MODEL, by default the newest, as MODEL-VERSION.tgz.

    The files must be those of the ledger; a chart that was pruned is restored from git. Equal files give equal bytes,
    on every machine, so the digest of its manifest in an OCI registry is known before it is pushed.
    """
    run = open_run(open_repository(folder), [model])
    found = package_here(run.source, run.settings_alone, model, version)
    path = target / f'{found.package.name}-{found.package.version}.tgz'
    write_whole(path, found.package.archive)
    digests = {
        'archive': sha256(found.package.archive),
        'chart': f'sha256:{found.entry.digest}',
        'manifest': found.package.digest,
    }
    if output == 'json':
        result({'model': model, 'version': found.entry.version, 'path': str(path), **digests})
        return
    say(str(path))
    for name, digest in digests.items():
        say(f'  {name:<8}  {digest}')
