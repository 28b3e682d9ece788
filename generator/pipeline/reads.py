"""A run and a path of the repository → whether the run's result may depend on that file."""

from __future__ import annotations

from generator.domain.layout import (
    DOCUMENTS,
    REGISTRY,
    SCHEMAS,
    folder_and_stem,
    is_generated,
    model_of,
    registry_place,
)
from generator.pipeline.run import Run


def reads(run: Run, path: str, how: str) -> bool:
    """Whether a run over some models depends on a file, by its path from the root of the repository.

    `how` is git's letter: a release that comes or goes is known to all runs by its name. An operation may read more.
    """
    if path.rpartition('/')[2] == '.gitattributes':  # git may store other bytes by it
        return True
    prefix = run.repository.prefix
    if not path.startswith(prefix):
        return False
    return _reads(run, path.removeprefix(prefix), how)


def _reads(run: Run, path: str, how: str) -> bool:
    if run.whole:
        return path.startswith(f'{REGISTRY}/') or is_generated(path) or path in DOCUMENTS
    models = {*run.source.scope}.union(*(each.members for each in run.registry.applications.values()))
    if is_generated(path):
        return model_of(path) in models
    if not path.startswith(f'{REGISTRY}/') or path.startswith(f'{SCHEMAS}/'):
        return False
    kind, _ = registry_place(path) or ('', '')
    if kind in ('Model', 'Release', 'Rollout'):
        return folder_and_stem(path)[1] in models or (how != 'M' and kind != 'Rollout')
    return True
