"""The example's registry → a new repository with a history of twenty operations, each one commit.

`.venv/bin/python scripts/history.py FOLDER`. Dates are fixed: equal programs give equal commits. Tests walk it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STARTER = 'chart_templates/model-server'
_START = 1764547200  # 2025-12-01
_DAY = 86400
_AT = ('--at', '2025-12-18T00:00:00Z')  # what an operation writes has a day

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Step:
    """Edits of the registry, then a command of chartloom; `newer` runs it with a changed starter."""

    title: str
    command: tuple[str, ...] = ('generate', '--commit')
    edits: tuple[Edit, ...] = ()
    newer: bool = False


def replaced(file: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / 'registry' / file
        text = path.read_text(encoding='utf-8')
        assert old in text, f'{file} has no {old!r}'
        path.write_text(text.replace(old, new, 1), encoding='utf-8')

    return edit


def version(model: str, entry: str, *, before: str = '') -> Edit:
    """Add a version at the end of a model's list, or before another one."""

    def edit(folder: Path) -> None:
        path = folder / f'registry/models/{model}.yaml'
        text = path.read_text(encoding='utf-8')
        place = text.index(f'  - version: "{before}"') if before else _end_of_versions(text)
        path.write_text(text[:place] + entry + text[place:], encoding='utf-8')

    return edit


def _end_of_versions(text: str) -> int:
    start = text.index('  versions:\n') + len('  versions:\n')
    after = re.compile(r'^  [a-zA-Z#]', re.MULTILINE).search(text, start)
    return after.start() if after else len(text)


def copied(old: str, new: str, *names: tuple[str, str]) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / 'registry' / old).read_text(encoding='utf-8')
        for one, other in names:
            text = text.replace(one, other)
        (folder / 'registry' / new).write_text(text, encoding='utf-8')

    return edit


def removed(file: str) -> Edit:
    return lambda folder: (folder / 'registry' / file).unlink()


def reverted(folder: Path) -> None:
    """What `git revert` leaves: generated files go back, too."""
    _git(folder, 'revert', '--no-edit', 'HEAD')


_PODINFO = 'ghcr.io/stefanprodan/podinfo'


def _service(number: str, digest: str, more: str = '') -> str:
    return f'  - version: "{number}"\n    image: {_PODINFO}:{number}@sha256:{digest * 64}\n{more}'


_INTENTS = """\
  - version: "{0}"
    image: nvcr.io/nvidia/tritonserver:25.06-py3@sha256:75bcfa5b0043898ece3e603c17a5bbbb1c9bddc390563db24312ef59d83735e5
    artifact:
      uri: https://models.shop.example/intent-classifier/{0}/model.onnx
      sha256: {1}
      kind: onnx
      size: 260Mi
    signature:
      inputs:
        input_ids: {{dtype: int64, shape: [-1, {2}]}}
        attention_mask: {{dtype: int64, shape: [-1, {2}]}}
      outputs:
        logits: {{dtype: float32, shape: [-1, 64]}}
"""


def _pinned(environment: str, number: str) -> tuple[Edit, ...]:
    """Name a version in a release; `chartloom pin` adds its chart."""

    def edit(folder: Path) -> None:
        path = folder / f'registry/releases/{environment}/assistant-api.yaml'
        path.write_text(re.sub('version: .*', f'version: "{number}"', path.read_text()), encoding='utf-8')

    return (edit,)


