"""Variables by which containers get devices that the scheduler gave to others."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import problems

ALL = {'value': 'all'}
TAKING = """
    NVIDIA_VISIBLE_DEVICES AMD_VISIBLE_DEVICES MTHREADS_VISIBLE_DEVICES XPU_VISIBLE_DEVICES NVIDIA_MIG_CONFIG_DEVICES
    NVIDIA_MIG_MONITOR_DEVICES NVIDIA_IMEX_CHANNELS NVIDIA_GDS DOCKER_RESOURCE_GPU
""".split()
FREE = """
    CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES ASCEND_RT_VISIBLE_DEVICES TPU_VISIBLE_DEVICES
    NVIDIA_DRIVER_CAPABILITIES
""".split()


def told(model: dict[str, Any], released: dict[str, Any], environment: dict[str, Any], name: str) -> list[str]:
    model, released, environment = ({'env': {name: each}} if each else {} for each in (model, released, environment))
    files = r.settings() | r.model('web', values=model) | r.following('prod', values=environment)
    return problems(files | r.release('prod', 'web', values=released))


@pytest.mark.parametrize(('names', 'is_taken'), [(TAKING, True), (FREE, False)], ids=['taking', 'free'])
def test_no_variable_of_a_model_takes_devices(names: list[str], is_taken: bool) -> None:
    for name in names:
        assert bool(told(ALL, {}, {}, name)) is is_taken, name
        assert not told({**ALL, 'enabled': False}, {}, {}, name)
        assert not told({}, {}, ALL, name), 'the environment may'


@pytest.mark.parametrize(
    ('own', 'released', 'is_refused'),
    [
        (ALL, {'value': 'none'}, True),
        (ALL, {'enabled': False}, True),
        (ALL, {'enabled': True}, False),
        ({**ALL, 'enabled': False}, {'enabled': True}, False),
        ({**ALL, 'enabled': False}, {'enabled': True, 'value': '0'}, True),
        ({'enabled': False}, {'enabled': True, 'value': 'all'}, True),
        ({'value': 'void'}, {'value': 'all'}, True),
    ],
)
def test_a_release_leaves_the_environments_own_as_it_is(
    own: dict[str, Any], released: dict[str, Any], is_refused: bool
) -> None:
    assert bool(told({}, released, own, 'AMD_VISIBLE_DEVICES')) is is_refused


def test_a_quantity_of_devices_has_several_forms() -> None:
    for count in ('1', '1000m', '1.0', '2k'):
        limits = {'resources': {'limits': {'smarter-devices/fuse': count}}}
        files = r.settings() | r.model('web', **limits) | r.following('prod') | r.release('prod', 'web')
        (found,) = problems(files)
        assert "'smarter-devices/fuse' is no device" in found
