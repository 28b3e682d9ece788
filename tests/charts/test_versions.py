"""Charts are append-only: what makes a new chart version and what does not, and that a pin keeps what it has."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from charting import make_charts
from gitops import SMALL, published
from parts import git

from generator.charts import versions as module
from generator.charts.ledger import dump_ledger, read_ledger
from generator.charts.schema import FILLED
from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts, digest, manifest_digest, next_version
from generator.domain.generated import LedgerEntry, Starter, Templates
from generator.domain.layout import ledger_file
from generator.domain.problems import ProblemsFound
from generator.domain.records import Model, ModelVersion
from generator.domain.settings import Settings
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository

SETTINGS = Settings('registry/settings.yaml', {'repository': {'url': 'https://git.example/ml.git'}})
TEMPLATES = load_templates()
Base = tuple[LedgerEntry, ...]


def a_model(*versions: dict[str, Any], name: str = 'web', **spec: Any) -> Model:
    listed = list(versions) or [r.version()]
    whole = {'team': 'shop', 'description': 'Answers', 'runtime': 'custom', 'versions': listed, **spec}
    parsed = tuple(ModelVersion(v['version'], v['image'], v) for v in listed)
    return Model(name, f'registry/models/{name}.yaml', whole, parsed)


def charts(
    model: Model, base: Base = (), templates: Templates = TEMPLATES, settings: Settings = SETTINGS
) -> ModelCharts:
    return make_charts(model, settings, templates, base)


def listing(made: ModelCharts) -> list[tuple[str, str, str]]:
    return [(entry.version, entry.model_version, entry.bump) for entry in made.ledger]


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_every_model_version_gets_a_chart_and_the_first_is_1_0_0() -> None:
    made = charts(a_model(r.version('7'), r.version('8'), r.version('2026.11.0')))
    assert listing(made) == [('1.0.0', '7', 'initial'), ('1.0.1', '8', 'patch'), ('1.0.2', '2026.11.0', 'patch')]
    assert [made.newest(version).version for version in ('7', '8', '2026.11.0')] == ['1.0.0', '1.0.1', '1.0.2']  # type: ignore[union-attr]
    assert made.newest('9') is None


def test_numbers_are_counted_and_not_sorted_as_text() -> None:
    assert next_version('1.0.9', 'patch') == '1.0.10'
    assert next_version('1.9.9', 'minor') == '1.10.0'
    assert next_version('9.1.1', 'major') == '10.0.0'
    made = charts(a_model(*(r.version(str(number)) for number in range(12))))
    assert listing(made)[-1][:2] == ('1.0.11', '11')
    assert [entry.version for entry in made.ledger] == [f'1.0.{number}' for number in range(12)]


def test_nothing_changed_makes_nothing() -> None:
    model = a_model(r.version('1'), r.version('2'))
    first = charts(model)
    again = charts(model, first.ledger)
    assert again.ledger == first.ledger
    # Only the newest is made again, to be compared; it is the same, byte for byte.
    assert list(again.charts) == ['1.0.1']
    assert again.charts['1.0.1'].files == first.charts['1.0.1'].files


CHANGES: dict[str, dict[str, Any]] = {
    'team': {'team': 'other'},
    'description': {'description': 'Answers more'},
    'runtime': {'runtime': 'triton'},
    'parameters': {'parameters': {'level': 'debug'}},
    'env': {'env': {'A': {'value': 'b'}}},
    'ports': {'ports': {'http': {'containerPort': 9000}}},
    'resources': {'resources': {'requests': {'cpu': '3'}}},
    'accelerators': {'resources': {'accelerators': {'nvidia.com/gpu': 1}}},
    'replicas': {'replicas': 7},
    'autoscaling': {'autoscaling': {'minReplicas': 3}},
    'slo': {'slo': {'p99': '20ms'}},
    'timeout': {'traffic': {'timeout': '3s'}},
    'command': {'command': ['/serve']},
    'args': {'args': ['a']},
    'volumes': {'volumes': {'cache': {'type': 'emptyDir', 'mountPath': '/cache'}}},
    'files': {'files': {'a.conf': {'content': 'x', 'mountPath': '/etc/a.conf'}}},
    'containers': {'containers': {'proxy': {'image': {'repository': 'envoy'}}}},
    'route': {'route': {'hostname': 'www'}},
    'scheduling': {'scheduling': {'nodeSelector': {'pool': 'ml'}}},
    'test': {'test': {'path': '/ping'}},
    'values': {'values': {'minReadySeconds': 9}},
}
VERSION_CHANGES: dict[str, dict[str, Any]] = {
    'image': {'image': f'registry.example/server:1@sha256:{"9" * 64}'},
    'notes': {'notes': 'Mended'},
    'released': {'released': '2026-11-22'},
    'metrics': {'metrics': {'auc': 0.9}},
    'artifact': {'artifact': {**r.ARTIFACT, 'kind': 'archive'}},
    'signature': {'signature': {'inputs': {'x': {'dtype': 'int8', 'shape': []}}, 'outputs': {}}},
}


@pytest.mark.parametrize('what', [*CHANGES, *VERSION_CHANGES])
def test_any_change_of_a_model_makes_exactly_one_patch_of_its_newest_version(what: str) -> None:
    first = charts(a_model(r.version('1'), r.version('2')))
    newest = r.version('2') | VERSION_CHANGES.get(what, {})
    changed = charts(a_model(r.version('1'), newest, **CHANGES.get(what, {})), first.ledger)
    assert changed.ledger[:-1] == first.ledger
    assert listing(changed)[-1] == ('1.0.2', '2', 'patch')
    assert list(changed.charts) == ['1.0.2']
    (reason,) = changed.ledger[-1].reasons
    assert (
        json.dumps(reason)[1:-1]
        in yaml.safe_load(changed.charts['1.0.2'].files['Chart.yaml'])['annotations']['artifacthub.io/changes']
    )
    # And it is settled then.
    again = charts(a_model(r.version('1'), newest, **CHANGES.get(what, {})), changed.ledger)
    assert again.ledger == changed.ledger


def test_the_reasons_name_what_changed(tmp_path: Path) -> None:
    files = r.settings() | r.model() | r.following() | r.release()
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    for change, reasons in (
        ({'replicas': 9}, ['replicaCount 2 → 9']),
        (
            {'replicas': 9, 'description': 'Other words'},
            ['only the text of Chart.yaml differs', 'only the text of README.md differs'],
        ),
    ):
        repository.write(r.model(**change))
        repository.publish()
        entries = read_ledger((repository.folder / ledger_file('web')).read_bytes(), 'f')
        assert [*entries[-1].reasons] == reasons


def test_an_older_model_version_keeps_its_chart() -> None:
    first = charts(a_model(r.version('1'), r.version('2')))
    other = charts(a_model(r.version('1', notes='Other'), r.version('2'), description='Other'), first.ledger)
    assert other.ledger[0] == first.ledger[0]
    assert '1.0.0' not in other.charts


def test_a_version_that_comes_in_between_or_goes_keeps_the_history() -> None:
    first = charts(a_model(r.version('1'), r.version('3')))
    more = charts(a_model(r.version('1'), r.version('2'), r.version('3')), first.ledger)
    assert listing(more) == [*listing(first), ('1.0.2', '2', 'patch')]
    fewer = charts(a_model(r.version('3')), more.ledger)
    assert fewer.ledger == more.ledger


def test_going_back_to_an_earlier_content_is_a_new_version_too() -> None:
    """The newest chart of a version is the one that counts; an old folder would be found by nobody."""
    a, b = a_model(), a_model(replicas=9)
    first = charts(a)
    second = charts(b, first.ledger)
    third = charts(a, second.ledger)
    assert [entry.version for entry in third.ledger] == ['1.0.0', '1.0.1', '1.0.2']
    assert third.ledger[2].content == third.ledger[0].content
    assert third.newest('1') == third.ledger[2]


# --- digests ---------------------------------------------------------------------------------------------------------


def test_identity_holds_every_byte_and_content_all_but_version_and_notes() -> None:
    a = a_model()
    first = charts(a)
    second = charts(a_model(replicas=9), first.ledger)
    third = charts(a, second.ledger)
    assert first.ledger[0].content == third.ledger[2].content
    assert first.ledger[0].digest != third.ledger[2].digest
    for made, version in ((first, '1.0.0'), (second, '1.0.1'), (third, '1.0.2')):
        entry = next(entry for entry in made.ledger if entry.version == version)
        assert entry.digest == digest(made.charts[version].files)
        for path, data in made.charts[version].files.items():
            assert digest({**made.charts[version].files, path: data + b' '}) != entry.digest
    differ = {path for path, data in first.charts['1.0.0'].files.items() if third.charts['1.0.2'].files[path] != data}
    assert differ == {'Chart.yaml', 'README.md'}


def test_a_digest_is_of_names_and_bytes_alone() -> None:
    assert digest({'a': b'1', 'b': b'2'}) == digest({'b': b'2', 'a': b'1'})
    assert (
        len(
            {digest(files) for files in ({'a': b'1', 'b': b'2'}, {'a': b'2', 'b': b'1'}, {'a': b'12'}, {'a': b'1'}, {})}
        )
        == 5
    )


def test_the_stand_in_for_the_version_is_gone_from_every_chart() -> None:
    made = charts(a_model(description='1.0.0 and version \\ue000', env={'A': {'value': 'version 1.0.0'}}))
    for data in made.charts['1.0.0'].files.values():
        assert '\ue000' not in data.decode()
    about = yaml.safe_load(made.charts['1.0.0'].files['Chart.yaml'])
    assert (about['version'], about['appVersion'], about['description']) == ('1.0.0', '1', '1.0.0 and version \\ue000')


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_a_ledger_comes_back_as_it_was() -> None:
    made = charts(a_model(r.version('1'), r.version('1.10'), r.version('2026-11-22'), r.version('1e3')))
    assert read_ledger(dump_ledger('web', made.ledger), 'f') == made.ledger


def test_a_new_version_only_adds_lines_to_the_ledger() -> None:
    first = charts(a_model())
    second = charts(a_model(replicas=9), first.ledger)
    before, after = (dump_ledger('web', made.ledger).split(b'\n', 2)[2] for made in (first, second))
    assert after.startswith(before)


def test_an_entry_says_what_its_chart_was_made_from_and_leaves_out_what_nobody_knows() -> None:
    (entry,) = charts(a_model()).ledger
    assert entry.starter == TEMPLATES.starter.version
    (said,) = yaml.safe_load(dump_ledger('web', [entry]))['versions']
    assert list(said) == [
        'version',
        'modelVersion',
        'digest',
        'content',
        'source',
        'starter',
        'tree',
        'manifest',
        'bump',
        'reasons',
        'pods',
        'podTemplates',
    ]
    known = dataclasses.replace(entry, pods='restart', templates=2, manifest=f'sha256:{"1" * 64}', pruned=True)
    (said,) = yaml.safe_load(dump_ledger('web', [known]))['versions']
    assert {key: said[key] for key in ('pods', 'podTemplates', 'manifest', 'pruned')} == {
        'pods': 'restart',
        'podTemplates': 2,
        'manifest': f'sha256:{"1" * 64}',
        'pruned': True,
    }
    assert read_ledger(dump_ledger('web', [known]), 'f') == (known,)


@pytest.mark.parametrize(
    'line', ['more: 1', 'pruned: "yes"', 'restarts: [1]', 'restarts: 1', 'pruned: [true]', 'pruned:']
)
def test_an_entry_is_closed(line: str) -> None:
    (entry,) = charts(a_model()).ledger
    with pytest.raises(ProblemsFound, match=r'invalid ledger|the value is missing'):
        read_ledger(dump_ledger('web', [entry]) + f'    {line}\n'.encode(), 'f')


@pytest.mark.parametrize('tree', ['', 'sha1:', f'sha1:{"0" * 64}', f'sha256:{"0" * 40}', f'md5:{"0" * 40}', 'x' * 40])
def test_a_tree_is_named_with_its_hash_algorithm(tree: str) -> None:
    (entry,) = charts(a_model()).ledger
    with pytest.raises(ProblemsFound, match='invalid ledger'):
        read_ledger(dump_ledger('web', [dataclasses.replace(entry, tree=tree)]), 'f')


@pytest.mark.parametrize('manifest', ['', 'sha256:', f'sha1:{"0" * 40}', 'x' * 64])
def test_a_manifest_is_named_by_its_digest(manifest: str) -> None:
    (entry,) = charts(a_model()).ledger
    with pytest.raises(ProblemsFound, match='invalid ledger'):
        read_ledger(dump_ledger('web', [dataclasses.replace(entry, manifest=manifest)]), 'f')


def test_the_manifest_is_that_of_the_files() -> None:
    made = charts(a_model())
    (entry,) = made.ledger
    assert entry.manifest == manifest_digest(made.charts[entry.version].files)


@pytest.mark.parametrize('object_format', ['sha1', 'sha256'])
@pytest.mark.parametrize('prefix', ['', 'deploy/ml'])
def test_the_tree_of_a_chart_is_the_one_that_git_makes(tmp_path: Path, object_format: str, prefix: str) -> None:
    here = published(tmp_path, SMALL, prefix, f'--object-format={object_format}')
    folder = f'{prefix}/charts/web/1.0.0'.removeprefix('/')
    (entry,) = read_ledger(here.read(ledger_file('web')).encode(), 'f')
    assert entry.tree == f'{object_format}:{here.git("rev-parse", f"HEAD:{folder}")}'


@pytest.mark.parametrize(
    'text', ['a: b', 'versions: 1', 'versions: [a]', 'versions: [{version: "1"}]', '- a', 'versions: {a: b}']
)
def test_what_is_no_ledger_is_told(text: str) -> None:
    with pytest.raises(ProblemsFound, match='invalid ledger'):
        read_ledger(text.encode(), 'charts/web/versions.yaml')


# --- pins and starters -----------------------------------------------------------------------------------------------


def with_starter(**changes: bytes) -> Templates:
    """The same tool with another starter."""
    files = {
        **TEMPLATES.starter.files,
        **{name.replace('__', '/').replace('_yaml', '.yaml'): data for name, data in changes.items()},
    }
    starter: Starter = dataclasses.replace(TEMPLATES.starter, files=files, digest='other')
    return dataclasses.replace(TEMPLATES, starter=starter)


def with_preset(name: str, values: Mapping[str, Any]) -> Templates:
    runtime = TEMPLATES.runtimes[name]
    spec = {**runtime.spec, 'values': {**runtime.spec['values'], **values}}
    return dataclasses.replace(
        TEMPLATES, runtimes={**TEMPLATES.runtimes, name: dataclasses.replace(runtime, spec=spec)}
    )


NEWER_TOOLS = {
    'starter': with_starter(templates__objects_yaml=b'{{/* nothing */}}\n'),
    'preset': with_preset('custom', {'terminationGracePeriodSeconds': 99}),
}


@pytest.mark.parametrize('tool', NEWER_TOOLS)
def test_a_newer_tool_makes_one_chart_of_the_newest_version(tool: str) -> None:
    first = charts(a_model(r.version('1'), r.version('2')))
    second = charts(a_model(r.version('1'), r.version('2')), first.ledger, NEWER_TOOLS[tool])
    assert listing(second) == [*listing(first), ('1.0.2', '2', 'patch')]
    assert second.ledger[:2] == first.ledger


def repository_with_both(tmp_path: Path) -> r.Repository:
    """A pinned release in prod and one that follows in dev, published."""
    pinned = r.release('prod', version='1', chart='1.0.0', values={'replicaCount': 4})
    files = r.settings() | r.model() | r.environment('prod') | r.following('dev') | r.release('dev') | pinned
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    return repository


@pytest.mark.parametrize('change', [*NEWER_TOOLS, 'model', 'version'])
def test_a_pinned_release_is_untouched_and_a_following_one_moves(tmp_path: Path, change: str) -> None:
    repository = repository_with_both(tmp_path)
    before = repository.tree()
    more = {'model': r.model(replicas=9), 'version': r.model(versions=[r.version('1'), r.version('2')])}
    repository.write(more.get(change, {}))
    run = repository.run()
    vars(run)['templates'] = NEWER_TOOLS.get(change, run.templates)  # what the property is to give
    files, paths = run.files, {item.path for item in run.plan().changes}
    assert {path for path in before if path in files and files[path] != before[path] and '/prod' in path} == set()
    assert not any('prod' in path or path.startswith('charts/web/1.0.0/') for path in paths)
    number = {'version': '1.1.0', 'starter': '2.0.0'}.get(change, '1.0.1')
    assert {path for path in paths if not path.startswith(f'charts/web/{number}/')} == {
        'charts/web/versions.yaml',
        'delivery/dev/web.yaml',
    }
    assert f'/charts/web/{number}'.encode() in files['delivery/dev/web.yaml']
    pinned = next(release for release in run.releases if release.release.environment == 'prod')
    published = yaml.safe_load(before['charts/web/1.0.0/values.yaml'])
    assert pinned.merged == published | {'replicaCount': 4}


def test_a_published_chart_is_never_made_again_with_other_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that tells the changes of the newest chart otherwise, which is not in its content: the bytes stay."""
    repository = repository_with_both(tmp_path)
    told = module._numbered
    monkeypatch.setattr(module, '_numbered', lambda draft, number, reasons: told(draft, number, ()))
    run = repository.run()
    assert b'artifacthub.io/changes' not in run.charts['web'].charts['1.0.0'].files['Chart.yaml']
    assert b'artifacthub.io/changes' in (repository.folder / 'charts/web/1.0.0/Chart.yaml').read_bytes()
    assert run.plan().changes == ()


