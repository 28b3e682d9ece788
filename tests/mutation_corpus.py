"""The labelled corpus: what people change in a model, and what a new starter changes; see `mutations`."""

from __future__ import annotations

from typing import Any

import registries as r
from mutations import SIGNATURE, Mutation, both, default, drop, put, release, schema, text

_DIGEST = f'sha256:{"2" * 64}'
_OTHER: dict[str, Any] = {**SIGNATURE, 'outputs': {'z': {'dtype': 'float32', 'shape': [-1, 1]}}}
_WIDER: dict[str, Any] = {**SIGNATURE, 'inputs': {'x': {'dtype': 'float64', 'shape': [-1, 4]}}}
_NEW_KEY = {'description': 'New.', 'type': 'boolean'}


def _values(key: str, value: Any) -> Any:
    return put('values', key, value=value)


OF_MODELS = (
    # Model versions: the number says how much is new, the signature whether clients still fit.
    Mutation('retrained', 'patch', 'model version 1.4.0 → 1.4.1', 'restart', release('1.4.1')),
    Mutation('new-minor', 'minor', 'model version 1.4.0 → 1.5.0', 'restart', release('1.5.0')),
    Mutation('new-major', 'minor', 'model version 1.4.0 → 2.0.0', 'restart', release('2.0.0')),
    Mutation('dated', 'minor', 'model version 1.4.0 → 2026.11', 'restart', release('2026.11')),
    Mutation('candidate', 'patch', 'model version 1.4.0 → 1.4.1-rc.1', 'restart', release('1.4.1-rc.1')),
    Mutation('other-output', 'major', 'signature: outputs.y', 'restart', release('1.4.1', signature=_OTHER)),
    Mutation(
        'other-type',
        'major',
        'signature: inputs.x.dtype float32 → float64',
        'restart',
        release('1.4.1', signature=_WIDER),
    ),
    Mutation(
        'other-shape',
        'major',
        'signature: inputs.x.shape [-1, 4] → [-1, 5]',
        'restart',
        release('1.5.0', signature={**SIGNATURE, 'inputs': {'x': {'dtype': 'float32', 'shape': [-1, 5]}}}),
    ),
    Mutation(
        'further-input',
        'major',
        'signature: inputs.w is',
        'restart',
        release(
            '1.4.1', signature={**SIGNATURE, 'inputs': {**SIGNATURE['inputs'], 'w': {'dtype': 'int64', 'shape': [-1]}}}
        ),
    ),
    Mutation('asked-minor', 'minor', 'the model asks for a minor version', 'restart', release('1.4.1', bump='minor')),
    Mutation('asked-major', 'major', 'the model asks for a major version', 'restart', release('1.5.0', bump='major')),
    Mutation(
        'asked-less', 'major', 'signature: outputs.y', 'restart', release('1.4.1', bump='minor', signature=_OTHER)
    ),
    # The same model version with other bytes or settings.
    Mutation(
        'digest',
        'patch',
        'image.digest',
        'restart',
        put('versions', 0, 'image', value=f'registry.example/server:1.4.0@{_DIGEST}'),
    ),
    Mutation(
        'tag',
        'patch',
        'image.tag 1.4.0 → 1.4.0-slim',
        'restart',
        put('versions', 0, 'image', value=f'registry.example/server:1.4.0-slim@{r.DIGEST}'),
    ),
    Mutation('signature-told', 'minor', 'signature is not told any more', 'none', drop('versions', 0, 'signature')),
    Mutation(
        'memory',
        'patch',
        'resources.requests.memory 1Gi → 2Gi',
        'restart',
        put('resources', value={'requests': {'cpu': '500m', 'memory': '2Gi'}, 'limits': {'memory': '2Gi'}}),
    ),
    Mutation(
        'cpu', 'patch', 'resources.requests.cpu 500m → 1', 'restart', put('resources', 'requests', 'cpu', value='1')
    ),
    Mutation(
        'limit',
        'patch',
        'resources.limits.cpu is 2, was not set',
        'restart',
        put('resources', 'limits', 'cpu', value='2'),
    ),
    Mutation(
        'gpu', 'patch', 'resources.limits', 'restart', put('resources', 'accelerators', value={'nvidia.com/gpu': 1})
    ),
    Mutation('env', 'patch', 'env.LEVEL.value info → debug', 'restart', put('env', 'LEVEL', 'value', value='debug')),
    Mutation('env-new', 'patch', 'env.MODE', 'restart', put('env', 'MODE', value={'value': 'fast'})),
    Mutation('env-gone', 'patch', 'env.LEVEL', 'restart', drop('env', 'LEVEL')),
    Mutation('argument', 'patch', 'args', 'restart', put('args', value=['--fast'])),
    Mutation('parameter', 'patch', 'parameters.threads is 4', 'restart', put('parameters', value={'threads': 4})),
    Mutation(
        'file',
        'patch',
        'files.config',
        'restart',
        put('files', value={'config': {'mountPath': '/etc/web/config', 'content': 'a: 1\n'}}),
    ),
    Mutation(
        'probe',
        'patch',
        'readinessProbe',
        'restart',
        put('readinessProbe', value={'type': 'http', 'port': 'http', 'path': '/ready'}),
    ),
    Mutation('replicas', 'patch', 'replicaCount 2 → 3', 'none', put('replicas', value=3)),
    Mutation(
        'autoscaled',
        'patch',
        'autoscaling.enabled false → true',
        'none',
        put('autoscaling', value={'enabled': True, 'minReplicas': 2, 'maxReplicas': 9}),
    ),
    Mutation(
        'maximum',
        'patch',
        'autoscaling.maxReplicas',
        'none',
        put('autoscaling', value={'enabled': False, 'minReplicas': 2, 'maxReplicas': 9}),
    ),
    Mutation(
        'description',
        'patch',
        'only the text of Chart.yaml differs',
        'none',
        put('description', value='Answers quickly'),
    ),
    Mutation('team', 'patch', 'team', 'none', put('team', value='bank')),
    Mutation('slo', 'patch', 'route.timeout', 'none', put('slo', value={'p99': '100ms'})),
    # Ports and routes: what clients know.
    Mutation(
        'service-port',
        'major',
        'Service web: spec.ports[http].port 80 → 81',
        'none',
        put('ports', 'http', 'servicePort', value=81),
    ),
    Mutation(
        'app-protocol',
        'major',
        'Service web: spec.ports[http].appProtocol',
        'none',
        put('ports', 'http', 'appProtocol', value='kubernetes.io/ws'),
    ),
    Mutation('port-gone', 'major', 'Service web: spec.ports[grpc] is removed', 'restart', drop('ports', 'grpc')),
    Mutation(
        'port-renamed',
        'major',
        'Service web: spec.ports[grpc] is removed',
        'restart',
        lambda spec: spec['ports'].update(rpc=spec['ports'].pop('grpc')),
    ),
    Mutation(
        'port-new',
        'minor',
        'Service web: spec.ports[admin] is new',
        'restart',
        put('ports', 'admin', value={'containerPort': 9100, 'servicePort': 9100, 'appProtocol': 'http'}),
    ),
    Mutation(
        'container-port',
        'patch',
        'ports.http.containerPort 8080 → 8081',
        'restart',
        put('ports', 'http', 'containerPort', value=8081),
    ),
    Mutation(
        'rule', 'major', 'path /v1 is not routed any more', 'none', put('route', 'rules', 'main', 'path', value='/v2')
    ),
    Mutation(
        'rule-new', 'minor', 'path /admin is routed', 'none', put('route', 'rules', 'admin', value={'path': '/admin'})
    ),
    Mutation(
        'served-name', 'major', 'served name web → ranker', 'restart', put('servedName', value='ranker'), named=True
    ),
    Mutation(
        'method',
        'major',
        'method inference.GRPCInferenceService/ModelInfer is not routed any more',
        'none',
        put('route', 'grpc', 'methods', 'infer', 'method', value='ModelStreamInfer'),
        named=True,
    ),
    # Pods and what is around them.
    Mutation(
        'sidecar',
        'patch',
        'containers.proxy',
        'restart',
        put('containers', value={'proxy': {'image': {'repository': 'proxy', 'digest': r.DIGEST}}}),
    ),
    Mutation(
        'grace',
        'patch',
        'terminationGracePeriodSeconds 60 → 90',
        'restart',
        _values('terminationGracePeriodSeconds', 90),
    ),
    Mutation('history', 'patch', 'revisionHistoryLimit', 'none', _values('revisionHistoryLimit', 3)),
    Mutation(
        'priority', 'patch', 'priorityClassName', 'restart', put('scheduling', value={'priorityClassName': 'high'})
    ),
    Mutation('nodes', 'patch', 'nodeSelector', 'restart', put('scheduling', value={'nodeSelector': {'pool': 'gpu'}})),
    Mutation(
        'no-pdb',
        'major',
        'PodDisruptionBudget web is removed',
        'none',
        _values('podDisruptionBudget', {'enabled': False}),
    ),
    Mutation(
        'no-policy', 'major', 'NetworkPolicy web is removed', 'none', _values('networkPolicy', {'enabled': False})
    ),
    Mutation(
        'volume',
        'patch',
        'volumes.scratch',
        'restart',
        put('volumes', value={'scratch': {'type': 'emptyDir', 'mountPath': '/scratch', 'sizeLimit': '1Gi'}}),
    ),
    Mutation('runtime', 'major', 'runtime custom → bentoml', 'restart', put('runtime', value='bentoml')),
)

