"""Merged values → faults of what containers mount: unknown volumes, and mounts that hide each other or the artifact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import normpath

from generator.domain.places import Path
from generator.domain.problems import Fault
from generator.domain.values import Values
from generator.domain.words import suggest
from generator.values.merge import containers, enabled


def mount_faults(values: Values) -> Iterator[Fault]:
    """Yield the faults of the mounts of the model server and its sidecars."""
    volumes = enabled(values['volumes'])
    artifact, files = values['artifact'], enabled(values['files'])
    known = {*volumes, *(['artifact'] if artifact['delivery'] != 'baked' else []), *(['files'] if files else [])}
    places: list[tuple[Path, str]] = [
        (('volumes', name), volume['mountPath']) for name, volume in volumes.items() if volume.get('mountPath')
    ]
    places += [(('files', name), file['mountPath']) for name, file in files.items()]
    if artifact['delivery'] == 'download':
        places.append((('artifact',), artifact['mountPath']))
    yield from _same_mount(places)
    yield from _hidden(artifact, places)
    for path, container in list(containers(values))[1:]:
        mounts = enabled(container.get('mounts', {}))
        yield from _same_mount([((*path, 'mounts', name), mount['mountPath']) for name, mount in mounts.items()])
        if mounts.get('artifact', {}).get('readOnly') is False:
            message = 'the artifact is read-only in every container'
            yield Fault((*path, 'mounts', 'artifact', 'readOnly'), message, 'remove it, and write to another volume')
        for name in mounts.keys() - known:
            yield Fault(
                (*path, 'mounts', name),
                f"volume '{name}' not found",
                suggest(name, known, 'add it to volumes'),
                (('volumes', name),),
            )


def _same_mount(places: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
    seen: dict[str, Path] = {}
    for path, mount in places:
        first = seen.setdefault(_normal(mount), path)
        if first != path:
            message = f"{_shown(first)} has the same mountPath '{mount}'"
            yield Fault((*path, 'mountPath'), message, 'change one of the two', ((*first, 'mountPath'),))


def _hidden(artifact: Values, places: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
    """Report what is mounted over the artifact or into it: the server would read files that nothing has checked."""
    if artifact['delivery'] == 'baked':
        return
    target = _normal(f'{artifact["mountPath"]}/{artifact["path"]}')
    mounted = _normal(artifact['mountPath']) if artifact['delivery'] == 'download' else target
    for path, mount in places:
        place = _normal(mount)
        if path[0] == 'artifact' or not (place == target or _is_in(place, mounted)):
            continue
        if place == target or _is_in(place, target) or _is_in(target, place):
            message = f"{_shown(path)} at '{mount}' would hide files of the artifact at '{target}'"
            yield Fault((*path, 'mountPath'), message, 'mount it elsewhere')


def _normal(mount: str) -> str:
    return normpath(f'/{mount.lstrip("/")}')


def _is_in(place: str, folder: str) -> bool:
    return place.startswith(folder if folder.endswith('/') else f'{folder}/')


def _shown(path: Path) -> str:
    return '.'.join(map(str, path))