CHART = 'charts/web/1.0.0'
DIFFERS = 'differs from the chart of the ledger'


@pytest.mark.parametrize(
    ('path', 'told'),
    [
        *((path, DIFFERS) for path in ('values.yaml', 'Chart.yaml', 'templates/objects.yaml')),
        ('templates/more.yaml', 'not a file of this chart version'),
        ('-values.yaml', 'file of a chart not found'),
    ],
)
def test_a_chart_that_is_published_with_other_bytes_than_its_ledger_says(tmp_path: Path, path: str, told: str) -> None:
    repository = repository_with_both(tmp_path)
    file = repository.folder / CHART / path.removeprefix('-')
    if path.startswith('-'):
        file.unlink()
    else:
        file.write_bytes((file.read_bytes() if file.exists() else b'') + b'# by hand\n')
    git(repository.folder, 'add', '--all')
    git(repository.folder, 'commit', '--quiet', '--message', 'By hand')
    for discard in (False, True):
        with pytest.raises(ProblemsFound) as found:
            repository.generate(discard=discard)
        [problem] = found.value.problems
        place = (problem.file, problem.message.partition(':')[0])
        assert place == (f'{CHART}/{path.removeprefix("-")}', told)
    git(repository.folder, 'checkout', '--quiet', 'HEAD~', '--', CHART)
    (repository.folder / CHART / 'templates/more.yaml').unlink(missing_ok=True)
    git(repository.folder, 'add', '--all')
    git(repository.folder, 'commit', '--quiet', '--message', 'Brought back')
    assert not repository.generate().changed


