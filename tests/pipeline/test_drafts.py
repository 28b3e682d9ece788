"""Chart versions on branches: drafts are replaced and numbered again, published charts never change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from gitops import SMALL, Checkout, changed_model, new, published_at
from registries import settings


def test_drafts_of_a_branch_are_replaced_and_published_charts_never(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature')
    for replicas in (3, 4):
        here.write(changed_model(replicas=replicas))
        here.commit()
        assert sorted(path.name for path in (here.top / 'charts/web').iterdir()) == ['1.0.0', '1.0.1', 'versions.yaml']
    assert 'replicaCount: 4' in here.read('charts/web/1.0.1/values.yaml')
    here.git('push', '--quiet', 'origin', 'feature:main')
    here.write(changed_model(replicas=5))
    here.commit()
    assert 'replicaCount: 4' in here.read('charts/web/1.0.1/values.yaml')
    assert 'replicaCount: 5' in here.read('charts/web/1.0.2/values.yaml')


def test_a_squash_merge_does_no_harm(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature')
    here.write(changed_model())
    here.commit()
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--squash', 'feature')
    here.git('commit', '--quiet', '--message', 'squashed')
    here.git('push', '--quiet', 'origin', 'main')
    assert not here.commit().changed
    here.git('switch', '--quiet', 'feature')
    assert not here.commit().changed


def test_a_rebase_does_no_harm(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature')
    here.write(changed_model('web'))
    here.commit()
    here.git('switch', '--quiet', 'main')
    here.write(changed_model('api'))
    here.commit(push=True)
    here.git('switch', '--quiet', 'feature')
    here.git('rebase', '--quiet', 'main')
    assert not here.commit().changed
    here.write(changed_model('web', replicas=7))
    here.commit()
    assert here.status() == []
    assert sorted(path.name for path in (here.top / 'charts/web').iterdir()) == ['1.0.0', '1.0.1', 'versions.yaml']


def test_in_the_middle_of_a_merge_what_comes_is_published(origin: Path, tmp_path: Path) -> None:
    """Two branches have made the same chart version; theirs is published, so ours gets the next number."""
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature')
    here.write(changed_model(replicas=4))
    here.commit()
    here.git('switch', '--quiet', 'main')
    here.write(changed_model(replicas=3))
    here.commit(push=True)
    here.git('switch', '--quiet', 'feature')
    with pytest.raises(subprocess.CalledProcessError):
        here.git('merge', '--quiet', 'main')
    here.git('checkout', '--theirs', '.')
    here.write(changed_model(replicas=4))
    here.git('add', '--all')
    here.generate()
    assert here.git('diff', '--stat', 'main', '--', 'charts/web/1.0.1') == ''
    assert 'replicaCount: 4' in here.read('charts/web/1.0.2/values.yaml')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'Merge')
    assert not here.commit().changed


def test_drafts_are_numbered_again_when_main_was_faster(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here')
    here.git('switch', '--quiet', '--create', 'feature')
    here.write(changed_model('web', replicas=9))
    here.commit()
    here.git('switch', '--quiet', 'main')
    here.write(changed_model('web', replicas=3))
    here.commit(push=True)
    here.git('switch', '--quiet', 'feature')
    with pytest.raises(subprocess.CalledProcessError):
        here.git('rebase', '--quiet', 'main')
    here.git('checkout', '--quiet', '--ours', '.')  # theirs is published: take all of it, then say again what is wanted
    here.git('add', '--all')
    here.git('rebase', '--skip')
    here.write(changed_model('web', replicas=9))
    here.commit()
    assert 'replicaCount: 3' in here.read('charts/web/1.0.1/values.yaml')
    assert 'replicaCount: 9' in here.read('charts/web/1.0.2/values.yaml')
    assert here.status() == []


def test_settings_say_which_branch_is_published(origin: Path, tmp_path: Path) -> None:
    files = SMALL | settings(repository={'branch': 'production'})
    here = new(tmp_path / 'here', files)
    here.git('switch', '--quiet', '--orphan', 'production')
    Checkout(here.top).write(files)
    here.commit()
    here.git('switch', '--quiet', '--create', 'feature')
    for replicas in (3, 4):
        here.write(changed_model(replicas=replicas))
        here.commit()
    assert (here.top / 'charts/web/1.0.1').is_dir()
    assert not (here.top / 'charts/web/1.0.2').exists()
