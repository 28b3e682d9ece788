"""A key or a list as people know it from Kubernetes → a hint with the form that the registry wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from generator.domain.places import Path
from generator.domain.words import nearest, quoted

_SECRET = '{secret: <name of the Secret>, key: <key in it>}'
_VOLUMES = 'volumes: {<name>: {type: configMap, name: <name of the ConfigMap>, mountPath: <folder>}}'
_PROBE_TIME = 'remove it: a startupProbe delays the other probes, for periodSeconds × failureThreshold'
_OTHER_VOLUME = 'use type emptyDir, persistentVolumeClaim, configMap or secret: charts have no other volumes'

# Below a map whose entries have names: the name of the map, then the key in an entry.
_IN_ENTRIES: Mapping[str, Mapping[str, str]] = {
    'env': {
        'valueFrom': f'for a Secret write {_SECRET} instead',
        'configMapKeyRef': f'write the value itself, or mount the ConfigMap: {_VOLUMES}',
        'secretKeyRef': f'write {_SECRET}',
        'fieldRef': 'remove it: charts have no variables from fields of the pod; write a value',
        'resourceFieldRef': 'remove it: charts have no variables from resources of the pod; write a value',
        'name': 'remove it: the key above is the name of the variable',
    },
    'ports': {
        'name': 'remove it: the key above is the name of the port',
        'port': 'write containerPort, and servicePort if the Service has the port',
        'targetPort': 'write containerPort',
        'hostPort': 'remove it: pods have no ports of their node',
        'protocol': "remove it: ports are TCP; appProtocol is 'http', or 'kubernetes.io/h2c' for gRPC",
    },
    'volumes': {
        'emptyDir': 'write type: emptyDir, and sizeLimit and medium beside it',
        'persistentVolumeClaim': 'write type: persistentVolumeClaim, and name: <name of the claim>',
        'configMap': 'write type: configMap, and name: <name of the ConfigMap>',
        'secret': 'write type: secret, and name: <name of the Secret>',
        'claimName': 'write name: <name of the claim>',
        'secretName': 'write name: <name of the Secret>',
        **dict.fromkeys(('hostPath', 'nfs', 'csi', 'projected', 'ephemeral', 'downwardAPI', 'image'), _OTHER_VOLUME),
    },
    'containers': {
        'name': 'remove it: the key above is the name of the container',
        'volumeMounts': 'write mounts: {<name of the volume>: {mountPath: <folder>}}',
        'lifecycle': 'write preStopSeconds: seconds to wait before the server ends',
    },
    'tolerations': {'name': 'remove it: the key above is the name of the entry'},
}
# In a probe.
_PROBES = ('startupProbe', 'readinessProbe', 'livenessProbe')
_IN_PROBE = {
    'httpGet': 'write type: http, port: <name of the port> and path: <path>',
    'tcpSocket': 'write type: tcp and port: <name of the port>',
    'grpc': 'write type: grpc and port: <name of the port>',
    'exec': 'write type: exec and command: [<program>, <argument>]',
    'initialDelaySeconds': _PROBE_TIME,
    'successThreshold': 'remove it: one success is enough',
}
_ROUTE = {'route': 'write route: hostname and rules; the router of the environment decides about its kind'}
_FILES = {'files': 'write files: {<name>: {content: …, mountPath: <file>}}'}
_ACCOUNT = 'remove it: each release has a ServiceAccount of its own, whose annotations are in'
# Anywhere else: the hint by a key that must be known there.
_ANYWHERE: Mapping[str, Mapping[str, str]] = {
    'envFrom': {'env': f'write each variable: env: {{<NAME>: {_SECRET}}}, or {{value: <text>}}'},
    'volumeMounts': {'volumes': 'write mountPath, subPath and readOnly in the entry of volumes'},
    'initContainers': {
        'containers': 'remove it: the one init container downloads the artifact; a sidecar is in containers',
    },
    'sidecars': {'containers': 'write containers: {<name>: {image: …}}'},
    'lifecycle': {
        'preStopSeconds': 'write preStopSeconds: seconds to wait before the server ends',
        'values': 'write values: {preStopSeconds: <seconds>}',
    },
    'replicas': {'replicaCount': 'write replicaCount', 'values': 'write values: {replicaCount: <number>}'},
    'replicaCount': {'replicas': 'write replicas'},
    'image': {'versions': 'write the image in the entry of versions'},
    'imagePullPolicy': {
        'image': 'write image: {pullPolicy: …}', 'values': 'write values: {image: {pullPolicy: …}}',
    },
    'topologySpreadConstraints': {
        'scheduling': 'write scheduling: {topologySpread: …}',
        'topologySpread': 'write topologySpread: {topologyKey: …, maxSkew: …}',
        'values': 'write values: {topologySpread: …}',
    },
    'serviceAccountName': {
        'serviceAccount': f'{_ACCOUNT} serviceAccount', 'values': f'{_ACCOUNT} values.serviceAccount',
    },
    'annotations': {'podAnnotations': 'write podAnnotations', 'values': 'write values: {podAnnotations: …}'},
    'scheduling': {'nodeSelector': 'write its keys here, without scheduling'},
    'ingress': _ROUTE,
    'httpRoute': _ROUTE,
    'hpa': {'autoscaling': 'write autoscaling: {minReplicas: …, maxReplicas: …}'},
    'configMap': _FILES,
    'data': _FILES,
    **{
        name: {'scheduling': f'write it under scheduling: {name}'}
        for name in ('nodeSelector', 'tolerations', 'affinity', 'priorityClassName', 'runtimeClassName')
    },
}  # fmt: skip


def form_hint(path: Path, value: Any, known: Collection[str], in_values: Collection[str] = ()) -> str:
    """Return the hint for an unknown key, which ends `path`, or ''; `known` are the keys that are allowed there.

    `in_values` are the keys of values, if these have a place of their own.
    """
    key, parent, above = path[-1], *(*reversed(path[:-1]), '', '')[:2]
    forms = _IN_PROBE if parent in _PROBES else _IN_ENTRIES.get(str(above), {})
    if close := nearest(str(key), {*known, *forms}):  # a misspelt key is more likely this one than another of ours
        if above == 'env' and close == 'valueFrom':
            return _of_source(value)
        if close in forms:
            return forms[close]
    if parent == 'resources':
        return _of_resource(str(key), known)
    for needed, hint in _ANYWHERE.get(str(key), {}).items():
        if needed in known:
            return hint
    return f'write it under values: values.{key}' if key in in_values and 'values' in known else ''


def _of_source(value: Any) -> str:
    """A variable's value from elsewhere: from a Secret it has a form here, and a literal in its place would be seen."""
    sources = value if isinstance(value, dict) else {}
    reference = sources.get('secretKeyRef')
    if isinstance(reference, dict) and all(isinstance(reference.get(name), str) for name in ('name', 'key')):
        return f'write {{secret: {quoted(reference["name"])}, key: {quoted(reference["key"])}}} instead'
    hints = _IN_ENTRIES['env']
    return next((hints[name] for name in sources if name in hints), hints['valueFrom'])


