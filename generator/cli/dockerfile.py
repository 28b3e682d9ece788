"""chartloom dockerfile: a model version → a Dockerfile that puts its files into the image of its runtime."""

from __future__ import annotations

from pathlib import Path

import click

from generator.charts.dockerfile import dockerfile
from generator.cli import offers
from generator.cli.output import common_options, result, say
from generator.domain.problems import problem
from generator.domain.words import suggest
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository


@click.command()
@click.argument('model', shell_complete=offers.models)
@click.option(
    '--version', 'wanted', default='', metavar='VERSION', shell_complete=offers.versions,
    help='Version of the model. Default: the newest.',
)  # fmt: skip
@common_options
def command(model: str, wanted: str, folder: Path, output: str) -> None:
    """Print a Dockerfile that fetches the model's files, checks them and puts them into the image of its runtime.

    If the version has no artifact, its own image is the base image, and the files come from the folder model/ next to
    the Dockerfile.
    """
    run = open_run(open_repository(folder), [model])
    found = run.registry.models[model]
    version = next((each for each in found.versions if each.version == wanted), None) if wanted else found.newest
    if version is None:
        hint = suggest(wanted, [each.version for each in found.versions])
        raise problem(found.file, '$.spec.versions', f"version '{wanted}' of model '{model}' not found", hint)
    text = dockerfile(found, version, run.templates)
    if output == 'json':
        result({'model': model, 'version': version.version, 'dockerfile': text})
    else:
        say(text.removesuffix('\n'))
