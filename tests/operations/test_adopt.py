"""`chartloom adopt`: a hand edit in a generated file becomes a value of the registry, or is refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import DELIVERY, VALUES, Checkout, answered, chartloom, clone, new
from parts import git

RELEASE = 'registry/releases/prod/web.yaml'
TEXT = """\
# the shop
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  version: "1"
  chart: 1.0.0
  values:
    # six of them
    replicaCount: 6  # for Monday
"""


def repository(top: Path, agent: str = 'argocd') -> Checkout:
    files = {
        **r.settings(), **r.model('web'), **r.environment('prod', agent=agent),
        RELEASE: TEXT.encode(),
    }  # fmt: skip
    found = new(top, files)
    assert found.commit().commit
    return found


def edit(made: Checkout, path: str, old: str, new_: str) -> None:
    text = made.read(path)
    assert text.count(old) == 1, text
    made.write({path: text.replace(old, new_)})


def run(made: Checkout, *arguments: str, code: int = 0) -> dict[str, Any]:
    return answered(made, 'adopt', *arguments, code=code)


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
@pytest.mark.parametrize('path', [VALUES, DELIVERY])
def test_a_value_is_taken_into_the_registry(agent: str, path: str, tmp_path: Path) -> None:
    made = repository(tmp_path, agent)
    edit(made, path, 'replicaCount: 6', 'replicaCount: 8')
    found = run(made, 'prod/web')
    assert found['values'] == [{'release': 'prod/web', 'path': 'replicaCount', 'from': '6', 'to': '8'}]
    assert made.read(RELEASE) == TEXT.replace('Count: 6', 'Count: 8')
    assert 'replicaCount: 8\n' in made.read(VALUES)
    assert 'replicaCount: 8\n' in made.read(DELIVERY)
    assert (made.files(), made.status()) == (sorted([DELIVERY, RELEASE, VALUES]), [])
    message = git(made.folder, 'log', '-1', '--format=%B')
    assert message.startswith('Adopt the hand edits of prod/web\n\nprod/web: replicaCount: 6 → 8\n')
    assert 'Chartloom-Operation: adopt prod/web' in message
    assert chartloom(made.folder, 'plan', '--exit-code').returncode == 0
    assert run(made, 'prod/web')['changed'] is False
    done = chartloom(made.folder, 'adopt', path)
    assert done.stdout.splitlines() == ['nothing to do: no value was edited by hand']


def test_new_and_removed_values(tmp_path: Path) -> None:
    made = repository(tmp_path)
    edit(made, VALUES, 'replicaCount: 6', 'resources:\n  limits:\n    memory: 4Gi\nterminationGracePeriodSeconds: 90')
    found = run(made, f'./{VALUES}')
    assert [(row['path'], row['from'], row['to']) for row in found['values']] == [
        ('replicaCount', '6', 'nothing'),
        ('resources', 'nothing', '{"limits": {"memory": "4Gi"}}'),
        ('terminationGracePeriodSeconds', 'nothing', '90'),
    ]
    assert made.read(RELEASE).endswith(
        '  values:\n    # six of them\n'
        '    resources:\n      limits:\n        memory: 4Gi\n    terminationGracePeriodSeconds: 90\n'
    )


def test_what_a_release_may_not_set_is_refused_by_its_check(tmp_path: Path) -> None:
    made = repository(tmp_path)
    edit(made, VALUES, 'replicaCount: 6', 'replicaCount: 6\nargs: [--quiet]')
    before = made.everything()
    (found,) = run(made, 'prod/web', code=1)['problems']
    assert (found['path'], found['message']) == ('$.spec.values.args', 'a release may not set the args')
    assert made.everything() == before


def test_both_files_say_the_same_or_it_is_refused(tmp_path: Path) -> None:
    made = repository(tmp_path)
    edit(made, VALUES, 'replicaCount: 6', 'replicaCount: 8')
    edit(made, DELIVERY, 'replicaCount: 6', 'replicaCount: 9')
    assert run(made, 'prod/web', code=1)['problems'] == [
        {
            'file': DELIVERY,
            'path': '$.spec.source.helm.valuesObject.replicaCount',
            'message': f'9 here, 8 in {VALUES}',
            'hint': 'write the same into both, or undo one',
        }
    ]
    edit(made, DELIVERY, 'replicaCount: 9', 'replicaCount: 8')
    assert run(made, VALUES, DELIVERY)['changed'] is True


def test_what_is_no_value_is_refused_with_the_reason(tmp_path: Path) -> None:
    made = repository(tmp_path)
    edit(made, DELIVERY, 'project: chartloom-prod', 'project: default')
    before = made.everything()
    assert run(made, 'prod/web', code=1)['problems'] == [
        {
            'file': DELIVERY,
            'path': '$.spec.project',
            'message': 'is no value: it follows from the registry, the environment and chartloom itself',
            'hint': 'undo it',
        }
    ]
    assert made.everything() == before
    done = chartloom(made.folder, 'adopt', 'charts/web/1.0.0/values.yaml')
    assert (done.returncode, 'expected ENV/MODEL, or a file of values/ or delivery/' in done.stderr) == (2, True)


def test_what_chartloom_writes_otherwise_is_refused(tmp_path: Path) -> None:
    made = repository(tmp_path)
    made.write(r.environment('prod', values={'replicaCount': 4}))
    made.commit()
    edit(made, VALUES, 'replicaCount: 6\n', '')
    (found,) = run(made, 'prod/web', code=1)['problems']
    assert (found['file'], found['path'], found['hint']) == (
        VALUES,
        '$.replicaCount',
        'undo it, and change what it follows from',
    )
    assert found['message'] == 'nothing cannot be adopted: chartloom writes 4 here'


def test_a_committed_edit_without_a_checkout(tmp_path: Path, origin: Path) -> None:
    made = repository(tmp_path / 'here')
    edit(made, VALUES, 'replicaCount: 6', 'replicaCount: 8')
    done = chartloom(made.folder, 'generate')
    assert "under spec.values ('chartloom adopt prod/web' does), or run" in done.stderr
    made.git('commit', '--quiet', '--all', '--message', 'by hand')
    made.git('push', '--quiet', str(origin), 'HEAD:main')
    done = chartloom(tmp_path, 'adopt', 'prod/web', '--repo', str(origin))
    assert done.returncode == 0, done.stderr
    assert 'prod/web: replicaCount: 6 → 8' in done.stdout
    there = clone(origin, tmp_path / 'there')
    assert there.read(RELEASE) == TEXT.replace('Count: 6', 'Count: 8')
