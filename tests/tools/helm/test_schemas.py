"""manifests.py against real schemas: the CRDs', Kubernetes' own, and small ones behind a server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from generator.documents.rendered import parse_documents
from generator.domain.problems import CommandFailed, Problem, ProblemsFound
from generator.tools.helm.binary import HelmRelease, find_helm, template
from generator.tools.helm.schemas import ObjectSchemas, check_objects

KUBERNETES = '{{ .NormalizedKubernetesVersion }}{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json'
CRDS = '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'
WIDGET = {
    '$schema': 'http://json-schema.org/schema#',
    'type': 'object',
    'additionalProperties': False,
    'required': ['spec'],
    'properties': {
        'apiVersion': {'type': 'string'},
        'kind': {'type': 'string'},
        'metadata': {'type': 'object'},
        'spec': {
            'type': 'object',
            'additionalProperties': False,
            'properties': {
                'size': {'type': 'integer'},
                'wait': {'type': 'string', 'format': 'duration'},
                'mode': {'type': 'string', 'pattern': '^(?i)(on|off)$'},
                'pattern': {'type': 'array', 'items': {'type': 'string', 'pattern': '^a'}},
            },
        },
    },
}


def widget(**spec: Any) -> dict[str, Any]:
    return {'apiVersion': 'example.com/v1', 'kind': 'Widget', 'metadata': {'name': 'one'}, 'spec': spec}


def deployment(**spec: Any) -> dict[str, Any]:
    labels = {'app': 'one'}
    pod = {'metadata': {'labels': labels}, 'spec': {'containers': [{'name': 'main', 'image': 'one'}]}}
    spec = {'selector': {'matchLabels': labels}, 'template': pod, **spec}
    return {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': 'one'}, 'spec': spec}


@pytest.fixture
def widgets(tmp_path: Path) -> Path:
    """A folder with the schema of one kind, in the CRD catalogue's layout."""
    file = tmp_path / 'schemas' / 'example.com' / 'widget_v1.json'
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(WIDGET))
    return tmp_path / 'schemas'


