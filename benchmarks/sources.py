"""Two sources of charts → files and bytes in git, and what a commit costs the agents; run it alone: it prints a table.

A registry of models gets new versions, one commit each. With source git, each chart version has a folder; with oci, git
holds the newest chart of a model in one folder. Flux packs the tree of a GitRepository at every commit; Argo CD fetches
the objects of a commit, and reads the folders of the Applications that its paths name.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tests'))

import registries as r
from gitops import Checkout, new

from generator.domain.choices import ChartSource


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--models', type=int, default=50)
    parser.add_argument('--versions', type=int, default=10)
    options = parser.parse_args()
    print(f'{options.models} models with {options.versions} versions each\n')
    head = (
        'Source',
        'Files in charts/',
        'MB in charts/',
        'MB that Flux packs at a commit',
        'MB of git',
        'A new version',
    )
    print('|', ' | '.join(head), '|')
    print('|---|---|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        for source in ('git', 'oci'):
            here = _history(Path(folder) / source, source, options.models, options.versions)
            print('|', ' | '.join([source, *_row(here)]), '|', flush=True)


def _history(top: Path, source: ChartSource, models: int, versions: int) -> Checkout:
    names = [f'model-{n:03}' for n in range(models)]
    charts = {'registry': 'oci://registry.example/charts', 'source': source}
    here = new(top, {**r.settings(charts=charts), **r.following('prod'), **_models(names, 1)})
    here.write({path: data for name in names for path, data in r.release('prod', name).items()})
    for count in range(1, versions + 1):
        here.write(_models(names, count))
        assert here.commit().commit
    return here


def _models(names: list[str], count: int) -> dict[str, bytes]:
    versions = [r.version(str(n), image=f'registry.example/server:{n}@sha256:{n:064x}') for n in range(1, count + 1)]
    return {path: data for name in names for path, data in r.model(name, versions=versions).items()}


def _row(here: Checkout) -> Iterator[str]:
    files = [path for path in (here.folder / 'charts').rglob('*') if path.is_file()]
    yield f'{len(files):,}'
    yield f'{sum(path.stat().st_size for path in files) / 1e6:.1f}'
    packed = here.top.parent / 'artifact.tar.gz'
    with tarfile.open(packed, 'w:gz') as archive:
        for path in sorted(here.folder.iterdir()):
            if path.name != '.git':
                archive.add(path, path.name)
    yield f'{packed.stat().st_size / 1e6:.2f}'
    here.git('gc', '--quiet')
    sizes = subprocess.run(['du', '-sk', here.top / '.git/objects'], check=True, capture_output=True, text=True)
    yield f'{int(sizes.stdout.split()[0]) / 1e3:.2f}'
    # What a reviewer reads of one new version of one model.
    changed = here.git('diff', '--shortstat', 'HEAD~', '--', 'charts/model-000').split(',')
    yield ', '.join(part.strip() for part in changed[1:])


if __name__ == '__main__':
    main()
