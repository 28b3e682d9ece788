"""Objects of two sides: what comes, goes and changes, without noise; what pods do; one digest for both Helms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r

from generator.compare.difference import Difference, differences
from generator.compare.effects import is_immutable, new_templates, pods
from generator.compare.objects import Identity, digest, identity
from generator.documents.write import dump_yaml
from generator.domain.problems import ProblemsFound
from generator.pipeline.verify import helm_releases
from generator.tools.helm.binary import find_helm, template


def document(kind: str = 'Deployment', name: str = 'web', version: str = '1.0.0', **more: Any) -> bytes:
    labels = {'app.kubernetes.io/name': name, 'app.kubernetes.io/version': '7', 'helm.sh/chart': f'web-{version}'}
    found = {'apiVersion': 'apps/v1', 'kind': kind, 'metadata': {'name': name, 'labels': labels}, **more}
    return b'web/templates/objects.yaml\n' + dump_yaml(found).encode()


def workload(image: str = 'a', selector: str = 'web', kind: str = 'Deployment', **more: Any) -> bytes:
    template_ = {
        'metadata': {'labels': {'app': selector}},
        'spec': {'containers': [{'name': 'server', 'image': image}]},
    }
    return document(kind, spec={'selector': {'matchLabels': {'app': selector}}, 'template': template_, **more})


def told(found: list[Difference]) -> list[str]:
    return [f'{each.kind} {each.id}' + ''.join(f' {field.place}' for field in each.fields) for each in found]


def test_objects_come_go_and_change() -> None:
    old = [document(spec={'replicas': 1}), document('Service')]
    new = [document('Secret', type='Opaque'), document(spec={'replicas': 2})]
    assert told(differences(old, new)) == [
        'change Deployment web spec.replicas',
        'add Secret web',
        'remove Service web',
    ]


def test_labels_of_the_chart_and_the_order_of_documents_and_keys_are_no_difference() -> None:
    old = [document(spec={'a': 1, 'b': 2}), document('Service')]
    new = [document('Service', version='2.0.0'), document(version='2.0.0', spec={'b': 2, 'a': 1})]
    assert differences(old, new) == []
    assert digest(old) == digest(new)


def test_the_same_text_in_the_content_of_an_object_is_a_difference() -> None:
    data = 'x: 1\nhelm.sh/chart: web-{}\n'
    sides = [[document('ConfigMap', data={'file': data.format(version)})] for version in '12']
    assert told(differences(*sides)) == ['change ConfigMap web data.file']
    assert digest(sides[0]) != digest(sides[1])


def test_another_version_of_an_api_is_a_field_and_another_group_another_object() -> None:
    old = [b'x\napiVersion: autoscaling/v1\nkind: HPA\nmetadata: {name: web}\n']
    assert told(differences(old, [old[0].replace(b'/v1', b'/v2')])) == ['change HPA web apiVersion']
    other = [old[0].replace(b'autoscaling', b'other.io')]
    assert [each.kind for each in differences(old, other)] == ['remove', 'add']
    assert identity({'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'a'}}) == Identity('Pod', 'a')


def test_a_document_that_is_no_object_is_a_problem_of_its_release() -> None:
    with pytest.raises(ProblemsFound, match=r'values/prod/web\.yaml'):
        differences([b'x\n- a\n'], [], 'values/prod/web.yaml')


@pytest.mark.parametrize(
    ('old', 'new', 'happens', 'templates'),
    [
        (workload(), workload(replicas=3), 'none', 0),
        (workload(), workload('b'), 'restart', 1),
        (workload(), workload(selector='other'), 'recreate', 1),
        (workload(), workload(kind='StatefulSet'), 'recreate', 1),
        (document('Service', spec={'type': 'A'}), document('Service', spec={'type': 'B'}), 'none', 0),
    ],
)
def test_what_a_difference_does_to_pods(old: bytes, new: bytes, happens: str, templates: int) -> None:
    found = differences([old], [new])
    assert (pods(found), len(new_templates(found))) == (happens, templates)


def test_fields_that_the_api_server_does_not_change() -> None:
    (change,) = differences([workload()], [workload('b', 'other')])
    assert [field.place for field in change.fields if is_immutable(change, field)] == ['spec.selector.matchLabels.app']


def test_a_release_has_one_digest_for_both_helms(tmp_path: Path, helms: list[Path]) -> None:
    repository = r.Repository(tmp_path / 'ml', r.example())
    repository.publish()
    releases = helm_releases(repository.run())
    found = [
        {
            rendered.release.file: digest(rendered.documents)
            for rendered in template(find_helm({'HELM': str(helm)}), releases)
        }
        for helm in helms
    ]
    assert len(found[0]) == len(releases) > 20
    assert found[0] == found[1]
