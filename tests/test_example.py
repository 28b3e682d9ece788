"""gitops_example contains all generated files: they are reproduced in place and from an empty folder, and verified."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from parts import ROOT, git

from generator.operations.apply import apply
from generator.operations.operation import Options, generate
from generator.pipeline.run import open_run
from generator.pipeline.verify import check_delivery, drift, render_objects
from generator.tools.git.opening import open_repository

EXAMPLE = ROOT / 'gitops_example'
GENERATED = ('charts', 'values', 'delivery', 'bootstrap', 'registry/schemas')


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob('*') if path.is_file() and '.git' not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example as the first commit of a repository of its own."""
    folder = tmp_path / 'example'
    shutil.copytree(EXAMPLE, folder)
    git(folder, 'init', '--quiet')
    git(folder, 'add', '--all')
    git(folder, 'commit', '--quiet', '--message', 'example')
    return folder


def test_regenerates_to_itself(example: Path) -> None:
    outcome = apply(generate(), open_repository(example), Options(commit=True))
    assert not outcome.changed
    assert tree(example) == tree(EXAMPLE)


def test_regenerates_to_itself_from_nothing(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / 'example')
    for folder in GENERATED:
        shutil.rmtree(tmp_path / 'example' / folder)
    git(tmp_path / 'example', 'init', '--quiet')
    apply(generate(), open_repository(tmp_path / 'example'), Options())
    assert tree(tmp_path / 'example') == tree(EXAMPLE)


def test_regenerates_to_itself_as_a_folder_of_another_repository(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / 'gitops_example')
    git(tmp_path, 'init', '--quiet')
    apply(generate(), open_repository(tmp_path / 'gitops_example'), Options())
    assert tree(tmp_path / 'gitops_example') == tree(EXAMPLE)


def test_verifies_with_real_helm(example: Path, helm: str) -> None:
    from generator.tools.helm.binary import find_helm

    run = open_run(open_repository(example))
    assert drift(run) == []
    problems, objects = render_objects(run, find_helm({'HELM': str(helm), 'PATH': ''}), None, 2, lambda step: None)
    assert problems == []
    assert objects > 5 * len(run.releases)


def test_delivery_and_bootstrap_pass_strict_schemas(example: Path, crds: Path, strict: object) -> None:
    from generator.delivery.bootstrap import bootstrap_objects
    from generator.delivery.objects import delivery_objects

    run = open_run(open_repository(example))
    settings = run.registry.settings
    objects = [each for release in run.releases for each in delivery_objects(release, settings, '')]
    for environment in run.registry.environments.values():
        objects += bootstrap_objects(environment, settings, '')
    for item in json.loads(json.dumps(objects)):
        strict(item, '1.36')  # type: ignore[operator]
    assert len(objects) > 20


def test_every_digest_of_the_example_is_whole(example: Path) -> None:
    from generator.values.images import images

    run = open_run(open_repository(example))
    for release in run.releases:
        if release.environment.spec.get('requireDigest', True):
            assert all(len(image['digest']) == len('sha256:') + 64 for _, image in images(release.merged))


def test_check_delivery_is_part_of_verify(example: Path, crds: Path) -> None:
    from generator.tools.helm.schemas import ObjectSchemas

    only_crds = ObjectSchemas([f'{crds}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json'])
    found = check_delivery(open_run(open_repository(example)), only_crds)
    # The folder holds custom resources only: it must say that it has none of Kubernetes' own kinds, and no more.
    kinds = (
        'rbac.authorization.k8s.io/v1 Role',
        'rbac.authorization.k8s.io/v1 RoleBinding',
        'v1 Namespace',
        'v1 ServiceAccount',
    )
    assert {problem.message for problem in found} == {f"schema for '{kind}' not found" for kind in kinds}
