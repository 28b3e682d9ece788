"""The example's registry → a new repository with a history of operations, each one commit and a day after the last.

`.venv/bin/python scripts/history.py FOLDER`. Dates are fixed: equal programs give equal commits. Tests walk it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from history_charts import FIRST, LAST
from history_edits import DAY, START, Step, dates, git
from history_moves import MOVES

ROOT = Path(__file__).resolve().parents[1]
STARTER = 'chart_templates/model-server'
STEPS = (*FIRST, *MOVES, *LAST)


def write_history(
    folder: Path, chartloom: tuple[str, ...] = (sys.executable, '-m', 'generator'), steps: Sequence[Step] = STEPS
) -> list[str]:
    """Make the repository, with all steps or the first ones; return the commits, those of the registry and of its first
    generated files included."""
    shutil.copytree(ROOT / 'gitops_example/registry', folder / 'registry')
    git(folder, 'init', '--quiet', '--initial-branch=main')
    with tempfile.TemporaryDirectory() as tools:
        newer = newer_starter(Path(tools))
        _run(folder, 0, Step('the first commit'), chartloom)
        for day, step in enumerate(steps, 1):
            for edit in step.edits:
                edit(folder)
            _run(folder, day, step, chartloom, newer if step.newer else None)
    return git(folder, 'rev-list', '--reverse', 'HEAD').split()


def newer_starter(tools: Path) -> Path:
    """A folder with chartloom's own templates, of which the starter is a newer one."""
    shutil.copytree(ROOT / 'chart_templates', tools / 'chart_templates')
    starter = tools / STARTER
    budget = starter / 'templates/pdb.yaml'
    budget.write_text(budget.read_text().replace('AlwaysAllow', 'IfHealthyBudget'))
    about = starter / 'Chart.yaml'
    about.write_text(re.sub(r'^version: .*$', 'version: 1.1.0', about.read_text(), flags=re.MULTILINE))
    return tools


def _run(folder: Path, day: int, step: Step, chartloom: tuple[str, ...], templates: Path | None = None) -> None:
    paths = [*([str(templates)] if templates else []), str(ROOT)]
    environment = {**os.environ, **dates(day), 'PYTHONPATH': os.pathsep.join(paths)}
    # Holds, locks and what is written with a date are judged by the day of the commit.
    now = datetime.fromtimestamp(START + day * DAY, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    command = [*chartloom, *step.command, '--at', now]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        told = f'exit code {done.returncode}\n{done.stdout}{done.stderr}'
        raise RuntimeError(f'day {day}, {step.title}: {" ".join(step.command)}: {told}')


if __name__ == '__main__':
    write_history(Path(sys.argv[1]))