def test_a_published_chart_whose_folder_is_gone_is_made_again_as_it_was(tmp_path: Path) -> None:
    repository = repository_with_both(tmp_path)
    before = repository.tree()
    git(repository.folder, 'rm', '-r', '--quiet', CHART)
    git(repository.folder, 'commit', '--quiet', '--message', 'Gone')
    repository.generate()
    assert repository.tree() == before


def test_a_draft_is_replaced_freely_until_it_is_published(tmp_path: Path) -> None:
    repository = repository_with_both(tmp_path)
    for replicas in (5, 6):
        repository.write(r.model(replicas=replicas))
        repository.generate()
    assert [path.name for path in sorted((repository.folder / 'charts/web').iterdir())] == [
        '1.0.0',
        '1.0.1',
        'versions.yaml',
    ]
    assert repository.read('charts/web/1.0.1/values.yaml')['replicaCount'] == 6
    repository.write(r.model())
    repository.generate()
    assert git(repository.folder, 'status', '--porcelain', '--', 'charts', 'delivery', 'values') == ''


def test_a_reordered_registry_file_makes_no_chart(tmp_path: Path) -> None:
    env = {'B': {'value': 'b'}, 'A': {'value': 'a'}}
    spec = {'env': env, 'parameters': {'z': 1, 'a': 2}, 'description': 'Answers'}
    files = r.settings() | r.model(**spec) | r.following() | r.release()
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    spec = {'parameters': {'a': 2, 'z': 1}, 'description': 'Answers', 'env': dict(reversed(env.items()))}
    assert r.model(**spec) != r.model(env=env, parameters={'z': 1, 'a': 2}, description='Answers')
    repository.write(r.model(**spec))
    assert repository.run().plan().changes == ()


