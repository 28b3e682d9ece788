"""The values of a release → how many GPUs a pod has, and how much memory each, as far as names tell."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from generator.domain.generated import ResolvedRelease
from generator.domain.units import quantity
from generator.domain.values import Values

_GPU = re.compile(r'gpu$|/mig-|/gpu\.')
_MIG = re.compile(r'/mig-\d+g\.(\d+)gb')
# Labels with the memory of a GPU in MiB, of GPU feature discovery and of Karpenter.
_MEBIBYTES = ('nvidia.com/gpu.memory', 'karpenter.k8s.aws/instance-gpu-memory')
_PRODUCTS = (
    'nvidia.com/gpu.product', 'cloud.google.com/gke-accelerator', 'karpenter.k8s.aws/instance-gpu-name', 'accelerator',
    'amd.com/gpu.product-name', 'gpu.nvidia.com/class', 'k8s.amazonaws.com/accelerator', 'gpu.nvidia.com/model',
)  # fmt: skip
_INSTANCE = ('node.kubernetes.io/instance-type', 'karpenter.k8s.aws/instance-family')
_SAID = re.compile(r'(\d+)gb', re.IGNORECASE)
# GiB of products by a word of their names; a name that says it (A100-SXM4-80GB) comes first. Memory as its maker writes
# it, which is a little more than programs find: what does not fit here does not fit there.
_GIB = {
    't4': 16, 'p4': 8, 'p100': 16, 'v100': 32, 'l4': 24, 'l40': 48, 'l40s': 48, 'a2': 16, 'a10': 24, 'a10g': 24,
    'a16': 16, 'a30': 24, 'a40': 48, 'a100': 80, 'h100': 94, 'h200': 141, 'gh200': 144, 'b200': 192, 'mi210': 64,
    'mi250': 128, 'mi300x': 192,
}  # fmt: skip
# Families of virtual machines, with the memory of each of their GPUs.
_FAMILIES = {
    'g4dn': 16, 'g5': 24, 'g6': 24, 'g6e': 48, 'p4d': 40, 'p4de': 80, 'p5': 80, 'p5e': 141, 'g2-standard': 24,
    'a3-highgpu': 80,
}  # fmt: skip


def gpu_count(values: Values) -> int:
    """The GPUs of the server, or its parts of them."""
    given: dict[str, Any] = values.get('resources', {}).get('limits', {})
    return sum(int(quantity(str(count))) for name, count in given.items() if _GPU.search(name))


def gpu_memory(release: ResolvedRelease) -> Fraction | None:
    """The bytes of memory of one GPU of a pod, None if nothing tells."""
    values = release.merged
    names = values.get('resources', {}).get('limits', {})
    parts = [int(found[1]) for name in names if (found := _MIG.search(name))]
    if parts:
        return Fraction(min(parts) * 2**30)
    labels = values.get('nodeSelector', {})
    for label in _MEBIBYTES:
        if (said := str(labels.get(label, ''))).isdecimal() and said.isascii():
            return Fraction(int(said) * 2**20)
    sizes = (_of_product(str(labels[label])) for label in _PRODUCTS if label in labels)
    machines = (_of_machine(labels.get(label)) for label in _INSTANCE)
    size = next(filter(None, (*sizes, *machines)), 0)
    return Fraction(size * 2**30) if size else None


def _of_product(name: str) -> int:
    if said := _SAID.findall(name):
        return int(said[-1])  # of a part of a GPU after that of the whole
    words = re.split(r'[^a-z0-9]+', name.lower())
    return next((_GIB[word] for word in words if word in _GIB), 0)


def _of_machine(kind: Any) -> int:
    name = str(kind or '').lower()
    return next((size for family, size in _FAMILIES.items() if re.match(rf'{family}(\.|-|$)', name)), 0)
