"""Image references: into parts and back, every image of a release, and mirrors."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generator.values.images import images, mirrored, parse_image, show_image

DIGEST = f'sha256:{"a" * 64}'

# As the Docker reference grammar and its familiar names have it (distribution/reference).
PARSED = {
    'redis': ('docker.io', 'library/redis', '', ''),
    'redis:7.2': ('docker.io', 'library/redis', '7.2', ''),
    'grafana/grafana': ('docker.io', 'grafana/grafana', '', ''),
    'docker.io/redis': ('docker.io', 'library/redis', '', ''),
    'docker.io/library/redis:7': ('docker.io', 'library/redis', '7', ''),
    'index.docker.io/library/redis:7': ('docker.io', 'library/redis', '7', ''),
    'ghcr.io/a/b/c:v1.2_3-x': ('ghcr.io', 'a/b/c', 'v1.2_3-x', ''),
    'localhost/a': ('localhost', 'a', '', ''),
    'localhost:5000/a/b:1': ('localhost:5000', 'a/b', '1', ''),
    'registry:5000/a': ('registry:5000', 'a', '', ''),
    '10.0.0.1/a': ('10.0.0.1', 'a', '', ''),
    f'redis@{DIGEST}': ('docker.io', 'library/redis', '', DIGEST),
    f'redis:7@{DIGEST}': ('docker.io', 'library/redis', '7', DIGEST),
    f'registry.example:443/team/model:2026.11.0@{DIGEST}': ('registry.example:443', 'team/model', '2026.11.0', DIGEST),
}


@pytest.mark.parametrize('reference', PARSED)
def test_a_reference_is_taken_apart_as_the_runtime_would(reference: str) -> None:
    parts = parse_image(reference)
    assert tuple(parts[key] for key in ('registry', 'repository', 'tag', 'digest')) == PARSED[reference]


@pytest.mark.parametrize('reference', PARSED)
def test_what_is_shown_means_the_same(reference: str) -> None:
    shown = show_image(parse_image(reference))
    assert parse_image(shown) == parse_image(reference)
    assert shown.endswith(re.sub(r'^(index\.)?docker\.io/', '', reference))


def test_parts_that_are_missing_are_left_out() -> None:
    assert show_image({'repository': 'a'}) == 'a'
    assert show_image({'registry': '', 'repository': 'a', 'tag': '', 'digest': ''}) == 'a'
    assert show_image({'registry': 'r', 'repository': 'a', 'tag': 't', 'digest': 'd'}) == 'r/a:t@d'


def values(**more: Any) -> dict[str, Any]:
    curl = {'registry': 'docker.io', 'repository': 'curlimages/curl'}
    return {
        'image': {'registry': 'ghcr.io', 'repository': 'server'},
        'containers': {},
        'artifact': {'delivery': 'baked', 'image': curl},
        'test': {'enabled': False, 'image': curl},
        **more,
    }


def test_every_image_that_runs_is_found_and_no_other() -> None:
    assert [path for path, _ in images(values())] == [('image',)]
    sidecars = {
        'proxy': {'image': {'registry': 'docker.io', 'repository': 'envoy'}},
        'off': {'enabled': False, 'image': {'repository': 'x'}},
    }
    download = {'delivery': 'download', 'image': {'registry': 'docker.io', 'repository': 'curl'}}
    test = {'enabled': True, 'image': {'registry': 'quay.io', 'repository': 'curl'}}
    found = [path for path, _ in images(values(containers=sidecars, artifact=download, test=test))]
    assert found == [('image',), ('containers', 'proxy', 'image'), ('artifact', 'image'), ('test', 'image')]


def test_a_mirror_replaces_the_registry_and_nothing_else() -> None:
    sidecars = {
        'proxy': {'image': {'registry': 'docker.io', 'repository': 'envoy'}},
        'plain': {'image': {'repository': 'x'}},
        'team': {'image': {'registry': '', 'repository': 'team/x'}},
    }
    whole = values(
        containers=sidecars, test={'enabled': True, 'image': {'registry': 'docker.io', 'repository': 'curl'}}
    )
    mirrors = {'docker.io': 'mirror.example/docker', 'quay.io': 'mirror.example/quay'}
    assert list(mirrored(whole, mirrors)) == [
        (('containers', 'proxy', 'image', 'registry'), 'mirror.example/docker'),
        (('containers', 'plain', 'image', 'registry'), 'mirror.example/docker'),
        (('containers', 'plain', 'image', 'repository'), 'library/x'),
        (('containers', 'team', 'image', 'registry'), 'mirror.example/docker'),
        (('test', 'image', 'registry'), 'mirror.example/docker'),
    ]
    assert list(mirrored(whole, {})) == []
    assert list(mirrored(whole, {'mirror.example/docker': 'twice'})) == []
