"""Many branches from one base, refreshed and merged in random order: nothing is lost, and no conflict is shown."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from gitops import Checkout, published
from registries import environment, following, model, release, settings, version

from generator.charts.ledger import read_published
from generator.documents.nulls import read_with_nulls
from generator.operations.operation import Options
from generator.operations.refresh import refresh

# CI merges fewer, to be done in a minute; 20 is the number of the issue.
BRANCHES = int(os.environ.get('CHARTLOOM_BRANCHES', '6'))
WEB, LEDGER = 'registry/models/web.yaml', 'charts/web/versions.yaml'
FILES = {
    **settings(),
    **model('api', versions=[version('1')]),
    **following('staging'),
    **environment('prod'),
    **release('staging', 'web'),
    **release('staging', 'api'),
    **release('prod', 'web', version='1', chart='1.0.0'),
    WEB: f"""\
# Answers customers.
apiVersion: chartloom/v1
kind: Model
metadata: {{name: web}}
spec:
  team: shop
  description: Answers
  runtime: custom
  parameters:
    first: "1"
  versions:
  - version: "1"
    image: registry.example/server:1@sha256:{'1' * 64}
""".encode(),
}


def change(here: Checkout, number: int) -> None:
    """Most branches add a version; every third changes the model, or another one, too."""
    text = here.read(WEB)
    if number % 3 != 1:
        image = f'registry.example/server:1.{number}@sha256:{number:064x}'
        text += f'  # of branch {number}\n  - version: "1.{number}"\n    image: {image}\n'
    if number % 3 != 0:
        text = text.replace('  versions:', f'    b{number}: "{number}"  # by branch {number}\n  versions:')
    here.write({WEB: text})
    if number % 5 == 0:
        here.write(model('api', versions=[version('1'), version(f'2-{number}')]))


@pytest.mark.parametrize('seed', [1])
def test_branches_in_random_order(tmp_path: Path, seed: int) -> None:
    here = published(tmp_path, FILES)
    order = list(range(1, BRANCHES + 1))
    for number in order:
        here.git('switch', '--quiet', '--create', f'b{number}', 'main')
        change(here, number)
        assert here.commit().commit
    random.Random(seed).shuffle(order)
    for place, number in enumerate(order):
        here.git('switch', '--quiet', f'b{number}')
        outcome = refresh('', here.repository(), Options(commit=True))
        assert outcome.changed == (place > 0)
        here.git('switch', '--quiet', 'main')
        here.git('merge', '--quiet', '--squash', f'b{number}')
        here.git('commit', '--quiet', '--message', f'Branch {number}')
    assert not here.generate().changed
    found = read_with_nulls((here.folder / WEB).read_bytes(), WEB)[0]['spec']
    bumped, changed = ([n for n in sorted(order) if n % 3 != kind] for kind in (1, 0))
    assert [each['version'] for each in found['versions']] == ['1', *(f'1.{n}' for n in bumped)]
    assert found['parameters'] == {'first': '1', **{f'b{n}': str(n) for n in changed}}
    comments = [*(f'# of branch {n}' for n in bumped), *(f'# by branch {n}' for n in changed)]
    assert [text for text in comments if text not in here.read(WEB)] == []
    check_ledgers(here, bumped)


def check_ledgers(here: Checkout, bumped: list[int]) -> None:
    """Every commit of main has all charts that the one before had; one digest a version, one chart a model version."""
    known: dict[str, str] = {}
    for commit in here.git('rev-list', '--reverse', 'main').split():
        data = here.git('show', f'{commit}:{LEDGER}') + '\n'
        digests = {entry.version: entry.digest for entry in read_published(data.encode(), LEDGER)}
        assert {version: digests.get(version) for version in known} == known
        known = digests
    entries = read_published((here.folder / LEDGER).read_bytes(), LEDGER)
    assert len(entries) == len({entry.digest for entry in entries}) == len(known)
    assert {entry.model_version for entry in entries} == {'1', *(f'1.{n}' for n in bumped)}
    folders = {path.parent.name for path in (here.folder / 'charts/web').glob('*/Chart.yaml')}
    assert folders == known.keys()