@pytest.fixture(scope='module')
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Kubernetes' own schemas with their references beside them, as in the folder v1.33.0-strict of kubeconform's."""
    given = Path(kubernetes_validate.__file__).parent / 'kubernetes-json-schema' / 'v1.33.0-local-strict'
    folder = tmp_path_factory.mktemp('kubernetes')
    folder.joinpath('v1.33.0-strict').mkdir()
    for name in ('_definitions.json', 'deployment-apps-v1.json'):
        text = given.joinpath(name).read_text(encoding='utf-8').replace('/api/_definitions.json#', '_definitions.json#')
        folder.joinpath('v1.33.0-strict', name).write_text(text, encoding='utf-8')
    return f'{folder}/{KUBERNETES}'


def found(obj: dict[str, Any], *locations: str | Path, version: str = '1.33') -> list[str]:
    return [
        str(p)
        for p in check_objects([('values/prod/one.yaml', obj)], ObjectSchemas([str(at) for at in locations]), version)
    ]


def test_places_are_those_of_kubeconform() -> None:
    fields = '{{.NormalizedKubernetesVersion}} {{.StrictSuffix}} {{ .ResourceKind }} {{.KindSuffix}} {{- .Group -}}'
    schemas = ObjectSchemas(['schemas/', 'default', f'{fields} {{{{.ResourceAPIVersion}}}}.json'])
    default = 'https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master'
    assert schemas.places('apps/v1', 'Deployment', '1.33') == [
        'schemas/v1.33.0-standalone-strict/deployment-apps-v1.json',
        f'{default}/v1.33.0-standalone-strict/deployment-apps-v1.json',
        'v1.33.0 -strict deployment -apps-v1 apps v1.json',
    ]
    assert schemas.places('networking.k8s.io/v1', 'HTTPRoute', 'v1.31.4')[0::2] == [
        'schemas/v1.31.4-standalone-strict/httproute-networking-v1.json',
        'v1.31.4 -strict httproute -networking-v1 networking.k8s.io v1.json',
    ]
    assert schemas.places('v1', 'ConfigMap', 'master')[0::2] == [
        'schemas/master-standalone-strict/configmap-v1.json',
        'master -strict configmap -v1 v1 v1.json',
    ]


def test_a_field_that_kubeconform_does_not_have_is_a_problem() -> None:
    with pytest.raises(ProblemsFound) as refused:
        ObjectSchemas(['https://me:t0ken@example.com/{{.Kind}}.json'])
    assert str(refused.value) == (
        "--schema-location: unknown field 'Kind' in 'https://***@example.com/{{.Kind}}.json'\n  hint: use "
        'NormalizedKubernetesVersion, StrictSuffix, ResourceKind, ResourceAPIVersion, Group, KindSuffix'
    )


def test_objects_of_kubernetes_itself(kubernetes: str) -> None:
    assert found(deployment(replicas=2), kubernetes) == []
    assert found(deployment(replicaz=2, replicas='two'), kubernetes) == [
        (
            "values/prod/one.yaml::$.spec: Deployment 'one': unknown field 'replicaz'\n"
            "  hint: see 'kubectl explain deployment.spec'"
        ),
        (
            'values/prod/one.yaml::$.spec.replicas: Deployment \'one\': "two" is not of types "null", "integer"\n'
            "  hint: see 'kubectl explain deployment.spec.replicas'"
        ),
    ]
    wrong = deployment()
    wrong['spec']['template']['spec']['containers'][0]['ports'] = [{'port': 80}]
    assert [text.split(' ')[0] for text in found(wrong, kubernetes)] == [
        'values/prod/one.yaml::$.spec.template.spec.containers[0].ports[0]:',
        'values/prod/one.yaml::$.spec.template.spec.containers[0].ports[0]:',
    ]


def test_every_crd_schema_can_be_used(crds: Path) -> None:
    schemas = ObjectSchemas([f'{crds}/{CRDS}'])
    files = sorted(crds.rglob('*_v*.json'))
    assert files
    for file in files:
        kind, _, version = file.stem.rpartition('_')
        assert schemas.find(f'{file.parent.name}/{version}', kind, '1.33') is not None


def test_objects_of_crds(crds: Path, kubernetes: str) -> None:
    route = {
        'apiVersion': 'gateway.networking.k8s.io/v1',
        'kind': 'HTTPRoute',
        'metadata': {'name': 'one'},
        'spec': {'rules': [{'timeouts': {'request': '2s'}}]},
    }
    assert found(route, kubernetes, f'{crds}/{CRDS}') == []
    route['spec'] = {'rulez': []}
    assert found(route, kubernetes, f'{crds}/{CRDS}') == [
        (
            "values/prod/one.yaml::$.spec: HTTPRoute 'one': unknown field 'rulez'\n"
            "  hint: see 'kubectl explain httproute.spec'"
        )
    ]


def test_locations_are_tried_in_order(widgets: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / 'open' / 'v1.33.0-standalone-strict'
    open_folder.mkdir(parents=True)
    (open_folder / 'widget-example-v1.json').write_text('{}')
    assert found(widget(colour=1), open_folder.parent, f'{widgets}/{CRDS}') == []
    assert len(found(widget(colour=1), f'{widgets}/{CRDS}', open_folder.parent)) == 1
    assert len(found(widget(colour=1), open_folder.parent, f'{widgets}/{CRDS}', version='1.34')) == 1


def test_a_kind_without_a_schema_is_one_problem(widgets: Path) -> None:
    objects = [(f'values/{number}.yaml', {**widget(), 'kind': 'Gadget'}) for number in range(3)]
    schemas = ObjectSchemas(['schemas', f'{widgets}/{CRDS}'])
    problems = check_objects([*objects, ('good', widget())], schemas, '1.33') + check_objects(objects, schemas, '1.33')
    looked = f'schemas/v1.33.0-standalone-strict/gadget-example-v1.json, {widgets}/example.com/gadget_v1.json'
    assert problems == [
        Problem(
            'values/0.yaml',
            '',
            "schema for 'example.com/v1 Gadget' not found",
            f'searched {looked}; add a --schema-location that has it',
        )
    ]


@pytest.mark.parametrize(
    ('apart', 'shown'),
    [
        ({'kind': None}, 'example.com/v1 '),
        ({'kind': '../../etc/passwd'}, 'example.com/v1 ../../etc/passwd'),
        ({'apiVersion': '../v1'}, '../v1 Widget'),
        ({'apiVersion': 1}, '1 Widget'),
    ],
)
def test_what_is_no_kubernetes_object(apart: dict[str, Any], shown: str, widgets: Path) -> None:
    assert found({**widget(), **apart}, f'{widgets}/{CRDS}') == [
        f"values/prod/one.yaml: invalid apiVersion and kind '{shown}'\n  hint: add a valid apiVersion and kind"
    ]


def test_patterns_and_formats_of_go_are_no_reason_to_refuse(widgets: Path) -> None:
    assert found(widget(mode='ON', wait='1h30m', pattern=['ab']), f'{widgets}/{CRDS}') == []
    assert len(found(widget(pattern=['b']), f'{widgets}/{CRDS}')) == 1


def test_messages_stay_short(widgets: Path) -> None:
    (text,) = found(widget(size='x' * 5000), f'{widgets}/{CRDS}')
    assert len(text) < 400
    assert 'x" is not of type "integer"\n' in text


def test_a_schema_that_is_none_is_a_problem(widgets: Path) -> None:
    file = widgets / 'example.com' / 'widget_v1.json'
    for text in ('<html>', '{"type": "strange"}', '[]', 'true'):
        file.write_text(text)
        with pytest.raises(ProblemsFound, match='invalid JSON schema: '):
            found(widget(), f'{widgets}/{CRDS}')


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *ignored: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(widgets: Path) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=widgets)) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_schemas_from_a_server_are_kept(server: ThreadingHTTPServer, widgets: Path, tmp_path: Path) -> None:
    location = f'http://127.0.0.1:{server.server_port}/{CRDS}'
    cache = tmp_path / 'cache' / 'schemas'
    objects = [('one', widget(colour=1)), ('two', {**widget(), 'kind': 'Gadget'})]
    first = check_objects(objects, ObjectSchemas([location], cache), '1.33')
    assert [problem.file for problem in first] == ['one', 'two']
    (widgets / 'example.com' / 'widget_v1.json').unlink()
    assert check_objects(objects, ObjectSchemas([location], cache), '1.33') == first
    assert [problem.message for problem in check_objects(objects[:1], ObjectSchemas([location]), '1.33')] == [
        "schema for 'example.com/v1 Widget' not found"
    ]
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize('text', ['<html>log in first</html>', 'true', '[]', '{"type": "strange"}', '\xff'])
@pytest.mark.parametrize('kept', [False, True])
def test_what_is_no_schema_is_not_kept(
    text: str, kept: bool, server: ThreadingHTTPServer, widgets: Path, tmp_path: Path
) -> None:
    """A server that wants a password may answer 200, and be asked again; so is it for what an older chartloom kept."""
    location = f'http://127.0.0.1:{server.server_port}/{CRDS}'
    cache, file = tmp_path / 'cache', widgets / 'example.com' / 'widget_v1.json'
    good = file.read_bytes()
    file.write_text(text)
    with pytest.raises(ProblemsFound, match=r'^http://127.0.0.1:\d+/example.com/widget_v1.json: invalid JSON schema: '):
        check_objects([('one', widget())], ObjectSchemas([location], cache), '1.33')
    assert not cache.exists() or not list(cache.iterdir())
    file.write_bytes(good)
    if kept and '{' not in text:
        check_objects([('one', widget())], ObjectSchemas([location], cache), '1.33')
        (only,) = cache.iterdir()
        only.write_text(text)
    assert check_objects([('one', widget())], ObjectSchemas([location], cache), '1.33') == []


def test_a_server_that_gives_no_answer_is_a_failed_command() -> None:
    with pytest.raises(CommandFailed):
        found(widget(), f'http://127.0.0.1:1/{CRDS}')


SCALARS = """
yes on no Off y n Y N ON true True TRUE tRue false null Null NULL ~ nULL 1_000 0o17 017 089 0x1F 0X1f +0x1F -0x1F 1e3
1E3 1e+3 1e-3 .5 1. +1 -1 -.5 +.5 0b1 0b101 -0b1 0B1 12:30 1:2:3 2024-01-01 = 1__0 1_ _1 0 00 08 0o8 0x 0b 0b2 . ..
1.2.3 1.10 1e 1e400 -0 -0.0 +0 0.1e1 1e22
1000000 12345678.0 3.0 0_ 0x_1F 1_0.5_0 1_e3 2001-12-14t21:59:43.10-05:00 <<x a:b 1,000 +1_0 +12e03 -2E+05 0. 0.0 -1.
1.e1 .e1 ._5 .5_ 5_.5 0777 -017 +017 -0o17 0o1_7 infinity inf nan NaN +.5e1 --1 ++1 1+1 0x1.8p1 1p4 0b1_0 0b_1 .1e-2
07.5 0100e1 1_1e1_1 "yes" '1' "\\u00e9\\N"
"""


def test_yaml_is_read_as_helm_reads_it(helm: Path, tmp_path: Path) -> None:
    flow = ['!!str 1', '{a: http://b, c: 1}', '{a: "b:c"}', '[a, b:c, yes]', '&a {x: 1}', '*a', '{<<: *a, y: 2}']
    text = '\n'.join(f'k{number}: {value}' for number, value in enumerate(['', *SCALARS.split(), *flow]))
    text += '\n\n# a comment\nyes: key\n1: key\n"<": |+\n  text\n\n'
    assert parse_documents(text, 'f') == [helm_reads(text, helm, tmp_path)]


def helm_reads(text: str, helm: Path, folder: Path) -> Any:
    chart = folder / 'one'
    (chart / 'templates').mkdir(parents=True)
    (chart / 'Chart.yaml').write_text('apiVersion: v2\nname: one\nversion: 1.0.0\n')
    (chart / 'text').write_text(text)
    (chart / 'templates' / 'a.yaml').write_text('read: {{ .Files.Get "text" | fromYaml | toJson | quote }}')
    release = HelmRelease('one', 'prod', '1.33', chart, {}, 'digest', 'values.yaml')
    (rendered,) = template(find_helm({'HELM': str(helm)}), [release])
    return json.loads(parse_documents(rendered.text)[0]['read'])


def test_documents_are_split_and_empty_ones_left_out() -> None:
    text = '# first\n---\n---\na: 1\n...\n---\n# none\n---\nb: |\n  ---\n  x\n'
    assert parse_documents(text) == [{'a': 1}, {'b': '---\nx\n'}]
    assert parse_documents('') == []


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: 1\nb: 2\na: 3\n', "invalid YAML: duplicate key 'a'"),
        ('yes: 1\ntrue: 3\n', "invalid YAML: duplicate key 'true'"),
        ('a: [1', "invalid YAML: expected ',' or ']', but got '<stream end>'"),
        ('a: *b', "invalid YAML: anchor 'b' not found"),
        ('- a', 'a document is not an object'),
        ('a', 'a document is not an object'),
    ],
)
def test_text_that_is_no_object(text: str, message: str) -> None:
    with pytest.raises(ProblemsFound) as refused:
        parse_documents(text, 'values/prod/one.yaml')
    assert [(p.file, p.message) for p in refused.value.problems] == [('values/prod/one.yaml', message)]
