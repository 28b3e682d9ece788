"""One environment → problems of its mesh, its DNS and its cloud identity: settings that nothing would read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from generator.checks.addresses import EVERYWHERE, block
from generator.domain.choices import CloudIdentity, Dns, Mesh, cloud_identity_of
from generator.domain.environments import Environment
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.domain.words import quoted


def platform_problems(environment: Environment) -> Iterator[Problem]:
    spec = environment.spec
    if 'mesh' in spec:
        yield from _unread(environment, 'mesh', f"mode '{environment.mesh}'", ('mode', *_of_mesh(environment.mesh)))
    if 'dns' in spec:
        yield from _unread(environment, 'dns', f"kind '{spec['dns']['kind']}'", ('kind', *_of_dns(spec['dns']['kind'])))
        for index, address in enumerate(spec['dns'].get('addresses', ())):
            yield from _block(environment, ('spec', 'dns', 'addresses', index), address, 'an address', '10.96.0.10')
    if 'workloadIdentity' in spec:
        yield from _identity(environment)
    places: list[tuple[Path, Values]] = [(('workloadIdentity',), spec.get('workloadIdentity', {}))]
    places += [(('artifactStores', scheme), store) for scheme, store in spec.get('artifactStores', {}).items()]
    for side in ('ingress', 'egress'):
        for index, cidr in enumerate(spec.get(side, {}).get('cidrs', ())):
            yield from _block(
                environment, ('spec', side, 'cidrs', index), cidr, 'a block of addresses', '10.40.12.0/24'
            )
    for place, found in places:
        if cidr := found.get('cidr'):
            yield from _block(environment, ('spec', *place, 'cidr'), cidr, 'a block of addresses', '10.40.12.0/24')


def _of_mesh(mesh: Mesh) -> tuple[str, ...]:
    """Further keys of `mesh` that a mode reads."""
    match mesh:
        case 'none':
            return ()
        case 'sidecar':
            return ('namespace', 'revision')
        case 'ambient':
            return ('waypoint',)
        case _:
            assert_never(mesh)


def _of_dns(kind: Dns) -> tuple[str, ...]:
    match kind:
        case 'kube-dns' | 'openshift':
            return ()
        case 'node-local':
            return ('addresses',)
        case _:
            assert_never(kind)


def _of_identity(kind: CloudIdentity | None) -> tuple[str, ...]:
    match kind:
        case 'gke' | 'eks-pod-identity' | None:
            return ()
        case 'eks-irsa' | 'azure':
            return ('cidr',)
        case _:
            assert_never(kind)


def _identity(environment: Environment) -> Iterator[Problem]:
    kind = environment.cloud_identity
    shown = f"kind '{kind}'" if kind else 'no kind'
    known = ('kind', 'annotations', *_of_identity(kind))
    yield from _unread(environment, 'workloadIdentity', shown, known)
    for key in environment.spec['workloadIdentity'].get('annotations', {}):
        other = cloud_identity_of(key)
        if other and other != kind:
            place = json_path(('spec', 'workloadIdentity', 'annotations', key))
            message = f"annotation {quoted(key)} is of kind '{other}', and the environment has kind '{kind}'"
            yield Problem(environment.file, place, message, 'remove it, or write the other kind')


def _unread(environment: Environment, section: str, shown: str, known: tuple[str, ...]) -> Iterator[Problem]:
    for key in environment.spec[section]:
        if key not in known:
            message = f"'{section}' with {shown} does not use '{key}'"
            yield Problem(environment.file, json_path(('spec', section, key)), message, 'remove it')


def _block(environment: Environment, path: Path, written: str, wanted: str, example: str) -> Iterator[Problem]:
    if written not in EVERYWHERE and block(written) is None:
        message = f'expected {wanted}, found {quoted(written)}'
        yield Problem(environment.file, json_path(path), message, f'write it like {example}')
