"""Labelled changes of objects: pods that go or restart, routes, ports, rights, networks, logins, secrets."""

from __future__ import annotations

from review_bases import (
    CUSTOM,
    FLAGGER,
    IDENTITY,
    ISTIO,
    LLM,
    NGINX,
    PROD,
    RANKER,
    ROLLING,
    TWO_REGIONS,
    WEB,
    specs,
)  # fmt: skip
from review_corpus import NULL, Case, danger, drop, model, noise, put, several, values

SCALED = specs({**CUSTOM, 'autoscaling': {'minReplicas': 4, 'maxReplicas': 8}}, PROD)
KEDA = {'type': 'keda', 'keda': {'query': 'sum(x)'}}
LOGIN = specs({**CUSTOM, 'route': {'auth': 'jwt'}}, {**PROD, **IDENTITY})
LOGIN_ISTIO = specs({**CUSTOM, 'route': {'auth': 'jwt'}}, {**ISTIO, **IDENTITY})
SECRET = {'HF_TOKEN': {'secret': 'hub', 'key': 'token'}}
STORE = {'secretStore': {'name': 'vault', 'path': 'ml/@prod@'}}
IRSA = {'workloadIdentity': {'annotations': {'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/models'}}}
FRIEND = {'namespace': 'friend', 'ports': {'http': {'port': 'http'}}}
OPEN = specs(CUSTOM, {**PROD, 'values': {'networkPolicy': {'ingress': {'friend': FRIEND}}}})
LISTENER = specs(CUSTOM, {**PROD, 'gateway': {**PROD['gateway'], 'sectionName': 'https'}})
ALONE = specs(CUSTOM, ROLLING)
# The annotation by which helm knows its hooks, as a value.
HOOKED = specs({**CUSTOM, 'env': {'DOCS': {'value': 'https://helm.sh/hooks'}}}, ROLLING)

