"""Devices of containers → problems: limits and variables that take what the scheduler gave to others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from generator.checks.capacity import accelerators
from generator.checks.granted import Finding, not_granted
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.units import quantity
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.merge import enabled

# Whose accelerators have taints that keep pods without one away: a test environment may run such a model without.
MAKERS = frozenset(['nvidia.com', 'amd.com', 'gpu.intel.com', 'habana.ai', 'google.com', 'aws.amazon.com'])
# What else pods may request unasked: accelerators of other makers, and networks between them.
DEVICES = MAKERS | {
    'cloud-tpus.google.com',
    'vpc.amazonaws.com',
    'rdma',
    'huawei.com',
    'cambricon.com',
    'qualcomm.com',
}
# Runtimes of containers obey these, whatever the limits are. Libraries obey the names that are left out: they choose
# among the devices that the container has.
_TAKES = re.compile(
    r'(?!(CUDA|HIP|ROCR|TPU|ASCEND_RT)_)[A-Z0-9_]+_VISIBLE_DEVICES'
    r'|NVIDIA_(IMEX_CHANNELS|MIG_(CONFIG|MONITOR)_DEVICES|GDS|GDRCOPY|MOFED|NVSWITCH)|DOCKER_RESOURCE_[A-Z0-9_]+'
)
_NONE = ('void', 'none')


def taken_devices(scope: Scope) -> Iterator[Problem]:
    """Report devices that a model or a release takes, or that its environment withholds."""
    for release in scope.releases:
        if found := [*_limits(release), *_variables(release)]:
            yield from not_granted(release, found)


def is_some(count: object) -> bool:
    """Whether a limit is more than 0: 1000m and 1.0 are 1."""
    return quantity(str(count)) > 0


def granted(environment: Environment, key: str) -> list[str]:
    """What the scheduling of an environment permits."""
    found: list[str] = environment.spec.get('scheduling', {}).get(key, [])
    return found


def _holders(values: Values) -> Iterator[tuple[Path, Values]]:
    """The containers of a pod; the limits of a download count also if it is delivered in another way."""
    yield (), values
    yield ('artifact',), values['artifact']
    for name, each in enabled(values['containers']).items():
        yield ('containers', name), each


def _limits(release: ResolvedRelease) -> Iterator[Finding]:
    """Report devices that may be more than accelerators: files, disks or virtual machines of the node."""
    environment = release.environment
    permitted = {*granted(environment, 'devices'), *accelerators(environment)}
    for home, holder in _holders(release.merged):
        for name, count in holder.get('resources', {}).get('limits', {}).items():
            domain, slash, _ = name.partition('/')
            if slash and domain not in DEVICES and name not in permitted and is_some(count):
                message = f'{quoted(name)} is no device that environment {quoted(environment.name)} permits'
                hint = f'remove it, or add it to spec.scheduling.devices of {environment.file}'
                yield (*home, 'resources', 'limits', name), message, hint


def _variables(release: ResolvedRelease) -> Iterator[Finding]:
    for home, holder in _holders(release.merged):
        found = holder.get('env', {})
        said = at(release.environment.spec, ('values', *home, 'env'))
        own = said if isinstance(said, Mapping) else {}
        for name in sorted(name for name in {*found, *own} if _TAKES.fullmatch(name)):
            path: Path = (*home, 'env', name)
            if name in own:
                if not _is_as_said(own[name], found.get(name, {'enabled': False})):
                    yield path, f'{name} is set by spec.values of {release.environment.file}', 'remove it here'
            elif found[name].get('enabled', True) and found[name].get('value') not in _NONE:
                message = f'{name} takes accelerators that the scheduler gave to others'
                yield path, message, 'remove it; a model writes spec.resources.accelerators'


def _is_as_said(own: Values, found: Values) -> bool:
    """Whether a variable is as the environment writes it; what it writes with `enabled: false` is an offer."""
    said, now = ({key: value for key, value in each.items() if key != 'enabled'} for each in (own, found))
    is_on = found.get('enabled', True)
    if own.get('enabled', True):
        return is_on and said == now
    return not is_on or (bool(said) and said == now)