STEPS = (
    Step('more memory: a patch', edits=(replaced('models/assistant-api.yaml', 'memory: 256Mi', 'memory: 512Mi'),)),
    Step('the same model, built again: a patch', edits=(version('assistant-api', _service('1.8.1', 'a')),)),
    Step(
        'a new model with the same signature: a minor version',
        edits=(version('intent-classifier', _INTENTS.format('18', 'b' * 64, 64)),),
    ),
    Step('other inputs: a major version', edits=(version('intent-classifier', _INTENTS.format('19', 'c' * 64, 128)),)),
    Step(
        'only words: a patch without a restart',
        edits=(replaced('models/shop-api.yaml', 'description: ', 'description: The shop. '),),
    ),
    Step(
        'another port of the Service: a major version',
        edits=(replaced('models/assistant-api.yaml', 'servicePort: 80\n', 'servicePort: 8080\n'),),
    ),
    Step('to staging', ('pin', 'staging/assistant-api'), _pinned('staging', '1.8.1')),
    Step('to production', ('pin', 'prod/assistant-api'), _pinned('prod', '1.8.1')),
    Step(
        'the next version, asked to be a minor one',
        edits=(version('assistant-api', _service('1.8.2', 'd', '    bump: minor\n')),),
    ),
    Step('it goes to staging, too', ('pin', 'staging/assistant-api'), _pinned('staging', '1.8.2')),
    Step('back to what ran before', ('rollback', 'assistant-api', '--env', 'staging', *_AT)),
    Step(
        'a hotfix of an older line',
        edits=(version('intent-classifier', _INTENTS.format('17.1', 'e' * 64, 64), before='18'),),
    ),
    Step(
        'settings of one release',
        edits=(
            replaced('environments/staging.yaml', 'spec:\n', 'spec:\n  # Seen by on-call.\n'),
            replaced('releases/staging/shop-api.yaml', 'spec:\n', 'spec:\n  # Sized in November.\n'),
        ),
    ),
    Step('a rollout by commits ends early', ('rollout', 'abort', 'prod/fund-recommender', *_AT)),
    Step('and is cleaned up', ('rollout', 'finish', 'prod/fund-recommender')),
    Step(
        'a change that nobody wanted', edits=(replaced('models/demand-forecaster.yaml', 'replicas: ', 'replicas: 1'),)
    ),
    Step('is taken back', edits=(reverted,)),
    Step(
        'a new release, and fewer old charts are to stay',
        edits=(
            copied(
                'releases/local/demand-forecaster.yaml',
                'releases/local/speech-recognizer.yaml',
                ('demand-forecaster', 'speech-recognizer'),
            ),
            replaced('settings.yaml', '  charts:\n', '  charts:\n    keep: 2\n'),
        ),
    ),
    Step('old charts go', ('prune',)),
    Step('a new starter', newer=True),
)


def write_history(folder: Path, chartloom: tuple[str, ...] = (sys.executable, '-m', 'generator')) -> list[str]:
    """Make the repository; return the commits, the first ones of the registry and of its generated files included."""
    shutil.copytree(ROOT / 'gitops_example/registry', folder / 'registry')
    _git(folder, 'init', '--quiet', '--initial-branch=main')
    with tempfile.TemporaryDirectory() as tools:
        newer = newer_starter(Path(tools))
        _run(folder, 0, [*chartloom, 'generate', '--commit'])
        for day, step in enumerate(STEPS, 1):
            for edit in step.edits:
                edit(folder)
            _run(folder, day, [*chartloom, *step.command], newer if step.newer else None)
    return _git(folder, 'rev-list', '--reverse', 'HEAD').split()


def newer_starter(tools: Path) -> Path:
    """A folder with chartloom's own templates, of which the starter is a newer one."""
    shutil.copytree(ROOT / 'chart_templates', tools / 'chart_templates')
    starter = tools / STARTER
    budget = starter / 'templates/pdb.yaml'
    budget.write_text(budget.read_text().replace('AlwaysAllow', 'IfHealthyBudget'))
    about = starter / 'Chart.yaml'
    about.write_text(re.sub(r'^version: .*$', 'version: 1.1.0', about.read_text(), flags=re.MULTILINE))
    return tools


def _run(folder: Path, day: int, command: list[str], templates: Path | None = None) -> None:
    paths = [*([str(templates)] if templates else []), str(ROOT)]
    environment = {**os.environ, **_dates(day), 'PYTHONPATH': os.pathsep.join(paths)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'{" ".join(command[-4:])}: exit code {done.returncode}\n{done.stdout}{done.stderr}')


def _dates(day: int) -> dict[str, str]:
    date = f'{_START + day * _DAY} +0000'
    who = {'NAME': 'Platform team', 'EMAIL': 'platform@shop.example', 'DATE': date}
    return {f'GIT_{role}_{key}': value for role in ('AUTHOR', 'COMMITTER') for key, value in who.items()}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ['git', *arguments], cwd=folder, env={**os.environ, **_dates(0)}, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == '__main__':
    write_history(Path(sys.argv[1]))
