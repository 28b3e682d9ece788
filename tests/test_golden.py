"""Small registries → complete repositories, compared file by file with the approved ones.

A case is a folder of tests/golden: `registry` (input), `current` (what was published before, optional), `prefix` (the
sub-folder of the repository, optional) and `expected` (the resulting tree). So that a change of a template does not
change every case, two things are not stored: exact copies of other files, which are compared with the originals, and
digests, which are shown as <digest> and computed by the test. `pytest --update-golden` writes `expected`; review it
with `git diff`.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import registries as r
from parts import ROOT, git

from generator.charts.ledger import dump_ledger, read_ledger
from generator.charts.starter import load_templates
from generator.charts.versions import digest, manifest_digest, tree
from generator.delivery.documents import sealed_json
from generator.delivery.editors import for_editors
from generator.documents.write import is_sealed, seal
from generator.domain.layout import ledger_file

GOLDEN = ROOT / 'tests' / 'golden'
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
TEMPLATES = load_templates()
SCHEMAS = for_editors(TEMPLATES.schemas)
_CHART = re.compile(r'charts/[^/]+/[^/]+/(.+)')
_DIGEST = re.compile(
    rb'(?<=digest: )[0-9a-f"]{64,66}|(?<=content: )[0-9a-f"]{64,66}|(?<=chartloom sha256:)[0-9a-f]{64}'
    rb'|(?<=tree: )"?sha1:[0-9a-f]{40}"?|(?<=manifest: )"?sha256:[0-9a-f]{64}"?'
)


def copied(path: str) -> bytes | None:
    """What a file must be a copy of, if it is one: the starter's templates and schema, the schemas for editors."""
    if path.startswith('registry/schemas/'):
        return sealed_json(SCHEMAS[path.removeprefix('registry/schemas/')])
    found = _CHART.fullmatch(path)
    if found and found[1] not in ('Chart.yaml', 'values.yaml', 'README.md', 'dashboard.json'):
        return TEMPLATES.starter.files.get(found[1], b'')
    return None


def shown(files: r.Files) -> r.Files:
    """The files that people approve, with digests masked."""
    return {path: _DIGEST.sub(b'<digest>', data) for path, data in files.items() if copied(path) is None}


def whole(folder: Path) -> r.Files:
    """A stored tree with the copies that are left out of it."""
    files = r.tree(folder)
    charts = {path.rpartition('/')[0] for path in files if path.endswith('/Chart.yaml')}
    for chart in charts:
        names = TEMPLATES.starter.files.keys() - {'Chart.yaml', 'values.yaml'}
        files |= {f'{chart}/{name}': TEMPLATES.starter.files[name] for name in names}
    return files


def generated(case: Path, folder: Path) -> r.Repository:
    """The repository after `generate`: what was current is published before, digests and all."""
    prefix = case / 'prefix'
    registry = {f'registry/{path}': data for path, data in r.tree(case / 'registry').items()}
    repository = r.Repository(folder, registry, prefix.read_text().strip() if prefix.exists() else '')
    if (case / 'current').is_dir():
        repository.write(with_digests(whole(case / 'current')))
        git(folder, 'add', '--all')
        git(folder, 'commit', '--quiet', '--message', 'what was there')
    repository.generate()
    return repository


def with_digests(files: r.Files) -> r.Files:
    """A stored tree with its digests: of its charts as they stand there, and a content that no run of today makes."""
    for path in [path for path in files if path.endswith('/versions.yaml')]:
        model = path.split('/')[1]
        entries = []
        readable = files[path].replace(b'tree: <digest>', b'tree: "sha1:%b"' % (b'0' * 40))
        readable = readable.replace(b'manifest: <digest>', b'manifest: "sha256:%b"' % (b'0' * 64))
        for entry in read_ledger(readable.replace(b'<digest>', b'none'), path):
            chart = chart_files(files, f'charts/{model}/{entry.version}/')
            known = {'digest': digest(chart), 'content': '0' * 64, 'tree': tree(chart, 'sha1')}
            known['manifest'] = manifest_digest(chart)
            entries.append(dataclasses.replace(entry, **known))
        files[ledger_file(model)] = dump_ledger(model, entries)
    for path in [path for path in files if b'chartloom sha256:<digest>' in files[path]]:
        head, _, body = files[path].split(b'\n', 2)
        files[path] = seal(head.decode().split(' from ')[1].removesuffix('. Do not edit.'), body.decode())
    return files