OF_STARTERS = (
    # Templates. Whatever a kind of object gets is a patch if nobody refers to it.
    Mutation(
        'selector',
        'major',
        'spec.selector',
        'recreate',
        starter=text(
            'templates/_helpers.tpl',
            'app.kubernetes.io/instance: {{ .root.Values.fullnameOverride | quote }}\n{{- with .track }}',
            'app.kubernetes.io/instance: {{ .root.Values.fullnameOverride | quote }}\n'
            'chartloom.dev/part: server\n{{- with .track }}',
        ),
    ),
    Mutation(
        'object-name',
        'major',
        'Service web is removed',
        'recreate',
        starter=text('templates/_helpers.tpl', '{{ printf "%s%s" .root', '{{ printf "m-%s%s" .root'),
    ),
    Mutation(
        'workload-kind',
        'major',
        'Deployment web becomes a StatefulSet',
        'recreate',
        starter=both(text('templates/deployment.yaml', 'kind: Deployment', 'kind: StatefulSet')),
    ),
    Mutation(
        'object-gone',
        'major',
        'PodDisruptionBudget web is removed',
        'none',
        starter=text('templates/pdb.yaml', 'if .Values.podDisruptionBudget.enabled', 'if false'),
    ),
    Mutation(
        'object-new',
        'minor',
        'ConfigMap web-info is new',
        'none',
        starter=text(
            'templates/serviceaccount.yaml',
            'apiVersion: v1',
            'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.fullnameOverride }}-info}\n'
            '---\napiVersion: v1',
        ),
    ),
    Mutation(
        'only-when-on',
        'major',
        'ServiceMonitor|PodMonitor',
        'none',
        starter=text('templates/podmonitor.yaml', 'kind: PodMonitor', 'kind: ServiceMonitor'),
    ),
    Mutation(
        'pods-template',
        'patch',
        'spec.template.spec.enableServiceLinks false → true',
        'restart',
        starter=text('templates/_pod.tpl', 'enableServiceLinks: false', 'enableServiceLinks: true'),
    ),
    Mutation(
        'object-field',
        'patch',
        'PodDisruptionBudget: spec.unhealthyPodEvictionPolicy',
        'none',
        starter=text('templates/pdb.yaml', 'AlwaysAllow', 'IfHealthyBudget'),
    ),
    Mutation(
        'pull-policy',
        'patch',
        'imagePullPolicy IfNotPresent → Always',
        'none',  # with the chart's own values, which write it
        starter=text('templates/_helpers.tpl', 'default "IfNotPresent"', 'default "Always"'),
    ),
    Mutation(
        'target-port',
        'patch',
        'targetPort',
        'none',
        starter=text(
            'templates/_helpers.tpl', 'targetPort: {{ $name | quote }}', 'targetPort: {{ int64 $port.containerPort }}'
        ),
    ),
    Mutation(
        'service-type',
        'major',
        'Service web: spec.type',
        'none',
        starter=text(
            'templates/service.yaml',
            'type: {{ .suffix | empty | ternary $.Values.service.type "ClusterIP" }}',
            'type: NodePort',
        ),
    ),
    Mutation(
        'metadata',
        'patch',
        'metadata.labels',
        'none',
        starter=text(
            'templates/_helpers.tpl',
            '"app.kubernetes.io/component" "model-server"',
            '"app.kubernetes.io/component" "server"',
        ),
    ),
    Mutation(
        'formatting', '', '', 'none', starter=text('templates/pdb.yaml', '# A pod that never', '# Any pod that never')
    ),
    Mutation(
        'same-objects',
        'patch',
        'only the text of templates/objects.yaml differs',
        'none',
        starter=text(
            'templates/pdb.yaml',
            '{{ toJson .Values.podDisruptionBudget.maxUnavailable }}',
            '{{ .Values.podDisruptionBudget.maxUnavailable | toJson }}',
        ),
    ),
    Mutation(
        'notes',
        'patch',
        'only the text of templates/NOTES.txt differs',
        'none',
        starter=text('templates/NOTES.txt', 'serves version', 'serves the version'),
    ),
    Mutation(
        'kube-version',
        'major',
        'kubeVersion >=1.30.0-0 → >=1.32.0-0',
        'none',
        starter=text('Chart.yaml', '>=1.30.0-0', '>=1.32.0-0'),
    ),
    Mutation(
        'kube-version-down',
        'minor',
        'kubeVersion >=1.30.0-0 → >=1.29.0-0',
        'none',
        starter=text('Chart.yaml', '>=1.30.0-0', '>=1.29.0-0'),
    ),
    Mutation(
        'fails',
        'major',
        'values that the chart before it took do not render any more',
        starter=text(
            'templates/pdb.yaml',
            '{{- if .Values.podDisruptionBudget.enabled }}',
            '{{- if .Values.autoscaling.enabled }}{{ fail "no" }}{{ end }}\n'
            '{{- if .Values.podDisruptionBudget.enabled }}',
        ),
    ),
    Mutation(
        'not-yaml',
        'major',
        'are not valid YAML',
        starter=text('templates/pdb.yaml', 'kind: PodDisruptionBudget', 'kind: PodDisruptionBudget\nkind: Twice'),
    ),
    # The values schema.
    Mutation(
        'value-gone',
        'major',
        'priorityClassName is removed',
        'none',
        starter=both(
            schema('properties', priorityClassName=None),
            text('values.schema.json', '"priorityClassName",', ''),
            text('values.yaml', 'priorityClassName: ""\n', ''),
        ),
    ),
    Mutation(
        'value-retyped',
        'major',
        'revisionHistoryLimit was integer and is string',
        'none',
        starter=both(
            schema('properties', 'revisionHistoryLimit', **{'type': 'string', '$ref': None}),
            text('values.yaml', 'revisionHistoryLimit: 5', 'revisionHistoryLimit: "5"'),
        ),
    ),
    Mutation(
        'enum-smaller',
        'major',
        "service.type may not be 'NodePort'",
        'none',
        starter=schema('properties', 'service', 'properties', 'type', enum=['ClusterIP', 'LoadBalancer']),
    ),
    Mutation(
        'enum-larger',
        'minor',
        "service.type may be 'ExternalName'",
        'none',
        starter=schema(
            'properties',
            'service',
            'properties',
            'type',
            enum=['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
        ),
    ),
    Mutation(
        'maximum-lower',
        'major',
        'autoscaling.maxReplicas: maximum 2,147,483,647 → 100',
        'none',
        starter=schema('properties', 'autoscaling', 'properties', 'maxReplicas', maximum=100),
    ),
    Mutation(
        'minimum-lower',
        'minor',
        'autoscaling.minReplicas: minimum 1 → 0',
        'none',
        starter=schema('properties', 'autoscaling', 'properties', 'minReplicas', minimum=0),
    ),
    Mutation(
        'pattern',
        'major',
        'fullnameOverride: pattern is another',
        'none',
        starter=schema('properties', 'fullnameOverride', pattern='^[a-z]([-a-z]*[a-z])?$'),
    ),
    Mutation(
        'longer',
        'minor',
        'fullnameOverride: maxLength 42 → 50',
        'none',
        starter=schema('properties', 'fullnameOverride', maxLength=50),
    ),
    Mutation(
        'shorter',
        'major',
        'fullnameOverride: maxLength 42 → 40',
        'none',
        starter=schema('properties', 'fullnameOverride', maxLength=40),
    ),
    Mutation(
        'required',
        'major',
        'image.digest is required',
        'none',
        starter=schema('definitions', 'image', required=['repository', 'digest']),
    ),
    Mutation(
        'value-new',
        'minor',
        'service.internal is new',
        'none',
        starter=schema('properties', 'service', 'properties', internal=_NEW_KEY),
    ),
    Mutation(
        'map-opened',
        'minor',
        'service takes other keys',
        'none',
        starter=schema('properties', 'service', additionalProperties=True),
    ),
    Mutation(
        'kind-wider',
        'minor',
        'autoscaling.minReplicas may also be string',
        'none',
        starter=schema('properties', 'autoscaling', 'properties', 'minReplicas', type=['integer', 'string']),
    ),
    Mutation(
        'description-of-key',
        'patch',
        'only the text of README.md differs',
        'none',
        starter=schema('properties', 'service', description='Another text.'),
    ),
    # Defaults.
    Mutation(
        'default-time',
        'patch',
        'terminationGracePeriodSeconds',
        'restart',
        starter=default('terminationGracePeriodSeconds', 75),
    ),
    Mutation(
        'default-off',
        'major',
        'NetworkPolicy web is removed',
        'none',
        starter=text('values.yaml', 'networkPolicy:\n  enabled: true', 'networkPolicy:\n  enabled: false'),
    ),
    Mutation('default-replicas', 'patch', 'replicaCount 2 → 1', 'none', starter=default('replicaCount', 1)),
    Mutation('default-history', 'patch', 'revisionHistoryLimit', 'none', starter=default('revisionHistoryLimit', 9)),
    Mutation(
        'default-surge', 'patch', 'strategy.rolling', 'none', starter=text('values.yaml', 'maxSurge: 1', 'maxSurge: 2')
    ),
    Mutation(
        'comment',
        'patch',
        'only the text of values.yaml differs',
        'none',
        starter=text('values.yaml', '# Number of pods;', '# The number of pods;'),
    ),
)

CORPUS = (*OF_MODELS, *OF_STARTERS)
