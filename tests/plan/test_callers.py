"""Who calls a model: texts of registry files that name its Service."""

from __future__ import annotations

import pytest

from generator.plan.callers import named_in


@pytest.mark.parametrize(
    ('text', 'inside', 'outside'),
    [
        ('http://web:8080/v1', True, False),
        ('http://web/v1', True, False),
        ('web:9000', True, False),
        ('web', True, False),
        ('grpc://user@web', True, False),
        ('http://web.ml.svc.cluster.local:80', True, True),
        ('web.ml', True, True),
        ('web.ml.svc', True, True),
        ('http://web-api:8080', False, False),
        ('http://my.web:8080', False, False),
        ('web.ml-prod.svc', False, False),
        ('docker.example/web:1.2', False, False),
        ('the web app', False, False),
        ('http://other/web', False, False),
    ],
)
def test_a_host_is_found(text: str, inside: bool, outside: bool) -> None:
    document = {'spec': {'team': 'web', 'values': {'env': [{'value': text}]}}}
    for where, wanted in ((True, inside), (False, outside)):
        paths = list(named_in(document, 'web', 'ml', inside=where))
        assert paths == ([('spec', 'values', 'env', 0, 'value')] if wanted else [])