def chart_files(files: r.Files, folder: str) -> r.Files:
    return {path.removeprefix(folder): data for path, data in files.items() if path.startswith(folder)}


def test_there_are_cases() -> None:
    assert len(CASES) >= 5


@pytest.mark.parametrize('name', CASES)
def test_the_tree_is_as_approved(name: str, tmp_path: Path, update_golden: bool) -> None:
    case = GOLDEN / name
    got = shown(generated(case, tmp_path / 'repository').tree())
    got = {path: data for path, data in got.items() if not path.startswith('registry/')}
    if update_golden:
        shutil.rmtree(case / 'expected', ignore_errors=True)
        for path, data in got.items():
            (case / 'expected' / path).parent.mkdir(parents=True, exist_ok=True)
            (case / 'expected' / path).write_bytes(data)
    compare(case / 'expected', got)


def compare(folder: Path, got: r.Files) -> None:
    expected = r.tree(folder)
    assert expected, f'{folder} is empty: write it with --update-golden, and read it'
    found = '\n'.join(differences(expected, got))
    assert not found, found


def differences(expected: r.Files, got: r.Files) -> Iterator[str]:
    for path in sorted(expected.keys() | got.keys()):
        if expected.get(path) != got.get(path):
            texts = [(files.get(path) or b'').decode(errors='replace').splitlines() for files in (expected, got)]
            yield from difflib.unified_diff(
                *texts, f'expected/{path}', f'got/{path}' if path in got else 'nothing', lineterm=''
            )


@pytest.mark.parametrize('name', CASES)
def test_what_is_not_kept_there_is_right_too(name: str, tmp_path: Path) -> None:
    """Copies are copies, every chart has all of them, and every digest is that of what it stands for."""
    files = generated(GOLDEN / name, tmp_path / 'repository').tree()
    wrong = [path for path, data in files.items() if copied(path) not in (None, data)]
    assert wrong == []
    charts = {path.rpartition('/')[0] for path in files if path.endswith('/Chart.yaml')}
    assert charts
    for chart in charts:
        own = chart_files(files, f'{chart}/').keys() - {'README.md', 'dashboard.json'}
        assert own == TEMPLATES.starter.files.keys()
    for path, data in files.items():
        if path.endswith('/versions.yaml'):
            model = path.split('/')[1]
            entries = read_ledger(data, path)
            assert {f'charts/{model}/{entry.version}' for entry in entries} == {
                c for c in charts if c.startswith(f'charts/{model}/')
            }
            for entry in entries:
                chart = chart_files(files, f'charts/{model}/{entry.version}/')
                assert (entry.digest, entry.tree) == (digest(chart), tree(chart, 'sha1'))
                assert entry.manifest == manifest_digest(chart)
        if path.split('/')[0] in ('values', 'delivery', 'bootstrap') or path.endswith('/versions.yaml'):
            assert is_sealed(data), path


@pytest.mark.parametrize('name', CASES)
def test_generating_again_changes_nothing(name: str, tmp_path: Path) -> None:
    repository = generated(GOLDEN / name, tmp_path / 'repository')
    before = repository.tree()
    assert not repository.generate().changed
    repository.publish()
    assert not repository.publish().changed
    assert repository.tree() == before


def test_an_empty_or_another_tree_is_no_approval(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match='is empty'):
        compare(tmp_path, {'a': b'x\n'})
    (tmp_path / 'a').write_text('y\n')
    with pytest.raises(AssertionError, match=r'-y\n *\+x'):
        compare(tmp_path, {'a': b'x\n'})
    with pytest.raises(AssertionError, match=r'nothing'):
        compare(tmp_path, {})


def test_a_difference_is_told_by_its_lines() -> None:
    told = list(
        differences({'a': b'same\nold\n', 'b': b'', 'gone': b'x\n'}, {'a': b'same\nnew\n', 'b': b'', 'more': b'y\n'})
    )
    assert '-old' in told
    assert '+new' in told
    assert '-x' in told
    assert '+y' in told
    assert not any('same' in line and line[0] in '+-' for line in told)
    assert list(differences({'a': b'1'}, {'a': b'1'})) == []
