"""chartloom init: an empty GitOps repository that works, with comments that teach."""

from __future__ import annotations

from pathlib import Path

import click

from generator import yamlwrite
from generator.apply import Options, generate
from generator.bootstrap import bootstrap_command, bootstrap_file
from generator.cli.output import common_options, result, say
from generator.doctor import PLACEHOLDER
from generator.documents import render_document
from generator.errors import ProblemsFound, problem
from generator.pipeline import Run
from generator.process import run
from generator.repository import Repository, open_repository
from generator.templates import load_templates
from generator.worktree import write_files

_START = 'init/'


@click.command()
@click.option(
    '--url', default='', help="The repository's address for the agents. Default: that of the remote 'origin'."
)
@click.option(
    '--agent',
    type=click.Choice(['argocd', 'flux']),
    default='argocd',
    show_default=True,
    help='Agent of the first environment.',
)
@click.option('--example', is_flag=True, help='With a first model and its release.')
@common_options
def command(url: str, agent: str, example: bool, folder: Path, output: str) -> None:
    """Begin a GitOps repository: settings, a first environment `local`, and all that is generated from them.

    Where there is no git repository one is made. Nothing that exists is overwritten.
    """
    repository = _repository(folder)
    if (repository.root / 'registry/settings.yaml').exists():
        hint = 'edit it, or name another folder with --path'
        raise problem('registry/settings.yaml', '', 'this folder already is a chartloom repository', hint)
    url = url or repository.ask('remote', 'get-url', 'origin')
    files = _files(url or PLACEHOLDER, repository.ask('symbolic-ref', '--short', 'HEAD') or 'main', agent, example)
    if present := sorted(path for path in files if (repository.root / path).exists()):
        raise ProblemsFound(
            p for path in present for p in problem(path, '', 'the file exists', 'move it away').problems
        )
    write_files(repository, files, ())
    outcome = generate(repository, Options())
    environments = list(Run(repository).registry.environments.values())
    commands = [f'git push, then: {bootstrap_command(environment)}' for environment in environments]
    if output == 'json':
        written = [*sorted(files), *(change.path for change in outcome.plan.changes)]
        result({'changed': True, 'folder': str(repository.root), 'written': written, 'bootstrap': commands})
        return
    for path in sorted(files):
        say(f'wrote {path}')
    say(f'generated {len(outcome.plan.changes)} files from them')
    if not url:
        say(f'\nset spec.repository.url in registry/settings.yaml: it is {PLACEHOLDER} now', fg='yellow')
    say('\nnext:')
    say('  git add -A && git commit                  keep this beginning')
    say('  edit registry/models/<model>.yaml         add a model, and registry/releases/local/<model>.yaml')
    say('  chartloom generate --commit               make its chart, values and delivery object')
    for environment in environments:
        say(
            f'  {bootstrap_command(environment):<41} once, by the platform team: '
            f'{environment.name} then follows the repository'
        )
        say(f'  (review {bootstrap_file(environment.name)} first: it says what the repository may deploy, and where)')


def _repository(folder: Path) -> Repository:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return open_repository(folder)
    except ProblemsFound:
        run(['git', 'init', '--quiet', '--initial-branch=main', str(folder)])
        return open_repository(folder)


def _files(url: str, branch: str, agent: str, example: bool) -> dict[str, bytes]:
    names = {key: yamlwrite.scalar_text(value) for key, value in (('url', url), ('branch', branch), ('agent', agent))}
    documents = load_templates().documents
    return {
        path.removeprefix(_START).removesuffix('.j2'): render_document(source, **names).encode()
        for path, source in documents.items()
        if path.startswith(_START) and (example or ('/models/' not in path and '/releases/' not in path))
    }