@pytest.mark.parametrize('what', ['image', 'artifact', 'signature'])
def test_a_version_that_was_followed_by_another_is_what_it_was(what: str) -> None:
    first = charts(a_model(r.version('1'), r.version('2')))
    changed = a_model(r.version('1') | VERSION_CHANGES[what], r.version('2'))
    with pytest.raises(ProblemsFound) as error:
        charts(changed, first.ledger)
    (problem,) = error.value.problems
    assert (problem.file, problem.path) == ('registry/models/web.yaml', '$.spec.versions[0]')
    assert problem.message == "version '1' was published with a different image, artifact or signature"
    # Words about it may be mended; they reach no chart any more.
    mended = a_model(r.version('1', notes='Mended', metrics={'auc': 0.9}), r.version('2'))
    assert charts(mended, first.ledger).ledger == first.ledger


def test_a_published_version_may_be_downloaded_in_another_way() -> None:
    artifact = {**r.ARTIFACT, 'uri': 's3://models/m'}
    first = charts(a_model(r.version('1', artifact=artifact), r.version('2')))
    moved = {**artifact, 'endpoint': 'https://s3.example', 'credentials': {'secret': 'store'}}
    assert charts(a_model(r.version('1', artifact=moved), r.version('2')), first.ledger).ledger == first.ledger


