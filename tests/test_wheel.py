"""chartloom installed from a wheel works in an empty folder, without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from parts import ROOT

pytestmark = pytest.mark.slow
DATA = ('chart_templates', 'schemas')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build/ folder left in the checkout must not decide what is in it."""
    source, target = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('wheel')
    for name in ('generator', *DATA):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, source)
    pip('wheel', '--no-deps', '--no-build-isolation', '--wheel-dir', target, source)
    return next(target.glob('*.whl'))


@pytest.fixture(scope='module')
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment that holds the wheel and borrows its dependencies from ours."""
    home = tmp_path_factory.mktemp('environment')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', home], check=True)
    pip('--python', home / 'bin' / 'python', 'install', '--no-deps', '--no-index', wheel)
    # A folder named in a .pth file is searched, but its own .pth files are not read: our editable install stays out.
    borrowed = dict.fromkeys(sysconfig.get_path(kind) for kind in ('purelib', 'platlib'))
    site = next(home.glob('lib/python*/site-packages'))
    (site / 'borrowed.pth').write_text(''.join(f'{folder}\n' for folder in borrowed))
    return home / 'bin'


def pip(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, '-m', 'pip', '--quiet', '--disable-pip-version-check', *arguments], check=True)


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding='utf-8', env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_template_and_schema(wheel: Path) -> None:
    names = ('generator', *DATA)
    ours = {path for name in names for path in (ROOT / name).rglob('*') if path.is_file() and path.suffix != '.pyc'}
    with zipfile.ZipFile(wheel) as archive:
        theirs = {name for name in archive.namelist() if name.startswith(names)}
    assert theirs == {path.relative_to(ROOT).as_posix() for path in ours}


def test_it_finds_its_templates_and_schemas_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = 'import generator, importlib.resources as r; print(generator.__file__, *map(r.files, {0}), sep="\\n")'
    places = run(tmp_path, installed / 'python', '-c', code.format(DATA)).splitlines()
    assert len(places) == 3
    assert all(str(installed.parent) in place for place in places), places


def test_it_makes_a_repository_in_an_empty_folder(installed: Path, helm4: Path, tmp_path: Path) -> None:
    chartloom = installed / 'chartloom'
    assert '0.1.0' in run(tmp_path, chartloom, '--version')
    run(tmp_path, chartloom, 'init', '--example')
    assert (tmp_path / 'registry' / 'settings.yaml').is_file()
    run(tmp_path, chartloom, 'generate')
    assert list(tmp_path.glob('charts/*/*/Chart.yaml'))
    assert list(tmp_path.glob('delivery/*/*.yaml'))
