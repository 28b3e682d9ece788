"""A feature of a strategy → a model that uses it; an engine, router and agent → an environment."""

from __future__ import annotations

from typing import Any

import registries as r

from generator.domain.choices import AGENTS, ENGINES, ROUTERS

GATEWAY: dict[str, Any] = {'gateway': {'name': 'public', 'namespace': 'gateways'}, 'domain': 'shop.example'}
MONITORING = {'namespace': 'monitoring', 'podMonitor': True, 'prometheus': 'http://prometheus.monitoring:9090'}
CHECKS = {
    'successRate': '>= 99.5%', 'p99': '<= 150ms',
    'queries': {'waiting': {'query': 'max(requests_waiting{SEL})', 'limit': '<= 3'}},
}  # fmt: skip
TEN = {'hold': '10m'}
WEIGHTS = [{'weight': 5, **TEN}, {'weight': 25, **TEN}, {'weight': 50, **TEN}]
HEADERS = {'headers': {'X-Canary': 'yes'}, **TEN}
EVERYWHERE = {'rules': {'all': {'path': '/'}}}
PATHS = {'route': {'rules': {'api': {'path': '/api'}}}}
RULES = {'rules': {'v1': {'path': '/v1'}, 'v2': {'path': '/v2'}}}
PORTS = {
    'http': {'containerPort': 8080, 'servicePort': 80, 'appProtocol': 'http'},
    'grpc': {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'},
}


def canary(steps: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return {'strategy': {'canary': {'steps': steps or WEIGHTS, **more}}}


def blue_green(**more: Any) -> dict[str, Any]:
    return {'strategy': {'blueGreen': more}}


GRPC = {'route': {'grpc': {'methods': {'predict': {'service': 'a.B', 'method': 'C'}}}}}
# The smallest spec of a model that uses each feature.
MODELS: dict[str, dict[str, Any]] = {
    'rolling': {'strategy': {'rolling': {'maxSurge': 2}}},
    'blueGreen': blue_green(),
    'blueGreen.previewReplicas': blue_green(previewReplicas=1),
    'blueGreen.approval': blue_green(approval=True),
    'blueGreen.keepOld': blue_green(keepOld='30m'),
    'blueGreen.checks': blue_green(checks=CHECKS),
    'blueGreen.grpc': {**blue_green(), **GRPC},
    'blueGreen.rules': {**blue_green(), 'route': RULES},
    'canary': canary(),
    'canary.headers': canary([HEADERS]),
    'canary.severalHeaders': canary([{**HEADERS, 'headers': {'X-Canary': 'yes', 'X-Team': 'ml'}}]),
    'canary.headersAndWeights': canary([HEADERS, *WEIGHTS]),
    'canary.headersOnPaths': {**canary([HEADERS]), **PATHS},
    'canary.mirrorOnPaths': {**canary([{'mirror': 20, **TEN}, *WEIGHTS]), **PATHS},
    'canary.checkInterval': canary(checks={**CHECKS, 'interval': '30s'}),
    'canary.mirror': canary([{'mirror': 20, **TEN}, *WEIGHTS]),
    'canary.severalMirrors': canary([{'mirror': 5, **TEN}, {'mirror': 50, **TEN}, *WEIGHTS]),
    'canary.replicas': canary(replicas=1),
    'canary.holds': canary([{'weight': 5, 'hold': '5m'}, {'weight': 50, 'hold': '1h'}]),
    'canary.approval': canary([{'weight': 5, **TEN}, {'weight': 50, **TEN, 'approval': True}]),
    'canary.approvalBetween': canary([{'weight': 5, **TEN, 'approval': True}, {'weight': 50, **TEN}]),
    'canary.keepOld': canary(keepOld='30m'),
    'canary.finishInPlace': canary(finish='inPlace'),
    'canary.dynamicStableScale': canary(dynamicStableScale=True),
    'canary.dynamicStableScaleAndKeepOld': canary(dynamicStableScale=True, keepOld='30m'),
    'canary.dynamicStableScaleAndReplicas': canary(dynamicStableScale=True, replicas=1),
    'canary.checks': canary(checks=CHECKS),
    'canary.grpc': {**canary(), **GRPC},
    'canary.rules': {**canary(), 'route': RULES},
}
SHORT = {'argo-rollouts': 'ar', 'native': 'na', 'flagger': 'fl', 'gateway-api': 'gw'}
ENVIRONMENTS = {
    '-'.join(SHORT.get(part, part) for part in (engine, router, agent)): (engine, router, agent)
    for engine in ENGINES for router in ROUTERS for agent in AGENTS
}  # fmt: skip


def model_name(feature: str) -> str:
    return ''.join(f'-{letter.lower()}' if letter.isupper() else letter for letter in feature).replace('.', '-')


def model(feature: str) -> r.Files:
    ports = {'ports': PORTS} if feature.endswith('.grpc') else {}
    runtime = 'custom' if ports else 'tensorflow-serving'
    return r.model(model_name(feature), runtime=runtime, **{'route': EVERYWHERE, **ports, **MODELS[feature]})


def environment(name: str) -> r.Files:
    engine, router, agent = ENVIRONMENTS[name]
    gate = {'gate': 'http://flagger-loadtester.flagger-system/gate/check'} if engine == 'flagger' else {}
    more = {'service': {}, 'gateway-api': {**GATEWAY, 'gateway': r.ENVOY['gateway']}}.get(router, GATEWAY)
    return r.environment(name, engine=engine, router=router, agent=agent, monitoring=MONITORING, **gate, **more)


def release(name: str, feature: str) -> r.Files:
    return r.release(name, model_name(feature), version='1', chart='1.0.0')