# --- what stands in a chart ------------------------------------------------------------------------------------------


def test_a_charts_head_says_what_later_runs_must_know() -> None:
    spec = {'route': {'grpc': {'hostname': 'calls'}}, 'slo': {'p99': '20ms', 'availability': 99.9}}
    about = yaml.safe_load(charts(a_model(r.version('1.10'), **spec)).charts['1.0.0'].files['Chart.yaml'])
    assert about['annotations'] | {'artifacthub.io/images': '', 'artifacthub.io/changes': ''} == {
        'chartloom.dev/values-contract': '1',
        'chartloom.dev/model': 'web',
        'chartloom.dev/model-version': '1.10',
        'chartloom.dev/runtime': 'custom',
        'chartloom.dev/starter': TEMPLATES.starter.version,
        'chartloom.dev/hostname': 'web',
        'chartloom.dev/grpc-hostname': 'calls',
        'chartloom.dev/slo': '{"availability": 99.9, "p99": "20ms"}',
        'artifacthub.io/category': 'ai-machine-learning',
        'artifacthub.io/images': '',
        'artifacthub.io/changes': '',
    }
    assert (
        about['annotations']['artifacthub.io/changes']
        == '[{"kind": "added", "description": "first chart of the model"}]'
    )
    assert about['maintainers'] == [{'name': 'shop'}]
    assert about['appVersion'] == '1.10'


