"""Values of a release against those of its chart → problems: other programs, code over an image's own, other ports.

A new version of a chart is reviewed with its images; an environment names mirrors, and sidecars of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import normpath

from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import model_file
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.domain.words import either
from generator.values.blame import written_at
from generator.values.merge import containers, enabled

_IMAGE = ('registry', 'repository', 'tag', 'digest')
# Where images keep no code: any other folder may hold some.
_DATA = ('/cache', '/data', '/dev/shm', '/mnt', '/scratch', '/tmp', '/var/cache', '/var/log', '/var/tmp')
# Of a volume, what changes no file in it.
_HARMLESS = frozenset(['enabled', 'medium', 'mountPath', 'sizeLimit'])
_Change = tuple[Path, str, str]  # where in the values, what a release may not set, and another way than the model


def replaced_code(scope: Scope) -> Iterator[Problem]:
    """Report what a release changes of the code that runs in its containers, once for each image, volume and port."""
    for release in scope.releases:
        if not (release.release.spec.get('values') or release.release.removed):
            continue
        layers, told = (*release.chart.layers, *release.layers), set[str]()
        for path, what, otherwise in _changes(release):
            place = written_at(path, layers)
            if place and place[0] == release.release.file and what not in told:
                told.add(what)
                hint = f'{otherwise}write it in {model_file(release.release.model)}, or in the environment'
                yield Problem(*place, f'a release may not set {what}', hint)


def _changes(release: ResolvedRelease) -> Iterator[_Change]:
    chart, merged = release.chart.values, release.merged
    for home, container in containers(merged):
        image = [(*home, 'image', key) for key in _IMAGE] if home else []  # that of the server is decided elsewhere
        yield from ((path, f"the image of container '{home[1]}'", '') for path in _differing(image, chart, merged))
        for name in enabled(container.get('ports', {})):
            port = (*home, 'ports', name)
            numbers = [(*port, 'containerPort'), *([(*port, 'servicePort')] if home else [])]
            what = f"the number of port '{name}': another program may answer there"
            yield from ((path, what, '') for path in _differing(numbers, chart, merged))
    yield from _mounts(chart, merged)


def _mounts(chart: Values, merged: Values) -> Iterator[_Change]:
    """Yield changes of what is mounted where an image may have code, and of the place."""
    volumes = enabled(merged['volumes'])
    mounts: list[tuple[Path, str]] = [(('volumes', name), name) for name in volumes]
    for home, container in list(containers(merged))[1:]:
        mounts += [((*home, 'mounts', name), name) for name in enabled(container.get('mounts', {}))]
    for path, name in mounts:
        mount = at(merged, (*path, 'mountPath'))
        if not mount or _is_data(str(mount)):
            continue
        places = [(*path, 'mountPath'), (*path, 'subPath')]
        places += [('volumes', name, key) for key in volumes.get(name, {}) if key not in _HARMLESS]
        what = f"volume '{name}' at '{mount}', where an image may have code"
        yield from ((each, what, f'mount it in {either(_DATA)}, or ') for each in _differing(places, chart, merged))


def _is_data(mount: str) -> bool:
    return f'{normpath("/" + mount.lstrip("/"))}/'.startswith(tuple(f'{place}/' for place in _DATA))


def _differing(paths: Sequence[Path], chart: Values, merged: Values) -> Iterator[Path]:
    return (path for path in paths if (at(merged, path) or None) != (at(chart, path) or None))
