"""Other bytes under a known chart version, or in its ledger: every command says which files or keys differ, and how."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, changed_model, chartloom, published
from parts import git
from pruned import FILES, LEDGER, grown

from generator.charts.ledger import read_ledger
from generator.documents.write import seal

CHART = 'charts/web/1.0.0'
COMMANDS = [
    ('generate',), ('generate', '--commit', '--discard-edits'), ('plan',), ('verify',), ('publish', 'web'),
    ('package', 'web', '1.0.0'),
]  # fmt: skip
SETTINGS = r.settings(charts={'registry': 'oci://127.0.0.1:1/charts'})


def committed(here: Checkout) -> None:
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'By hand')


def replaced(here: Checkout, path: str, old: str, new: str) -> None:
    text = here.read(path)
    assert old in text
    here.write({path: text.replace(old, new, 1)})


def resealed(here: Checkout, old: str, new: str) -> None:
    replaced(here, LEDGER, old, new)
    body = here.read(LEDGER).split('\n', 2)[2]
    here.write({LEDGER: seal('registry/models/web.yaml', body)})


def lines(here: Checkout, *arguments: str) -> list[str]:
    before = here.everything()
    done = chartloom(here.folder, *arguments)
    assert done.returncode == 1, done.stdout
    assert here.everything() == before
    return [line for line in done.stderr.splitlines() if not line.startswith(('  hint: ', 'warning: '))]


@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_a_published_chart(tmp_path: Path, command: tuple[str, ...]) -> None:
    here = published(tmp_path / 'here', {**FILES, **SETTINGS})
    replaced(here, f'{CHART}/values.yaml', 'replicaCount: 1', 'replicaCount: 9')
    here.append(f'{CHART}/templates/objects.yaml', '# \x1b[31mred\n')
    here.write({f'{CHART}/templates/{name}.yaml': '' for name in 'abcdef'})
    committed(here)
    found = lines(here, *command)
    number = here.read(f'{CHART}/values.yaml').split('\n').index('replicaCount: 9') + 1
    assert found[0] == f'{CHART}: 3 more files differ from the chart of the ledger'
    assert found[1:] == [f'{CHART}/templates/{name}.yaml: not a file of this chart version' for name in 'abcde']
    git(here.top, 'rm', '--quiet', *(f'{CHART}/templates/{name}.yaml' for name in 'abcdef'))
    committed(here)
    objects, values = lines(here, *command)
    assert objects.startswith(f'{CHART}/templates/objects.yaml: differs from the chart of the ledger: line ')
    assert objects.endswith(r" nothing → '# \x1b[31mred'")
    differs = f"differs from the chart of the ledger: line {number} 'replicaCount: 1' → 'replicaCount: 9'"
    assert values == f'{CHART}/values.yaml: {differs}'


@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_a_ledger_with_another_digest_and_a_seal(tmp_path: Path, command: tuple[str, ...]) -> None:
    here = published(tmp_path / 'here', {**FILES, **SETTINGS})
    digest = read_ledger(here.read(LEDGER).encode(), LEDGER)[0].digest
    resealed(here, digest, '7a' * 32)
    committed(here)
    told = f"chart 1.0.0 is not as it was published: digest '{digest[:12]}…' → '{'7a' * 6}…'"
    assert lines(here, *command) == [f'{LEDGER}: {told}']


def test_a_ledger_without_a_seal(tmp_path: Path) -> None:
    here = published(tmp_path / 'here', {**FILES, **SETTINGS})
    replaced(here, LEDGER, 'bump: initial', 'bump: major')
    committed(here)
    for command in COMMANDS:
        told = "published ledger edited by hand: chart 1.0.0: bump 'initial' → 'major'"
        assert lines(here, *command) == [f'{LEDGER}: {told}']


def test_a_pruned_chart_whose_ledger_names_other_bytes(tmp_path: Path) -> None:
    """Its files are only in the history of git; so is its ledger."""
    here = grown(tmp_path / 'here')
    assert chartloom(here.folder, 'prune').returncode == 0
    digest = read_ledger(here.read(LEDGER).encode(), LEDGER)[1].digest
    resealed(here, digest, '7a' * 32)
    committed(here)
    told = f"chart 1.0.1 is not as it was published: digest '{digest[:12]}…' → '{'7a' * 6}…'"
    assert lines(here, 'package', 'web', '1.0.1') == [f'{LEDGER}: {told}']


def test_a_chart_and_its_ledger_on_a_branch(tmp_path: Path) -> None:
    """Together they are as if chartloom had made them: `verify` compares with the base, and `generate` restores it."""
    here = published(tmp_path / 'here', FILES)
    other = published(tmp_path / 'other', {**FILES, **r.model('web', replicas=7)})
    before = here.tree()
    here.git('switch', '--quiet', '--create', 'request')
    here.write({path: data for path, data in other.tree().items() if path.startswith('charts/web/')})
    committed(here)
    found = {line.partition(': ')[0]: line.partition(': ')[2] for line in lines(here, 'verify', '--base', 'main')}
    assert sorted(found) == [f'{CHART}/README.md', f'{CHART}/values.yaml', LEDGER]
    assert found[f'{CHART}/values.yaml'].startswith('not as published: line ')
    assert found[f'{CHART}/values.yaml'].endswith("'replicaCount: 1' → 'replicaCount: 7'")
    assert found[LEDGER].startswith("not as published: chart 1.0.0: digest '")
    assert chartloom(here.folder, 'generate', '--commit').returncode == 0
    assert here.tree() == before


@pytest.mark.parametrize('gone', [CHART, LEDGER, 'charts/web', 'charts'])
def test_charts_that_a_branch_deletes(tmp_path: Path, gone: str) -> None:
    here = published(tmp_path / 'here', FILES)
    before = here.tree()
    here.git('switch', '--quiet', '--create', 'request')
    here.git('rm', '-r', '--quiet', gone)
    committed(here)
    assert {line.partition(': ')[2] for line in lines(here, 'verify', '--base', 'main')} == {'missing'}
    assert chartloom(here.folder, 'generate', '--commit').returncode == 0
    assert here.tree() == before


def test_charts_that_a_branch_deletes_with_their_model(tmp_path: Path) -> None:
    here = published(tmp_path / 'here', FILES)
    here.git('switch', '--quiet', '--create', 'request')
    paths = [path for path in here.tree() if path.endswith('/web.yaml') or path.startswith('charts/web/')]
    here.git('rm', '--quiet', *paths)
    committed(here)
    assert {line.partition(': ')[2] for line in lines(here, 'verify', '--base', 'main')} == {'missing'}


def test_a_version_is_never_used_again(tmp_path: Path) -> None:
    """Not after it was pruned, and not after its model was gone."""
    here = grown(tmp_path / 'here')
    assert chartloom(here.folder, 'prune').returncode == 0
    here.remove('registry/models/web.yaml', 'registry/releases/prod/web.yaml', 'registry/releases/dev/web.yaml')
    assert here.commit(removable=('prod/web', 'dev/web')).commit
    here.write(changed_model(replicas=99))
    assert here.commit().commit
    assert [entry.version for entry in read_ledger(here.read(LEDGER).encode(), LEDGER)] == [
        '1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.4',
    ]  # fmt: skip