@pytest.mark.parametrize(
    'version', ['1', '1.10', '1e3', '43', 'v2', '2026-11-22', 'on', '0x1F', '1.0.0+build.1', 'latest']
)
def test_the_app_version_is_text_to_helm(helm: Path, tmp_path: Path, version: str) -> None:
    files = charts(a_model(r.version(version))).charts['1.0.0'].files
    for path, data in files.items():
        (tmp_path / 'web' / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'web' / path).write_bytes(data)
    line = next(line for line in files['Chart.yaml'].decode().splitlines() if line.startswith('appVersion'))
    assert line == f'appVersion: "{version}"'
    shown = subprocess.run([helm, 'show', 'chart', tmp_path / 'web'], capture_output=True, text=True, check=True).stdout
    assert yaml.safe_load(shown)['appVersion'] == version
    linted = subprocess.run([helm, 'lint', '--strict', tmp_path / 'web'], capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout
    assert '[WARNING]' not in linted.stdout


def test_a_description_of_several_lines_becomes_one() -> None:
    files = charts(a_model(description='Answers\n  and asks | back\n')).charts['1.0.0'].files
    assert yaml.safe_load(files['Chart.yaml'])['description'] == 'Answers and asks | back'
    assert '\n\nAnswers and asks | back\n\n' in files['README.md'].decode()


def test_values_carry_the_comments_of_the_starter() -> None:
    made = charts(a_model(env={'LEVEL': {'value': 'info'}})).charts['1.0.0']
    text = made.files['values.yaml'].decode()
    properties = TEMPLATES.starter.schema['properties']
    for key, item in properties.items():
        assert re.search(f'\n# {re.escape(item["description"])}\n(?:# Example: .*\n)?{key}:', text), key
    assert yaml.safe_load(text) == made.values
    assert [*made.values] == [*TEMPLATES.starter.values]
    assert '\n\n# --- Filled by chartloom: do not set these ---\n# Name of every object' in text
    assert '\n# Example: batch-size: 32\nparameters: {}\n' in text
    assert '\n# Environment variables, by name.\nenv:\n  LEVEL:\n' in text, 'no example above what is set'


def test_a_chart_is_the_starter_byte_for_byte_but_for_three_files() -> None:
    files = charts(a_model()).charts['1.0.0'].files
    assert files.keys() - TEMPLATES.starter.files.keys() == {'README.md'}
    same = {path for path, data in TEMPLATES.starter.files.items() if files[path] is data}
    assert same == TEMPLATES.starter.files.keys() - {'Chart.yaml', 'values.yaml'}
    assert not any(path.startswith('ci/') for path in files)


def test_a_readme_tells_a_user_of_the_model_what_it_is() -> None:
    version = r.version(
        '43',
        released='2026-11-17',
        notes='Asks for | more\nthan before',
        artifact=r.ARTIFACT,
        metrics={'ndcg@10': 0.447},
        signature={
            'inputs': {'user|id': {'dtype': 'int64', 'shape': [-1, 3]}},
            'outputs': {'s': {'dtype': 'float32', 'shape': []}},
        },
    )
    made = charts(a_model(version, runtime='tensorflow-serving', slo={'p99': '60ms', 'availability': 99.9}))
    readme = made.charts['1.0.0'].files['README.md'].decode()
    for text in (
        '# web\n\nAnswers\n',
        '| Model version | `43`, released 2026-11-17 |',
        '| Chart version | `1.0.0` |',
        '| Latency | 99 % of answers within 60ms |',
        '| ndcg@10 | 0.447 |',
        'Asks for | more than before',
        'http: web.<namespace>.svc:8501',
        'curl -X POST http://web:8501/v1/models/web:predict',
    ):
        assert text in readme, text
    assert '| user\\|id | int64 | any × 3 |' in readme
    assert '| s | float32 | scalar |' in readme
    assert '\n\n\n' not in readme


def test_a_readme_tells_what_one_sets_with_type_default_and_description() -> None:
    made = charts(a_model(replicas=3)).charts['1.0.0']
    readme = made.files['README.md'].decode()
    rows = re.findall(r'^\| `(\w+)` \| (\w+) \| (.*) \| (.*\.) \|$', readme, re.MULTILINE)
    properties = TEMPLATES.starter.schema['properties']
    assert [key for key, *_ in rows] == [key for key in made.values if key not in {*FILLED, 'global'}]
    assert {key: described for key, _, _, described in rows} == {
        key: properties[key]['description'] for key, *_ in rows
    }
    shown = {key: (kind, default) for key, kind, default, _ in rows}
    assert shown['replicaCount'] == ('integer', '`3`')
    assert shown['priorityClassName'] == ('string', '`""`')
    assert shown['team'] == ('string', '`"shop"`')
    assert (shown['args'], shown['env'], shown['image']) == (('list', '`[]`'), ('map', '`{}`'), ('map', '`{…}`'))
    assert f'chartloom fills {", ".join(f"`{key}`" for key in FILLED)}: do not set these.' in readme
    assert {'removed', 'podLabels', 'mesh'} < {*FILLED}


def test_a_readme_asks_whatever_the_service_points_at(tmp_path: Path) -> None:
    ports = {'entry': {'containerPort': 9000, 'servicePort': 90, 'appProtocol': 'http'}}
    proxy = {'image': {'repository': 'envoy'}, 'ports': ports}
    made = charts(a_model(containers={'proxy': proxy, 'off': {**proxy, 'enabled': False}}, test={'port': 'entry'}))
    readme = made.charts['1.0.0'].files['README.md'].decode()
    assert 'http: web.<namespace>.svc:80\nentry: web.<namespace>.svc:90\n```' in readme
    assert 'curl -X GET http://web:90/healthz' in readme


@pytest.mark.parametrize(
    ('url', 'home'),
    [
        ('https://git.example/shop/ml.git', 'https://git.example/shop/ml'),
        ('git@git.example:shop/ml.git', None),
        ('file:///srv/ml.git', None),
    ],
)
def test_a_charts_home_is_a_page_or_nothing(url: str, home: str | None) -> None:
    its = Settings('registry/settings.yaml', {'repository': {'url': url}})
    about = yaml.safe_load(charts(a_model(), settings=its).charts['1.0.0'].files['Chart.yaml'])
    assert about.get('home') == home
    assert about['sources'] == [url.replace('git@git.example:', 'ssh://git@git.example/')]


def test_a_run_of_one_model_makes_the_same_chart_as_a_run_of_all(tmp_path: Path) -> None:
    files = r.settings() | r.model() | r.model('other') | r.following() | r.release() | r.release('prod', 'other')
    repository = r.Repository(tmp_path / 'repository', files)
    whole = open_run(open_repository(repository.folder)).files
    alone = open_run(open_repository(repository.folder), ['web']).files
    assert alone == {path: data for path, data in whole.items() if path in alone}
    assert {path for path in whole if '/web' in path and not path.startswith('registry')} == alone.keys()
