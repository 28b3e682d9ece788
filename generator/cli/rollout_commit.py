"""What the verbs of chartloom rollout have in common: their options, and the one commit that each of them makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from generator.cli.generate import outcome_data, tell
from generator.cli.output import common_options, result, wants_json, warn
from generator.domain.layout import model_file
from generator.operations.apply import Options, Outcome, generate
from generator.operations.rollout import Edit
from generator.tools.git.build import finish as finish_killed
from generator.tools.git.repository import Repository, open_repository

F = TypeVar('F', bound=Callable[..., Any])


def commit_options(function: F) -> F:
    push = click.option('--push', is_flag=True, help='Push the commit.')
    message = click.option('--message', default='', help='Subject of the commit instead of the one made of the move.')
    name = click.argument('name', metavar='ENV/MODEL')
    return name(push(message(common_options(function))))


def open_named(name: str, folder: Path) -> tuple[str, Repository]:
    repository = open_repository(folder)
    finish_killed(repository)
    return name.removeprefix('release/'), repository


def model_of(name: str) -> str:
    return name.rpartition('/')[2]


def apply_move(repository: Repository, name: str, operation: str, edit: Edit, subject: str, push: bool) -> Outcome:
    # A version may be released and rolled out at once.
    along = (model_file(model_of(name)),) if operation == 'start' else ()
    options = Options(
        models=(model_of(name),), commit=True, push=push, message=subject,
        operation=f'rollout {operation} {name}', edit=edit, along=along,
    )  # fmt: skip
    return generate(repository, options)


def tell_move(outcome: Outcome, about: dict[str, object]) -> None:
    warn(outcome.warnings)
    if wants_json():
        result({**about, **outcome_data(outcome)})
    else:
        tell(outcome)
