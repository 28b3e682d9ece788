"""README, CODEOWNERS and .gitattributes: our blocks are renewed, the team's own text is never touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import registries as r
from gitops import SMALL, published
from parts import git

from generator.charts.starter import load_templates
from generator.delivery.documents import render_documents, sealed_json
from generator.delivery.editors import for_editors
from generator.documents.write import is_sealed

BEGIN, END = '<!-- chartloom: begin -->\n', '<!-- chartloom: end -->\n'
OWNERS = {
    '*': ['@platform'],
    '/registry/releases/prod/': ['@on-call', 'ada@example.com'],
    'registry/my models/': ['@data'],
}


def documents(tmp_path: Path, current: dict[str, bytes] | None = None, **settings: object) -> dict[str, bytes]:
    repository = r.Repository(
        tmp_path / 'repository', r.settings(**settings) | r.environment('prod') | r.environment('edge', agent='flux')
    )
    run = repository.run()
    return render_documents(run.registry, run.templates, current or {})


def test_a_new_readme_is_one_block(tmp_path: Path) -> None:
    readme = documents(tmp_path)['README.md'].decode()
    assert readme.startswith('# ml\n\n<!-- chartloom: begin sha256:')
    assert readme.endswith(END)
    assert readme.index('### edge') < readme.index('### prod')
    assert readme.count('kubectl apply -f bootstrap/prod.yaml') == 1
    assert 'namespace `ml-edge`, Kubernetes 1.36, deployed by Flux' in readme
    assert 'CancelHealthCheckOnNewRevision' not in readme


@pytest.mark.parametrize(('controller', 'title'), [('kgateway', 'kgateway'), ('gke', 'GKE Gateway')])
def test_a_readme_names_what_runs_the_gateway(tmp_path: Path, controller: str, title: str) -> None:
    gateway = {**r.GATEWAY, 'gateway': {'name': 'public', 'namespace': 'gateways', 'controller': controller}}
    run = r.Repository(tmp_path / 'repository', r.settings() | r.environment('prod', **gateway)).run()
    readme = render_documents(run.registry, run.templates, {})['README.md'].decode()
    assert f'\n* {title}, which runs that Gateway\n' in readme
    assert 'Envoy' not in readme


def test_a_readme_names_labels_and_alerts_only_if_they_are_set(tmp_path: Path) -> None:
    def line(name: str, **more: object) -> str:
        monitoring = {'namespace': 'monitoring', 'podMonitor': True, **more}
        run = r.Repository(tmp_path / name, r.settings() | r.environment('prod', monitoring=monitoring)).run()
        readme = render_documents(run.registry, run.templates, {})['README.md'].decode()
        (found,) = [line for line in readme.splitlines() if 'Prometheus Operator' in line]
        assert f'{found}\n* ' in readme
        return found

    assert line('plain') == '* the Prometheus Operator'
    labels = ', and a Prometheus that selects objects with the labels of the environment'
    assert line('labels', labels={'release': 'kube'}) == f'* the Prometheus Operator{labels}'
    assert line('rules', rules=True) == '* the Prometheus Operator; kube-state-metrics for some alerts'


def test_a_readme_says_what_keeps_environments_apart(tmp_path: Path) -> None:
    def readme(name: str, **spec: object) -> str:
        run = r.Repository(tmp_path / name, r.settings() | r.environment('prod', **spec)).run()
        return render_documents(run.registry, run.templates, {})['README.md'].decode()

    plain, flux = readme('argocd'), readme('flux', agent='flux')
    assert 'applicationNamespace' in plain
    assert 'application.namespaces' not in plain
    assert 'Flux' not in plain
    assert '--default-service-account=default' in flux
    assert '--no-cross-namespace-refs=true' in flux
    assert 'Argo CD' not in flux
    apart = readme('apart', applicationNamespace='apps-prod', agentCluster='hub')
    assert 'set `application.namespaces` in `argocd-cmd-params-cm`' in apart
    assert '* Argo CD (tested: 3.5) in `argocd` of the cluster `hub`, with' in apart
    assert '\n* `apps-prod` in its `application.namespaces`, and that namespace\n' in apart
    made = readme('made', applicationNamespace='apps-prod', createNamespace=True)
    assert '\n* `apps-prod` in its `application.namespaces`\n* ' in made


# What a team may have made of a file; {} is where our block stands, or comes to stand.
KEPT = {
    'text before': '# Ours\n\n{}',
    'text after': '{}\n## Ours\n',
    'text around, without a last line end': '# Ours\n{}the end',
    'not UTF-8': '# \udcff\udcfe\n\n{}',
    'tabs and spaces': '# Ours\t \n\n   \n{}\n  \n',
    'an end that lost its beginning': '# Ours\n' + END + 'text\n{}more\n',
    'a beginning that lost its end': '# Ours\n' + BEGIN + 'text\n{}more\n',
    'marks that are only spoken of': 'Between `'
    + BEGIN.strip()
    + '` and `'
    + END.strip()
    + '` all is generated.\n\n{}',
    'a second block': '{}# Ours\n' + BEGIN + 'old\n' + END,
}


@pytest.mark.parametrize('case', KEPT)
def test_the_teams_text_is_kept(tmp_path: Path, case: str) -> None:
    block = BEGIN + 'old lines\n' + END
    before = KEPT[case].replace('{}', block)
    fresh = documents(tmp_path)['README.md'].decode().removeprefix('# ml\n\n')
    (after,) = [documents(tmp_path / 'again', {'README.md': before.encode('utf-8', 'surrogateescape')})['README.md']]
    assert after.decode('utf-8', 'surrogateescape') == KEPT[case].replace('{}', fresh)
    assert documents(tmp_path / 'third', {'README.md': after})['README.md'] == after


@pytest.mark.parametrize('before', ['# Ours', '# Ours\n\n\n', '# Ours\n' + BEGIN + 'no end\n', '# Ours\n' + END])
def test_a_file_without_a_block_gets_one_at_its_end_and_only_once(tmp_path: Path, before: str) -> None:
    fresh = documents(tmp_path)['README.md'].decode().removeprefix('# ml\n\n')
    after = documents(tmp_path / 'again', {'README.md': before.encode()})['README.md']
    assert after.decode() == before.rstrip() + '\n\n' + fresh
    assert documents(tmp_path / 'third', {'README.md': after})['README.md'] == after


def test_windows_line_ends_around_a_block_do_not_grow(tmp_path: Path) -> None:
    before = f'# Ours\n{BEGIN}old\n{END}text\n'.replace('\n', '\r\n').encode()
    once = documents(tmp_path, {'README.md': before})['README.md']
    assert once.startswith(b'# Ours\r\n<!--')
    assert once.endswith(b'end -->\ntext\r\n')
    assert documents(tmp_path / 'again', {'README.md': once})['README.md'] == once


def test_owners_stand_in_their_order_with_paths_from_the_root(tmp_path: Path) -> None:
    begin, _, owners = documents(tmp_path, owners=OWNERS)['CODEOWNERS'].decode().partition('\n')
    assert begin.startswith('# chartloom: begin sha256:')
    assert owners == (
        '* @platform\n'
        '/registry/releases/prod/ @on-call ada@example.com\n'
        '/registry/my\\ models/ @data\n'
        '# chartloom: end\n'
    )


@pytest.mark.parametrize('name', ['README.md', 'CODEOWNERS', '.gitattributes'])
def test_what_is_written_into_a_block_by_hand_stops_a_run_and_what_stands_outside_does_not(
    tmp_path: Path, name: str
) -> None:
    here = published(tmp_path, {**SMALL, **r.settings(owners=OWNERS)})
    before = here.read(name)
    here.write({name: f'# Ours\n{before}# Ours, too\n'})
    assert not here.generate().changed
    lines = here.read(name).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if 'chartloom: begin' in line)
    here.write({name: ''.join([*lines[: at + 2], 'by hand\n', *lines[at + 2 :]])})
    assert here.refused() == [f'{name}: its marked block was edited by hand']
    here.generate(discard=True)
    assert here.read(name) == f'# Ours\n{before}# Ours, too\n'


def test_a_block_of_before_there_were_seals_is_renewed(tmp_path: Path) -> None:
    here = published(tmp_path)
    sealed = here.read('README.md')
    here.write({'README.md': re.sub(' sha256:[0-9a-f]*', '', sealed).replace('## How', '## Why')})
    here.generate()
    assert here.read('README.md') == sealed


def test_owners_that_are_gone_from_the_settings_are_gone_from_the_file(tmp_path: Path) -> None:
    before = documents(tmp_path / 'before', owners=OWNERS)['CODEOWNERS']
    assert 'CODEOWNERS' not in documents(tmp_path / 'none')
    assert (
        documents(tmp_path / 'after', {'CODEOWNERS': b'/docs @writers\n\n' + before})['CODEOWNERS']
        == b'/docs @writers\n\n'
    )


def test_git_leaves_the_bytes_of_generated_files_alone(tmp_path: Path) -> None:
    repository = r.Repository(
        tmp_path / 'r', r.settings() | r.model() | r.following() | r.release(), prefix='sub folder'
    )
    repository.publish()
    folder = repository.folder
    git(folder, 'config', 'core.autocrlf', 'true')
    for path in repository.tree():
        before = (folder / path).read_bytes()
        (folder / path).unlink()
        git(folder, 'checkout', '--', path)
        if not path.startswith(('registry/', 'README', 'CODEOWNERS', '.git')) or '/schemas/' in path:
            assert (folder / path).read_bytes() == before, path
    assert not repository.publish().changed


def test_reviews_fold_what_nobody_reads_and_show_values(tmp_path: Path) -> None:
    repository = r.Repository(tmp_path / 'r', r.settings() | r.model() | r.following() | r.release())
    repository.publish()

    def is_folded(path: str) -> bool:
        return git(repository.folder, 'check-attr', 'linguist-generated', path).endswith(': set')

    assert is_folded('charts/web/1.0.0/templates/objects.yaml')
    assert is_folded('registry/schemas/model.json')
    assert not is_folded('values/prod/web.yaml')
    assert not is_folded('registry/releases/prod/web.yaml')


def test_editors_get_the_schemas_of_this_version(tmp_path: Path) -> None:
    files = documents(tmp_path)
    for name, schema in for_editors(load_templates().schemas).items():
        data = files[f'registry/schemas/{name}']
        written = json.loads(data)
        assert 'Do not edit' in written.pop('$comment')
        assert written == json.loads(schema)
        assert is_sealed(data)
        assert not is_sealed(data.replace(b'"type"', b'"typo"', 1))
        jsonschema.validators.validator_for(written).check_schema(written)
        assert data.count(b'\n') > 40, name
    assert is_sealed(sealed_json(b'{\n  "a": "\xc3\xbc"\n}\n'))
    assert sealed_json(b'{"a": "\xc3\xbc"}') == sealed_json(b'{\n  "a": "\xc3\xbc"\n}\n')
