"""The memory of a GPU by the names that nodes and resources have; nothing where they do not tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import registries as r

from generator.domain.generated import ResolvedRelease
from generator.pipeline.run import open_run
from generator.review.gpus import gpu_count, gpu_memory
from generator.review.options import number, parsed
from generator.tools.git.opening import open_repository


@pytest.fixture(scope='module')
def release(tmp_path_factory: pytest.TempPathFactory) -> ResolvedRelease:
    files = {**r.settings(), **r.model('web'), **r.following('prod'), **r.release('prod', 'web')}
    made = r.Repository(tmp_path_factory.mktemp('gpus') / 'made', files)
    return open_run(open_repository(made.folder)).releases[0]


def gpu(**labels: str) -> dict[str, Any]:
    names = {key.replace('__', '/').replace('_', '.'): value for key, value in labels.items()}
    return {'resources': {'limits': {'nvidia.com/gpu': '1'}}, 'nodeSelector': names}


@pytest.mark.parametrize(
    ('values', 'gibibytes'),
    [
        (gpu(nvidia_com__gpu_product='NVIDIA-L4'), 24),
        (gpu(nvidia_com__gpu_product='Tesla-T4'), 16),
        (gpu(nvidia_com__gpu_product='NVIDIA-L40S-SHARED'), 48),
        (gpu(nvidia_com__gpu_product='NVIDIA-A100-SXM4-40GB'), 40),
        (gpu(nvidia_com__gpu_product='NVIDIA-H100-80GB-HBM3-MIG-1g.10gb'), 10),
        (gpu(nvidia_com__gpu_memory='15360'), 15),
        ({**gpu(), 'nodeSelector': {'karpenter.k8s.aws/instance-family': 'g4dn'}}, 16),
        ({**gpu(), 'nodeSelector': {'node.kubernetes.io/instance-type': 'g5.2xlarge'}}, 24),
        ({**gpu(), 'nodeSelector': {'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4'}}, 16),
        ({'resources': {'limits': {'nvidia.com/mig-1g.10gb': 1}}}, 10),
        (gpu(nvidia_com__gpu_product='NVIDIA-Next'), None),
        (gpu(), None),
    ],
)
def test_memory(release: ResolvedRelease, values: dict[str, Any], gibibytes: int | None) -> None:
    found = gpu_memory(replace(release, merged={**release.merged, **values}))
    assert found == (None if gibibytes is None else gibibytes * 2**30)


def test_numbers_of_gpus() -> None:
    limits = {'nvidia.com/gpu': '2', 'nvidia.com/mig-1g.10gb': 1, 'memory': '1Gi', 'rdma/hca': '4'}
    assert gpu_count({'resources': {'limits': limits}}) == 3


def test_options_of_a_command() -> None:
    words = ['serve', '--a=1', '--b', '2', '-tp', '4', '--c', '--max_model_len', '8', '--d']
    wanted = {'a': '1', 'b': '2', 'tensor-parallel-size': '4', 'c': 'on', 'max-model-len': '8', 'd': 'on'}
    assert parsed(words) == wanted


@pytest.mark.parametrize('text', ['inf', '-inf', 'nan', '1e999', '9' * 5000])
def test_a_number_that_no_server_takes_is_none(text: str) -> None:
    assert number({'tensor-parallel-size': text}, 'tensor-parallel-size') is None
