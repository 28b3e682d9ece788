"""What an environment adds to pods by name → problems: containers, volumes and files that a model or a release changes.

A container belongs to who names its image, a volume to who names its type, a file to who writes all of it. An
environment may tune what a model made; what it made itself stays as it says, or its Secrets would go to other programs.
What it makes with `enabled: false` is an offer, which others may accept.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import model_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.values.merge import enabled, placed

# What may be in them is not for each container: those of the environment may share tokens in an emptyDir.
_KEPT = frozenset(['secret', 'persistentVolumeClaim', 'emptyDir'])
_OTHER = 'remove it here, or choose another name'


def changed_additions(scope: Scope) -> Iterator[Problem]:
    """Report what a file of a model or a release writes into containers, volumes and files of the environment."""
    for release in scope.releases:
        own = release.environment.spec.get('values', {})
        for path in (made := [*_made(own)]):
            yield from _changed(release, own, path)
        if kept := [path for path in made if at(own, (*path, 'type')) in _KEPT]:
            yield from _mounted(release, own, made, kept)


def _made(own: Values) -> Iterator[Path]:
    """The containers, volumes and files that values of an environment make."""
    for name, container in own.get('containers', {}).items():
        if at(container, ('image', 'repository')):
            yield 'containers', name
    for name, volume in own.get('volumes', {}).items():
        if at(volume, ('type',)):
            yield 'volumes', name
    for name, file in own.get('files', {}).items():
        if {'content', 'mountPath'} <= file.keys():
            yield 'files', name


def _changed(release: ResolvedRelease, own: Values, path: Path) -> Iterator[Problem]:
    is_offer = at(own, (*path, 'enabled')) is False
    message = f'{".".join(map(str, path))} is made by spec.values of {release.environment.file}'
    for place, found in _written(release, path):
        if not (is_offer and isinstance(found, dict) and found.keys() == {'enabled'}):
            yield Problem(*place, message, 'remove it here, or choose another name')
    # Runtimes have volumes in their charts, but no Secrets.
    is_foreign = path[0] == 'containers' or at(own, (*path, 'type')) == 'secret'
    if is_foreign and not release.chart.is_new and at(release.chart.values, path) is not None:
        yield Problem(release.release.file, '$.spec', f'{message}, and the chart has another', 'use a chart without it')


def _mounted(release: ResolvedRelease, own: Values, made: list[Path], kept: list[Path]) -> Iterator[Problem]:
    """Report mounts of an environment's volumes in containers that it did not make."""
    file = release.environment.file
    for name, container in enabled(release.merged['containers']).items():
        mounts = enabled(container.get('mounts', {}))
        for volume in (str(name) for _, name in kept if name in mounts):
            path: Path = ('containers', name, 'mounts', volume)
            if path[:2] in made or at(own, path) is not None:
                continue
            message = f"volume '{volume}' is made by spec.values of {file}, which also say where it is mounted"
            places = [place for place, _ in _written(release, path)] or [(release.release.file, '$.spec')]
            for place in places:
                yield Problem(*place, message, f'remove it here, or write this mount into spec.values of {file}')


def _written(release: ResolvedRelease, path: Path) -> Iterator[tuple[tuple[str, str], object]]:
    """Yield place and value where the model or the release writes a path; None is a null of the release."""
    files = (model_file(release.release.model), release.release.file)
    for layer in (*release.chart.layers, *release.layers):
        shared = min(len(layer.target), len(path))
        if layer.file not in files or layer.target[:shared] != path[:shared]:
            continue
        found = None if layer.values is None else at(placed(layer), path)
        # Values of an environment lie over those of a model, whose nulls remove none of them.
        if found is not None or (layer.values is None and layer.file == release.release.file):
            yield (layer.file, json_path((*layer.source, *path[len(layer.target) :]))), found
