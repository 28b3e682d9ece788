"""The steps of the scripted history that move what is there: promotions, rollbacks, regions, names, removals."""

from __future__ import annotations

from history_edits import Step, replaced, written

_NIGHT = '.git/bumps.yaml'  # as of a training pipeline; there git does not see it
_BUMPS = f"""\
bumps:
- model: parcel-inspector
  version: "5.1"
  artifact:
    uri: https://models.shop.example/parcel-inspector/5.1/model.tflite
    sha256: {'f' * 64}
    size: 5Mi
  notes: Wet parcels are not damaged ones
- model: speech-recognizer
  version: "3.3"
  artifact:
    uri: https://models.shop.example/speech-recognizer/3.3/openvino.tar.gz
    sha256: {'ab' * 32}
    size: 360Mi
  metrics: {{word error rate: 0.079}}
"""

_BUMPED = (
    Step('what was trained in the night', ('bump', '--file', _NIGHT), (written(_NIGHT, _BUMPS),)),
    Step(
        'a hotfix of the version that prod runs',
        (
            *('bump', 'shop-api', '3.4.1', '--after', '3.4.0', '--notes', 'No error for an empty basket'),
            *('--image', f'ghcr.io/stefanprodan/podinfo:6.9.2@sha256:{"c" * 64}'),
        ),
    ),
    Step(
        'it goes to prod, without staging, which has the next version',
        ('pin', 'prod/shop-api'),
        (
            replaced(
                'registry/releases/prod/shop-api.yaml',
                'version: "3.4.0"',
                'version: "3.4.1"\n  skipPromotion: a hotfix; staging runs 3.5.0',
            ),
        ),
    ),
)

_PROMOTED = (
    Step('one model goes on', ('promote', 'product-recommender', '--to', 'prod')),
    Step(
        'and then to the region, with what belongs to it', ('promote', '--application', 'e-commerce', '--to', 'prod-eu')
    ),
    Step(
        'nothing moves on busy days',
        ('lock', 'prod/shop-api', '--reason', 'Christmas sale', '--until', '2026-01-02T08:00:00Z'),
    ),
    Step('all that may move', ('promote', '--all', '--to', 'prod', '--skip-blocked')),
    Step('the sale ends earlier', ('unlock', 'prod/shop-api')),
    Step('the planners approve', ('rollout', 'advance', 'prod/demand-forecaster', '--approve')),
    Step('a day later the old pods go', ('rollout', 'advance', 'prod/demand-forecaster')),
    Step('nobody looks at belts at home', ('retire', 'parcel-inspector', '--env', 'local')),
)

_REGIONS = (
    Step(
        'another region',
        (
            *('environment', 'copy', 'prod-eu', 'prod-us', '--cluster', 'shop-prod-us', '--store-path', 'ml/prod-us'),
            *('--server', 'https://k8s.us.shop.example:6443', '--domain', 'us.shop.example'),
        ),
    ),
    Step('under another name', ('environment', 'rename', 'prod-us', 'prod-na')),
)

_BACK = (
    Step(
        'not in this region',
        ('rollback', 'product-recommender', '--env', 'prod-eu', '--reason', 'products that are not sold in the EU'),
    ),
    Step('the list of products was wrong, not the model', ('reinstate', 'prod-eu/product-recommender', '2026.11.0')),
    Step('model risk management has found nothing', ('reinstate', 'prod/fund-recommender', '43')),
    Step('so it starts again', ('rollout', 'start', 'prod/fund-recommender')),
    Step('with few requests', ('rollout', 'advance', 'prod/fund-recommender')),
)

_BY_HAND = (
    Step('the agent waits', ('suspend', 'prod/speech-recognizer', '--reason', 'the call centre tests a line by hand')),
    Step('it goes on', ('resume', 'prod/speech-recognizer')),
    Step(
        'an edit of a generated file is kept',
        ('adopt', 'prod/speech-recognizer'),
        (replaced('values/prod/speech-recognizer.yaml', 'maxReplicas: 12', 'maxReplicas: 16'),),
    ),
)

_MODEL = f"""\
apiVersion: chartloom/v1
kind: Model
metadata:
  name: refund-checker
spec:
  team: conversation
  description: Tells whether a customer gets the money back
  runtime: custom
  versions:
  - version: "1.0"
    image: registry.shop.example/refund-checker@sha256:{'d' * 64}
  resources:
    requests: {{cpu: 100m, memory: 128Mi}}
    limits: {{memory: 128Mi}}
"""

_NAMES = (
    Step('a model that nobody runs yet', edits=(written('registry/models/refund-checker.yaml', _MODEL),)),
    Step('under another name', ('model', 'rename', 'refund-checker', 'return-checker')),
    Step(
        'a host name outside of the domain',
        edits=(
            replaced(
                'registry/environments/prod.yaml',
                '  domain: shop.example\n',
                '  domain: shop.example\n  hostnames:\n    ask-shop.example: {application: e-commerce}\n',
            ),
        ),
    ),
    Step(
        'customer service takes it over',
        ('host', 'move', 'ask-shop.example', '--from', 'e-commerce', '--to', 'customer-service'),
    ),
    Step('no longer on laptops, but what runs stays', ('retire', 'fund-recommender', '--env', 'local', '--keep')),
    Step('the agent has applied it', ('retire', 'fund-recommender', '--env', 'local', '--keep')),
)

MOVES = (*_BUMPED, *_PROMOTED, *_REGIONS, *_BACK, *_BY_HAND, *_NAMES)