def _of_resource(key: str, known: Collection[str]) -> str:
    if '/' in key and 'accelerators' in known:
        return f'write accelerators: {{{key}: <number>}}'
    return f'write it under requests and limits: limits: {{{key}: …}}' if '/' in key or key in ('cpu', 'memory') else ''


def list_hint(path: Path, value: Any) -> str:
    """Return the hint for a list in place of a map by name: its first entry shows how."""
    first = value[0] if value and isinstance(value[0], dict) else {}
    name = first.get('name') if isinstance(first.get('name'), str) else ''
    if path and path[-1] == 'env':
        form = _SECRET if 'valueFrom' in first else '{value: <text>}'
        return f'write a map: {{{quoted(name)[1:-1] if name else "<NAME>"}: {form}}}'
    if path and path[-1] == 'envFrom':
        return _ANYWHERE['envFrom']['env']
    shown = f', such as {quoted(name)},' if name else ''
    return f'write a name{shown} before each entry: maps are merged by name, lists are not'


def scalar_hint(path: Path) -> str:
    """Return the hint for a text or a number in place of a map, or ''."""
    if path[-2:-1] == ('env',):
        return f'write {{value: <text>}}, or for a Secret {_SECRET}'
    if path[-2:-1] == ('ports',):
        return 'write {containerPort: <number>, servicePort: <number>, appProtocol: http}'
    return 'write a map: {type: http, port: <name>, path: <path>}' if path and path[-1] in _PROBES else ''