OBJECTS: dict[str, Case] = {
    # Pods.
    'pods halved': danger(WEB, values('replicaCount', value=2), 'pods-halved'),
    'pods to a quarter': danger(WEB, values('replicaCount', value=1), 'pods-halved'),
    'pods halved by the model': danger(WEB, model('replicas', value=2), 'pods-halved'),
    'pods halved by the environment': danger(WEB, put('prod', 'values', 'replicaCount', value=2), 'pods-halved'),
    'pods halved with Flagger': danger(specs(CUSTOM, FLAGGER), values('replicaCount', value=2), 'pods-halved'),
    'pods halved of an object that names hooks': danger(
        HOOKED, values('env', 'MODE', 'value', value='slow'), 'restart'
    ),
    'another namespace': danger(
        ALONE, put('prod', 'namespace', value='elsewhere-@prod@'), 'bootstrap', 'place-changed'
    ),
    'another cluster of Argo CD': danger(ALONE, put('prod', 'agentCluster', value='other'), 'bootstrap'),
    'a namespace that nobody makes': danger(
        specs(CUSTOM, {**ROLLING, 'createNamespace': True}), put('prod', 'createNamespace', value=False), 'bootstrap'
    ),
    'pods halved without rollouts': danger(ALONE, values('replicaCount', value=2), 'pods-halved'),
    'the fewest pods halved': danger(SCALED, values('autoscaling', 'minReplicas', value=2), 'pods-halved'),
    'no pods': danger(WEB, values('replicaCount', value=0), 'scale-to-zero'),
    'scaled by something else': danger(SCALED, values('autoscaling', value=KEDA), 'autoscaler'),
    'scaled by another query': danger(
        specs({**CUSTOM, 'autoscaling': {'minReplicas': 4, 'maxReplicas': 8}},
              {**PROD, 'values': {'autoscaling': KEDA}}),
        values('autoscaling', 'keda', 'query', value='sum(y)'), 'autoscaler',
    ),
    'no budget': danger(WEB, values('podDisruptionBudget', 'enabled', value=False), 'unguarded'),
    'a budget of all pods': danger(WEB, values('podDisruptionBudget', 'maxUnavailable', value='100%'), 'unguarded'),
    'a budget of most pods': danger(WEB, values('podDisruptionBudget', 'maxUnavailable', value='75%'), 'unguarded'),
    'few pods at most': danger(SCALED, values('autoscaling', 'maxReplicas', value=4), 'autoscaler'),
    'scaled under much more load': danger(
        SCALED, values('autoscaling', 'targetCPUUtilizationPercentage', value=10000), 'autoscaler'
    ),
    'an update ends all pods at once': danger(
        ALONE, put('prod', 'strategy', value={'rolling': {'maxSurge': 0, 'maxUnavailable': '100%'}}), 'unguarded'
    ),
    'a Secret of others': danger(
        ALONE,
        model('env', 'TOKEN', value={'secret': 'billing-db', 'key': 'password'}), 'secret-changed',
    ),
    'a Secret of its own': noise(ALONE, model('env', 'TOKEN', value={'secret': '@model@-db', 'key': 'password'})),
    'a load balancer beside the gateway': danger(
        WEB, put('prod', 'values', 'service', value={'type': 'LoadBalancer'}), 'open-service'
    ),
    'a variable': danger(WEB, values('env', 'MODE', 'value', value='slow'), 'restart'),
    'an annotation of pods': danger(
        WEB, put('prod', 'values', 'podAnnotations', value={'example.com/a': 'b'}), 'restart'
    ),
    'another spread': danger(WEB, values('topologySpread', 'maxSkew', value=2), 'restart'),
    'a slower probe': danger(WEB, values('readinessProbe', 'periodSeconds', value=30), 'restart'),
    'another priority': danger(WEB, put('prod', 'values', 'priorityClassName', value='low'), 'restart'),
    'llm: a variable, with a model to load': danger(
        LLM, put('prod', 'values', 'env', 'LOG', value={'value': 'x'}), 'restart'
    ),
    # Objects that go, and what clients know of them.
    'the release goes': danger(WEB, drop('prod-release'), 'object-removed'),
    'the route goes': danger(WEB, values('route', 'enabled', value=False), 'object-removed'),
    'the route goes with the model': danger(
        ALONE, model('route', value=None), 'object-removed', 'closed-network'
    ),
    'istio: the route goes': danger(
        specs(CUSTOM, {**ISTIO, 'strategy': {'rolling': {}}}), values('route', 'enabled', value=False), 'object-removed'
    ),
    'another port': danger(
        WEB, model('ports', value={'http': {'containerPort': 8080, 'servicePort': 9090}}), 'service-port'
    ),
    'tfs: the port of gRPC': danger(RANKER, model('ports', 'grpc', value={'containerPort': 8500, 'servicePort': 9000}),
                                    'service-port'),
    'a host of the other region': danger(
        TWO_REGIONS, several(put('prod', 'domain', value='eu.example'), put('eu', 'domain', value='shop.example')),
        'host-moved',
    ),
    # Rights.
    'a privileged pod': danger(
        WEB, put('prod', 'values', 'podSecurityContext', 'runAsNonRoot', value=False), 'restart', 'weaker-pod'
    ),
    'root': danger(WEB, put('prod', 'values', 'podSecurityContext', 'runAsUser', value=0), 'restart', 'weaker-pod'),
    'files that can be written': danger(
        WEB, put('prod', 'values', 'securityContext', 'readOnlyRootFilesystem', value=False), 'restart', 'weaker-pod'
    ),
    'more capabilities': danger(
        WEB, put('prod', 'values', 'securityContext', 'capabilities', value={'drop': ['NET_RAW']}),
        'restart', 'weaker-pod',
    ),
    'privileges by programs': danger(
        WEB, put('prod', 'values', 'securityContext', 'allowPrivilegeEscalation', value=True), 'restart', 'weaker-pod'
    ),
    # Networks.
    'open to a further namespace': danger(
        WEB, put('prod', 'values', 'networkPolicy', 'ingress', 'friend', value=FRIEND), 'weaker-network'
    ),
    'open to another namespace': danger(
        OPEN, put('prod', 'values', 'networkPolicy', 'ingress', 'friend', 'namespace', value='stranger'),
        'weaker-network',
    ),
    'open to the world': danger(
        WEB, put('prod', 'values', 'networkPolicy', 'egress', 'all', value={'cidr': '0.0.0.0/0'}), 'weaker-network'
    ),
    'no policy': danger(WEB, put('prod', 'values', 'networkPolicy', 'enabled', value=False), 'weaker-network'),
    'another listener': danger(LISTENER, put('prod', 'gateway', 'sectionName', value='http'), 'weaker-tls'),
    'all listeners': danger(LISTENER, put('prod', 'gateway', 'sectionName', value=None), 'weaker-tls'),
    'nginx: no login': danger(
        specs(
            {**CUSTOM, 'route': {'auth': 'oidc'}},
            {**NGINX, 'identity': {'authUrl': 'https://sso.example/auth', 'signInUrl': 'https://sso.example/start'}},
        ),
        put('prod', 'values', 'route', 'annotations', 'nginx.ingress.kubernetes.io/auth-url', value=NULL),
        'weaker-login',
    ),
    'nginx: no certificate': danger(specs(CUSTOM, NGINX), put('prod', 'tls', value=None), 'weaker-tls'),
    # Logins, Secrets and identities.
    'no login': danger(LOGIN, model('route', 'auth', value='none'), 'weaker-login'),
    'istio: no login': danger(LOGIN_ISTIO, model('route', 'auth', value='none'), 'weaker-login'),
    'another issuer': danger(
        LOGIN, put('prod', 'identity', 'issuer', value='https://other.example'), 'weaker-login', 'wider-grant'
    ),
    'any audience': danger(LOGIN, put('prod', 'identity', 'audiences', value=None), 'weaker-login', 'wider-grant'),
    'a login that clients do not have': danger(
        specs(CUSTOM, {**PROD, **IDENTITY}), model('route', 'auth', value='jwt'), 'weaker-login'
    ),
    'another Secret': danger(
        specs({**CUSTOM, 'env': SECRET}, PROD), model('env', 'HF_TOKEN', 'secret', value='other'),
        'secret-changed',
    ),
    'a Secret to pull with': danger(
        WEB, put('prod', 'values', 'imagePullSecrets', value={'login': {}}), 'restart', 'secret-changed'
    ),
    'another path of Secrets': danger(
        specs({**CUSTOM, 'env': SECRET}, {**PROD, **STORE}),
        put('prod', 'secretStore', 'path', value='ml/other-@prod@'), 'secret-changed', 'wider-grant',
    ),
    'another role in the cloud': danger(
        specs(CUSTOM, {**PROD, **IRSA}),
        put('prod', 'workloadIdentity', 'annotations',
            value={'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/admin'}),
        'identity-changed',
    ),
}  # fmt: skip
