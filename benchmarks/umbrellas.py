"""A generated repository → umbrella charts, to render all its releases by `helm template` as fast as helm allows."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from registry import ENVIRONMENTS, chart_version, model_name

_BATCH = 200
# The settings that chartloom uses: with less garbage collection helm is a fifth faster, and needs more memory.
_GO = {'GOGC': 'off', 'GOMEMLIMIT': '350MiB'}


def make_umbrellas(repository: Path, models: int, folder: Path) -> list[Path]:
    """Create charts with up to 200 sub-charts each, and the values of their releases in one file."""
    made = []
    for environment in ENVIRONMENTS:
        for first in range(0, models, _BATCH):
            umbrella = folder / f'{environment}-{first}'
            _make(umbrella, repository, environment, range(first, min(first + _BATCH, models)))
            made.append(umbrella)
    return made


def _make(umbrella: Path, repository: Path, environment: str, numbers: range) -> None:
    (umbrella / 'charts').mkdir(parents=True)
    head = {'apiVersion': 'v2', 'name': 'umbrella', 'version': '0.0.0'}
    (umbrella / 'Chart.yaml').write_text(json.dumps(head))
    values = []
    for number in numbers:
        name = model_name(number)
        chart = repository / 'charts' / name / chart_version(number, environment)
        (umbrella / 'charts' / name).symlink_to(chart)
        text = (repository / 'values' / environment / f'{name}.yaml').read_text()
        values.append(f'{name}:\n' + ''.join(f'  {line}' for line in text.splitlines(keepends=True)))
    (umbrella / 'values.yaml').write_text(''.join(values))


def render_umbrellas(helm: str, umbrellas: list[Path]) -> None:
    """Render all of them, one process per core."""

    def one(umbrella: Path) -> None:
        command = [helm, 'template', 'bare', str(umbrella), '--namespace', 'ml', '--kube-version', '1.36']
        done = subprocess.run(command, env=os.environ | _GO, capture_output=True, check=False)
        assert not done.returncode, done.stderr[-500:]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, umbrellas))
