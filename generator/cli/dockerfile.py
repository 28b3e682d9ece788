"""chartloom dockerfile: a Dockerfile that bakes a version of a model into the image of its runtime."""

from __future__ import annotations

from pathlib import Path

import click

from generator.charts.dockerfile import dockerfile
from generator.cli import offers
from generator.cli.output import common_options, result, say
from generator.domain.problems import problem
from generator.domain.words import suggest
from generator.pipeline.run import open_run
from generator.tools.git.repository import open_repository


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.option(
    '--version', 'wanted', default='', metavar='VERSION', shell_complete=offers.versions,
    help='Version of the model. Default: the newest.',
)  # fmt: skip
@common_options
def command(model: str, wanted: str, folder: Path, output: str) -> None:
    """Print a Dockerfile that fetches the model's files, checks them and puts them into the image of its runtime.

    The image of a version without an artifact is its base, and the files come from the folder model/ beside the
    Dockerfile.
    """
    run = open_run(open_repository(folder), [model])
    found = run.registry.models[model]
    version = next((each for each in found.versions if each.version == wanted), None) if wanted else found.newest
    if version is None:
        hint = suggest(wanted, [each.version for each in found.versions])
        raise problem(found.file, '$.spec.versions', f"there is no version '{wanted}' of {model}", hint)
    text = dockerfile(found, version, run.templates)
    if output == 'json':
        result({'model': model, 'version': version.version, 'dockerfile': text})
    else:
        say(text.removesuffix('\n'))
