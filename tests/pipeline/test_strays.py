"""Files in generated folders that nobody generated: verify names each."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import chartloom, published

STRAYS = {
    'delivery/prod/evil.yml': 'the agent would apply this file, chartloom did not generate it',
    'bootstrap/evil.yml': 'chartloom did not generate it',
    'bootstrap/x/evil.json': 'chartloom did not generate it',
    'values/more.yaml': 'chartloom did not generate it',
    'values/prod/web.yml': 'chartloom did not generate it',
    'registry/schemas/x/evil.json': 'chartloom did not generate it',
}


@pytest.mark.parametrize('path', STRAYS)
def test_a_stray_file_is_named(tmp_path: Path, path: str) -> None:
    here = published(tmp_path / 'here')
    here.write({path: 'x: 1\n'})
    done = chartloom(here.folder, 'verify')
    folder = 'registry/schemas/' if path.startswith('registry') else f'{path.split("/")[0]}/'
    assert (done.returncode, done.stderr) == (1, f'{path}: {STRAYS[path]}\n  hint: move it out of {folder}\n')
