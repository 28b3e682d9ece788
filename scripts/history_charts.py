"""The first steps of the scripted history, which make charts of each class, and its last ones."""

from __future__ import annotations

from history_edits import Step, copied, pinned, replaced, reverted, version

_PODINFO = 'ghcr.io/stefanprodan/podinfo'


def _service(number: str, digest: str, more: str = '') -> str:
    return f'  - version: "{number}"\n    image: {_PODINFO}:{number}@sha256:{digest * 64}\n{more}'


_INTENTS = """\
  - version: "{0}"
    image: nvcr.io/nvidia/tritonserver:25.06-py3@sha256:75bcfa5b0043898ece3e603c17a5bbbb1c9bddc390563db24312ef59d83735e5
    artifact:
      uri: https://models.shop.example/intent-classifier/{0}/model.onnx
      sha256: {1}
      kind: onnx
      size: 260Mi
    signature:
      inputs:
        input_ids: {{dtype: int64, shape: [-1, {2}]}}
        attention_mask: {{dtype: int64, shape: [-1, {2}]}}
      outputs:
        logits: {{dtype: float32, shape: [-1, 64]}}
"""


FIRST = (
    Step(
        'more memory: a patch',
        edits=(replaced('registry/models/assistant-api.yaml', 'memory: 256Mi', 'memory: 512Mi'),),
    ),
    Step('the same model, built again: a patch', edits=(version('assistant-api', _service('1.8.1', 'a')),)),
    Step(
        'a new model with the same signature: a minor version',
        edits=(version('intent-classifier', _INTENTS.format('18', 'b' * 64, 64)),),
    ),
    Step('other inputs: a major version', edits=(version('intent-classifier', _INTENTS.format('19', 'c' * 64, 128)),)),
    Step(
        'only words: a patch without a restart',
        edits=(replaced('registry/models/shop-api.yaml', 'description: ', 'description: The shop. '),),
    ),
    Step(
        'another port of the Service: a major version',
        edits=(replaced('registry/models/assistant-api.yaml', 'servicePort: 80\n', 'servicePort: 8080\n'),),
    ),
    Step('to staging', ('pin', 'staging/assistant-api'), (pinned('staging/assistant-api', '1.8.1'),)),
    Step('to production', ('pin', 'prod/assistant-api'), (pinned('prod/assistant-api', '1.8.1'),)),
    Step(
        'the next version, asked to be a minor one',
        edits=(version('assistant-api', _service('1.8.2', 'd', '    bump: minor\n')),),
    ),
    Step('it goes to staging, too', ('pin', 'staging/assistant-api'), (pinned('staging/assistant-api', '1.8.2'),)),
    Step('back to what ran before', ('rollback', 'assistant-api', '--env', 'staging')),
    Step(
        'a hotfix of an older line',
        edits=(version('intent-classifier', _INTENTS.format('17.1', 'e' * 64, 64), before='18'),),
    ),
    Step(
        'settings of one release',
        edits=(
            replaced('registry/environments/staging.yaml', 'spec:\n', 'spec:\n  # Seen by on-call.\n'),
            replaced('registry/releases/staging/shop-api.yaml', 'spec:\n', 'spec:\n  # Sized in November.\n'),
        ),
    ),
    Step('a rollout by commits ends early', ('rollout', 'abort', 'prod/fund-recommender')),
    Step('and is cleaned up', ('rollout', 'finish', 'prod/fund-recommender')),
    Step(
        'a change that nobody wanted',
        edits=(replaced('registry/models/demand-forecaster.yaml', 'replicas: ', 'replicas: 1'),),
    ),
    Step('is taken back', edits=(reverted,)),
)

LAST = (
    Step(
        'a new release, and fewer old charts are to stay',
        edits=(
            copied(
                'registry/releases/local/demand-forecaster.yaml',
                'registry/releases/local/speech-recognizer.yaml',
                'demand-forecaster',
                'speech-recognizer',
            ),
            replaced('registry/settings.yaml', '  charts:\n', '  charts:\n    keep: 2\n'),
        ),
    ),
    Step('old charts go', ('prune',)),
    Step('a new starter', newer=True),
)
