"""A run over one model lists only its files: what it must know of other models is looked up."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import SMALL, Checkout, changed_model, published

from generator.domain.layout import MODELS, RELEASES
from generator.domain.problems import ProblemsFound
from generator.pipeline.run import open_run
from generator.pipeline.source import open_source

SHOP = 'registry/applications/shop.yaml'


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    return published(tmp_path, {**SMALL, **r.application('shop', ['web', 'api'])}, 'deep/')


def test_other_models_are_known_by_name(here: Checkout) -> None:
    source = open_source(here.repository(), ['web'])
    assert [path for path in source.names if 'api' in path] == []
    assert ('api' in source.known(MODELS), 'no' in source.known(MODELS)) == (True, False)
    assert {*source.known(MODELS)} == {'web', 'api'}
    assert len(source.known(RELEASES)) == 3
    laid = source.with_files({'registry/models/new.yaml': b'x', 'registry/models/api.yaml': None})
    assert ('api' in laid.known(MODELS), {*laid.known(MODELS)}) == (False, {'web', 'new'})


def test_names_are_those_of_the_work_tree(here: Checkout) -> None:
    """A member that nobody has committed yet, and one that somebody has removed."""
    here.write({**r.model('new'), **r.application('shop', ['web', 'api', 'new'])})
    assert open_run(here.repository(), ['web']).releases
    here.remove('registry/models/new.yaml')
    with pytest.raises(ProblemsFound) as told:
        _ = open_run(here.repository(), ['web']).registry
    assert [(each.file, each.message, each.hint) for each in told.value.problems] == [
        (SHOP, "model 'new' not found", 'known here: api, web')
    ]


def test_a_sparse_checkout_has_the_names_of_the_index(here: Checkout) -> None:
    here.git('sparse-checkout', 'set', '--no-cone', '/*', '!deep/registry/models/api.yaml', '!deep/values/staging')
    assert not (here.folder / 'registry/models/api.yaml').exists()
    here.write(changed_model())
    assert here.generate(('web',), commit=True).commit
    assert not here.git('diff-index', '--cached', 'HEAD')
    assert (here.folder / 'values/staging/web.yaml').exists() or here.status() == []


def test_companions_are_read_as_they_are_in_the_work_tree(here: Checkout) -> None:
    """Somebody changes another member, and does not commit it."""
    same = {'hostname': 'same', 'rules': {'all': {'path': '/', 'port': 'http'}}}
    gateway = {'router': 'gateway-api', 'gateway': {'name': 'public', 'namespace': 'g'}, 'domain': 'shop.example'}
    here.write({**r.following('prod', **gateway), **r.model('web', route=same)})
    assert here.commit().commit
    assert not here.generate(('web',)).changed
    here.write(r.model('api', route=same))
    with pytest.raises(ProblemsFound) as told:
        here.generate(('web',))
    assert any('same.shop.example' in each.message for each in told.value.problems)
