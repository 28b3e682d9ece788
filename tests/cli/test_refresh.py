"""`chartloom refresh` in words and as data, and the branches that a shell offers."""

from __future__ import annotations

import json
from pathlib import Path

from gitops import SMALL, Checkout, changed_model, chartloom, published
from registries import model


def moved(folder: Path) -> Checkout:
    """Branch two, whose base has got the same chart number."""
    here = published(folder, SMALL)
    for name, files in (('one', changed_model()), ('two', model('web', team='store'))):
        here.git('switch', '--quiet', '--create', name, 'main')
        here.write(files)
        assert here.commit().commit
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', 'one')
    here.git('switch', '--quiet', 'two')
    return here


def test_words(tmp_path: Path) -> None:
    here = moved(tmp_path)
    base = here.git('rev-parse', '--short=8', 'main')
    lines = [
        'web: draft 1.0.1 of version 1 is chart 1.0.2',
        'new charts: web 1.0.2',
        'releases: prod/web, staging/web',
        'registry: registry/models/web.yaml',
    ]
    before = here.everything()
    done = chartloom(here.folder, 'refresh', '--dry-run')
    told = done.stdout.splitlines()
    assert (told[:4], told[-1], here.everything()) == (lines, 'nothing was written', before)
    done = chartloom(here.folder, 'refresh', 'main', '--message', 'Up to date again')
    assert done.stdout.splitlines()[:4] == lines
    assert done.stdout.splitlines()[-1] == f'commit {here.head()[:12]} on two'
    assert here.git('log', '-1', '--format=%s') == 'Up to date again'
    nothing = 'nothing to do: the branch has all of main, and its files match the registry\n'
    assert chartloom(here.folder, 'refresh').stdout == nothing
    here.git('switch', '--quiet', '--create', 'old', 'main~1')
    told = chartloom(here.folder, 'refresh').stdout.splitlines()
    assert told[0] == f'the branch has no commit of its own: it moved to main {base}'
    assert here.head() == here.git('rev-parse', 'main')


def test_data(tmp_path: Path) -> None:
    here = moved(tmp_path)
    base = here.git('rev-parse', 'main')
    done = chartloom(here.folder, 'refresh', '--output', 'json')
    found = json.loads(done.stdout)
    wanted = {'result': 'refreshed', 'base': 'main', 'baseCommit': base, 'ended': '', 'pins': [], 'changed': True}
    wanted |= {'renumbered': [{'model': 'web', 'version': '1', 'from': '1.0.1', 'to': '1.0.2'}], 'branch': 'two'}
    wanted |= {'commit': here.head(), 'dryRun': False, 'pushed': False, 'registry': ['registry/models/web.yaml']}
    assert {key: found[key] for key in wanted} == wanted
    found = json.loads(chartloom(here.folder, 'refresh', '--output', 'json').stdout)
    assert (found['result'], found['changed'], found['commit']) == ('up to date', False, '')
