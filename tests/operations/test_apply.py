"""`generate` in a work tree: what it changes and what it does not; the same inputs give the same commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, VALUES, changed_model, clone, new, published
from registries import following, release


def test_the_first_commit_of_a_repository(tmp_path: Path) -> None:
    here = new(tmp_path)
    outcome = here.commit()
    assert outcome.changed
    assert here.head() == outcome.commit
    assert here.git('rev-list', '--count', 'HEAD') == '1'
    assert here.status() == []
    assert set(SMALL) < set(here.files())


def test_files_without_a_commit(tmp_path: Path) -> None:
    here = new(tmp_path)
    outcome = here.generate()
    assert outcome.changed
    assert outcome.commit == ''
    assert here.git('for-each-ref') == here.git('ls-files') == ''
    assert {change.path for change in outcome.plan.changes} | set(SMALL) == set(here.tree())
    assert not here.generate().changed


def test_a_commit_after_files_is_the_same_as_at_once(tmp_path: Path) -> None:
    slow, quick = new(tmp_path / 'slow'), new(tmp_path / 'quick')
    slow.generate()
    assert slow.commit().commit == quick.commit().commit
    assert slow.status() == quick.status() == []


@pytest.mark.parametrize('object_format', ['sha1', 'sha256'])
def test_the_same_inputs_and_date_give_the_same_commit(tmp_path: Path, object_format: str) -> None:
    origin = published(tmp_path / 'origin', SMALL, '', f'--object-format={object_format}')
    commits = []
    for name in ('one', 'two'):
        copy = clone(origin.top, tmp_path / name)
        copy.write(changed_model())
        commits.append(copy.commit().commit)
        assert copy.status() == []
    assert commits[0] == commits[1] != origin.head()
    assert len(commits[0]) == {'sha1': 40, 'sha256': 64}[object_format]


def test_an_empty_plan_makes_no_commit(tmp_path: Path) -> None:
    here = published(tmp_path)
    before = here.everything()
    outcome = here.commit()
    assert (outcome.changed, outcome.commit, outcome.plan.changes) == (False, '', ())
    assert here.everything() == before


def test_a_second_commit_holds_what_changed_and_no_more(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model())
    outcome = here.commit()
    changed = set(here.files())
    assert {'registry/models/web.yaml', 'charts/web/versions.yaml', DELIVERY, 'delivery/staging/web.yaml'} < changed
    assert all('web' in path for path in changed)
    assert changed == {change.path for change in outcome.plan.changes} | {'registry/models/web.yaml'}
    assert here.status() == []


def test_generate_of_one_model_leaves_the_others_alone(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write(changed_model('web') | changed_model('api'))
    here.commit(models=('web',))
    assert all('web' in path for path in here.files())
    assert here.status() == [' M registry/models/api.yaml']
    here.commit(models=('api',))
    assert here.status() == []
    assert not here.generate().changed


def test_unrelated_files_stay_as_they_are(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.write({'notes.txt': 'one', 'docs/a.md': 'a', 'run.sh': 'x', 'gone.txt': 'g', 'moved.txt': 'm'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'notes')
    here.write({'notes.txt': 'two', 'docs/a.md': 'staged', 'untracked.txt': 'u', 'charts.txt': 'not ours'})
    here.git('add', 'docs/a.md')
    here.write({'docs/a.md': 'staged and changed'})
    (here.top / 'run.sh').chmod(0o755)
    here.remove('gone.txt')
    here.git('mv', 'moved.txt', 'there.txt')
    before, status = here.tree(), here.status()
    here.write(changed_model())
    here.commit()
    assert here.status() == status
    after = here.tree()
    assert {path: after[path] for path in before if 'web' not in path} == {
        path: data for path, data in before.items() if 'web' not in path
    }
    assert not {'notes.txt', 'docs/a.md', 'untracked.txt', 'run.sh', 'gone.txt', 'there.txt'} & set(here.files())


def test_registry_files_that_are_not_read_stay_out_of_the_commit(tmp_path: Path) -> None:
    here = published(tmp_path)
    strangers = {'registry/.settings.yaml.swp': 'editor', 'registry/README.md': 'notes', 'registry/models/.env': 'x'}
    here.write(changed_model() | strangers)
    here.commit()
    assert here.status() == sorted(f'?? {path}' for path in strangers)


def test_the_teams_own_text_in_a_document_stays_uncommitted(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append('README.md', 'a sentence that is not finished')
    here.write(following('dev') | release('dev', 'web'))
    here.commit()
    assert 'bootstrap/dev.yaml' in here.git('show', 'HEAD:README.md')
    assert 'not finished' not in here.git('show', 'HEAD:README.md')
    assert 'not finished' in here.read('README.md')
    assert 'bootstrap/dev.yaml' in here.read('README.md')
    assert here.status() == [' M README.md']


def test_a_stale_file_is_replaced_without_a_word(tmp_path: Path) -> None:
    """What an older tool made has other bytes and an intact seal."""
    from generator.documents.write import seal

    here = published(tmp_path)
    for path in (VALUES, DELIVERY, 'bootstrap/prod.yaml'):
        here.write({path: seal('registry/elsewhere.yaml', 'made: by an older chartloom\n')})
    here.git('commit', '--quiet', '--all', '--message', 'old tool')
    outcome = here.commit()
    assert [change.path for change in outcome.plan.changes] == ['bootstrap/prod.yaml', DELIVERY, VALUES]
    assert here.status() == []


def test_a_model_that_goes_leaves_its_charts(tmp_path: Path) -> None:
    here = published(tmp_path)
    charts = [path for path in here.tree() if path.startswith('charts/api/')]
    here.remove('registry/models/api.yaml', 'registry/releases/prod/api.yaml')
    here.commit(removable=('prod/api',))
    gone = [
        'delivery/prod/api.yaml',
        'registry/models/api.yaml',
        'registry/releases/prod/api.yaml',
        'values/prod/api.yaml',
    ]
    assert here.files() == gone
    assert charts == [path for path in here.tree() if path.startswith('charts/api/')]
    assert here.status() == []


def test_a_removed_release_of_one_model_is_committed_with_its_registry_file(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove('registry/releases/prod/web.yaml')
    here.commit(models=('web',), removable=('prod/web',))
    assert here.files() == [DELIVERY, 'registry/releases/prod/web.yaml', VALUES]
    assert here.status() == []
