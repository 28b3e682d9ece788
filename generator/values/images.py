"""Container image references → the parts that charts contain; mirrors → changes of these parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.domain.places import Path
from generator.domain.values import Values

# The key of the image that an artifact needs: the image that downloads it, or the one that contains it.
_OF_ARTIFACT = {'download': 'image', 'image': 'reference'}
_OTHER_NAMES = {'index.docker.io': 'docker.io'}


def parse_image(reference: str) -> dict[str, str]:
    """Split `[registry/]repository[:tag][@digest]`; short names of Docker Hub are completed."""
    name, _, digest = reference.partition('@')
    head, slash, rest = name.partition('/')
    if slash and ('.' in head or ':' in head or head == 'localhost'):
        registry, path = _OTHER_NAMES.get(head, head), rest
    else:
        registry, path = 'docker.io', name
    repository, _, tag = path.partition(':')
    if registry == 'docker.io' and '/' not in repository:
        repository = f'library/{repository}'
    return {'registry': registry, 'repository': repository, 'tag': tag, 'digest': digest}


def show_image(image: Values) -> str:
    """Return the reference that the chart renders."""
    tag = f':{image["tag"]}' if image.get('tag') else ''
    digest = f'@{image["digest"]}' if image.get('digest') else ''
    registry = f'{image["registry"]}/' if image.get('registry') else ''
    return f'{registry}{image.get("repository", "")}{tag}{digest}'


def images(values: Values) -> Iterator[tuple[Path, Values]]:
    """Yield every image that a chart with these values runs, with its place."""
    yield ('image',), values['image']
    for name, container in values.get('containers', {}).items():
        if container.get('enabled', True) and 'image' in container:
            yield ('containers', name, 'image'), container['image']
    if (delivery := values.get('artifact', {}).get('delivery')) in _OF_ARTIFACT:
        yield ('artifact', _OF_ARTIFACT[delivery]), values['artifact'][_OF_ARTIFACT[delivery]]
    if values.get('test', {}).get('enabled'):
        yield ('test', 'image'), values['test']['image']


def mirrored(values: Values, mirrors: Mapping[str, str]) -> Iterator[tuple[Path, Any]]:
    """Yield the values that mirrors replace, with their places.

    An image without a registry comes from Docker Hub; a repository of one word is completed to `library/…`.
    """
    for path, image in images(values):
        if mirror := mirrors.get(image.get('registry') or 'docker.io'):
            yield (*path, 'registry'), mirror
            if not image.get('registry') and '/' not in image['repository']:
                yield (*path, 'repository'), f'library/{image["repository"]}'
