"""A repository whose model has four charts, three of them removed by `chartloom prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import registries as r
from gitops import Checkout, published
from parts import git

from generator.charts.ledger import read_ledger
from generator.domain.generated import LedgerEntry
from generator.domain.layout import ledger_file
from generator.domain.settings import Settings
from generator.operations.apply import apply
from generator.operations.operation import Options, Outcome
from generator.operations.prune import pruning
from generator.tools.oci import OciRegistry

LEDGER = ledger_file('web')
FILES = {
    **r.settings(charts={'keep': 1}),
    **r.model('web', replicas=1),
    **r.model('api'),
    **r.environment('prod'),
    **r.following('dev'),
    **r.release('dev', 'web'),
    **r.release('prod', 'web', version='1', chart='1.0.0'),
    **r.release('prod', 'api', version='1', chart='1.0.0'),
}


def entry(version: str, model_version: str = '1', *, pruned: bool = False) -> LedgerEntry:
    """An entry of a ledger, without a real chart."""
    texts = {'digest': 'd', 'content': 'c', 'source': 's', 'starter': 'model-server 1.0.0', 'tree': f'sha1:{"0" * 40}'}
    manifest = f'sha256:{"0" * 64}'
    return LedgerEntry(version, model_version, **texts, bump='patch', reasons=(), manifest=manifest, pruned=pruned)


def charts(here: Checkout, model: str = 'web') -> list[str]:
    """The chart versions whose folders exist."""
    return sorted(path.name for path in (here.folder / 'charts' / model).iterdir() if path.is_dir())


def marks(here: Checkout, model: str = 'web') -> list[str]:
    """The chart versions that the ledger marks as pruned."""
    data = (here.folder / ledger_file(model)).read_bytes()
    return [entry.version for entry in read_ledger(data, ledger_file(model)) if entry.pruned]


def no_registry(settings: Settings) -> OciRegistry:
    raise AssertionError('charts in folders of git need no registry')


def prune(here: Checkout, models: tuple[str, ...] = (), **options: Any) -> Outcome:
    return apply(pruning(no_registry, models), here.repository(), Options(**options))


def pin(here: Checkout, chart: str) -> None:
    here.write(r.release('prod', 'web', version='1', chart=chart))


def grown(top: Path, prefix: str = '', *options: str) -> Checkout:
    """A repository with charts 1.0.0 to 1.0.3 of web; prod pins the last one, dev follows the newest."""
    here = published(top, FILES, prefix, *options)
    for replicas in (2, 3, 4):
        here.write(r.model('web', replicas=replicas))
        assert here.commit().commit
    pin(here, '1.0.3')
    assert here.commit().commit
    assert charts(here) == ['1.0.0', '1.0.1', '1.0.2', '1.0.3']
    return here


def pruned(top: Path, prefix: str = '', *options: str) -> tuple[Checkout, dict[str, bytes]]:
    """The same repository after `prune`, and the files of its charts before."""
    here = grown(top, prefix, *options)
    before = {path: data for path, data in here.tree().items() if path.startswith('charts/web/1')}
    assert prune(here, commit=True).commit
    assert (charts(here), marks(here)) == (['1.0.3'], ['1.0.0', '1.0.1', '1.0.2'])
    return here, before


def restored(here: Checkout, before: dict[str, bytes], chart: str) -> None:
    """Pin a pruned chart, and compare the restored files with those before."""
    pin(here, chart)
    assert here.commit().commit
    folder = f'charts/web/{chart}/'
    found = {path: data for path, data in here.tree().items() if path.startswith(folder)}
    assert found == {path: data for path, data in before.items() if path.startswith(folder)}
    assert chart not in marks(here)
    assert here.status() == []
    assert not here.commit().changed


def serves(origin: Path) -> str:
    """Configure an origin to allow partial clones, and return its URL."""
    git(origin, 'config', 'uploadpack.allowFilter', 'true')
    return f'file://{origin}'
