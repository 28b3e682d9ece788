"""Which files the result of a run may depend on: only then is it made again at another head."""

from __future__ import annotations

import pytest
import registries as r
from gitops import SMALL, published

from generator.pipeline.reads import reads
from generator.pipeline.run import Run, open_run


@pytest.fixture(scope='module')
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Runs over web, which is in an application with api, and over everything; other is a model of its own."""
    files = {**SMALL, **r.application('shop', ['web', 'api']), **r.model('other'), **r.release('staging', 'other')}
    here = published(tmp_path_factory.mktemp('reads') / 'here', files, 'ml')
    found = {'web': open_run(here.repository(), ['web']), 'all': open_run(here.repository())}
    assert all(run.registry for run in found.values())  # git's listing is complete
    return found


@pytest.mark.parametrize(
    ('path', 'how', 'web', 'every'),
    [
        ('registry/settings.yaml', 'M', True, True),
        ('registry/environments/staging.yaml', 'M', True, True),
        ('registry/applications/more.yaml', 'A', True, True),
        ('registry/models/web.yaml', 'M', True, True),
        ('registry/models/api.yaml', 'M', True, True),
        ('registry/models/other.yaml', 'M', False, True),
        ('registry/models/new.yaml', 'A', True, True),
        ('registry/releases/staging/other.yaml', 'M', False, True),
        ('registry/releases/staging/other.yaml', 'D', True, True),
        ('registry/rollouts/staging/other.yaml', 'A', False, True),
        ('registry/schemas/model.json', 'M', False, True),
        ('charts/web/versions.yaml', 'M', True, True),
        ('charts/other/versions.yaml', 'M', False, True),
        ('values/prod/web.yaml', 'M', True, True),
        ('delivery/staging/other.yaml', 'M', False, True),
        ('bootstrap/prod.yaml', 'M', False, True),
        ('README.md', 'M', False, True),
        ('notes.txt', 'A', False, False),
        ('.gitattributes', 'M', True, True),
    ],
)
def test_a_run_depends_on(runs: dict[str, Run], path: str, how: str, web: bool, every: bool) -> None:
    assert (reads(runs['web'], f'ml/{path}', how), reads(runs['all'], f'ml/{path}', how)) == (web, every)


def test_other_folders_of_the_repository_do_not_count_but_for_attributes(runs: dict[str, Run]) -> None:
    assert not reads(runs['all'], 'registry/settings.yaml', 'M')
    assert reads(runs['web'], '.gitattributes', 'A')
