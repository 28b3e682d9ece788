"""A command on one model is checked together with the members of its applications."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r

from generator.domain.problems import ProblemsFound

NGINX = {**r.GATEWAY, 'router': 'nginx'}
PORT = {'containerPort': 9000, 'servicePort': 9000, 'appProtocol': 'kubernetes.io/h2c'}
ROUTE = {'ports': {'grpc': PORT}, 'route': {'grpc': {'hostname': 'calls'}}}


def repository(folder: Path) -> r.Repository:
    """An application of two models whose Ingresses have names of their own."""
    models = r.model('web', route={}) | r.model('web-grpc', route={}) | r.model('other')
    files = r.settings() | models | r.following('prod', **NGINX) | r.application('shop', ['web', 'web-grpc'])
    for model in ('web', 'web-grpc', 'other'):
        files |= r.release('prod', model)
    found = r.Repository(folder / 'repository', files)
    found.publish()
    return found


def test_the_other_members_count(tmp_path: Path) -> None:
    here = repository(tmp_path)
    here.write(r.model('web', **ROUTE))
    with pytest.raises(ProblemsFound) as found:
        here.generate(('web',))
    assert [problem.rule for problem in found.value.problems] == ['object-names']
    assert "Ingress 'web-grpc'" in found.value.problems[0].message
    # Models that are in no application of it do not count: a run over everything sees them.
    here.write(r.application('shop', ['web', 'other']))
    assert here.generate(('web',)).changed
    with pytest.raises(ProblemsFound):
        here.generate()


def test_their_own_problems_do_not(tmp_path: Path) -> None:
    here = repository(tmp_path)
    here.write(r.model('web-grpc', runtime='unknown') | r.model('web', replicas=3))
    assert here.generate(('web',)).changed
