"""Adding an entry to a list of a registry file: only this entry is new, whatever the file looks like."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from parts import ROOT

from generator.documents.entries import insert_entry
from generator.documents.nulls import read_with_nulls
from generator.domain.problems import ProblemsFound

VERSIONS = ('spec', 'versions')
NEW = {'version': '2', 'image': 'a/b:2', 'notes': 'why: this'}
BLOCK = '- version: "2"\n{0}  image: a/b:2\n{0}  notes: "why: this"\n'
FLOW = '{version: "2", image: a/b:2, notes: "why: this"}'
# What a model may look like, and what it must look like with a new entry behind the last one.
CASES = {
    'as wide as its key': (
        'spec:\n  versions:\n  - version: "1"\n    image: a/b:1\n  replicas: 2\n',
        'spec:\n  versions:\n  - version: "1"\n    image: a/b:1\n  ' + BLOCK.format('  ') + '  replicas: 2\n',
    ),
    'indented, wide dashes, at the end of the file without a line end': (
        'spec:\n    versions:\n      -   version: "1"\n          image: a/b:1',
        (
            'spec:\n    versions:\n      -   version: "1"\n          image: a/b:1\n'
            '      -   version: "2"\n          image: a/b:2\n          notes: "why: this"\n'
        ),
    ),
    'comments stay where they belong': (
        'spec:\n  versions:\n  # first\n  - version: "1" # one\n    # of one\n\n    # of one, too\n  # of b\n  b: 1\n',
        'spec:\n  versions:\n  # first\n  - version: "1" # one\n    # of one\n\n    # of one, too\n'
        '  ' + BLOCK.format('  ') + '  # of b\n  b: 1\n',
    ),
    'blank lines between entries': (
        'spec:\n  versions:\n  - version: "0"\n\n  # two\n  - version: "1"\n\n  b: 1\n',
        'spec:\n  versions:\n  - version: "0"\n\n  # two\n  - version: "1"\n\n  ' + BLOCK.format('  ') + '\n  b: 1\n',
    ),
    'after a literal block': (
        'spec:\n  versions:\n  - version: "1"\n    notes: |\n      a\n\n      # b\n\n  b: 1\n',
        'spec:\n  versions:\n  - version: "1"\n    notes: |\n      a\n\n      # b\n  '
        + BLOCK.format('  ')
        + '\n  b: 1\n',
    ),
    'flow style': (
        'spec: {versions: [{version: "1", image: x}], b: 1}\n',
        'spec: {versions: [{version: "1", image: x}, ' + FLOW + '], b: 1}\n',
    ),
    'flow style, a line each': (
        'spec:\n  versions: [\n    {version: "1"},  # one\n  ]\n',
        'spec:\n  versions: [\n    {version: "1"},  # one\n    ' + FLOW + ',\n  ]\n',
    ),
    'flow style, a line each, without a last comma': (
        'spec:\n  versions: [\n    {version: "1"}\n  ]\n',
        'spec:\n  versions: [\n    {version: "1"},\n    ' + FLOW + '\n  ]\n',
    ),
    'flow style in a block': (
        'spec:\n  versions:\n    - {version: "1"} # one\n  b: 1\n',
        'spec:\n  versions:\n    - {version: "1"} # one\n    - ' + FLOW + '\n  b: 1\n',
    ),
    'JSON': (
        '{\n "spec": {\n  "versions": [\n   {\n    "version": "1"\n   }\n  ]\n }\n}\n',
        '{\n "spec": {\n  "versions": [\n   {\n    "version": "1"\n   },\n   ' + FLOW + '\n  ]\n }\n}\n',
    ),
}


@pytest.mark.parametrize('newline', ['\n', '\r\n'])
@pytest.mark.parametrize('case', CASES)
def test_only_the_entry_is_new(case: str, newline: str) -> None:
    before, after = (text.replace('\n', newline).encode() for text in CASES[case])
    index = len(read_with_nulls(before, '')[0]['spec']['versions'])
    assert insert_entry(before, 'f', VERSIONS, index, NEW) == after
    assert insert_entry(b'\xef\xbb\xbf' + before, 'f', VERSIONS, index, NEW) == b'\xef\xbb\xbf' + after


@pytest.mark.parametrize(
    'file', sorted((ROOT / 'gitops_example/registry/models').iterdir()), ids=lambda file: file.stem
)
def test_models_of_the_example_only_get_lines(file: Path) -> None:
    data = file.read_bytes()
    for index in range(1, len(read_with_nulls(data, '')[0]['spec']['versions']) + 1):
        lines = difflib.ndiff(
            data.decode().split('\n'), insert_entry(data, '', VERSIONS, index, NEW).decode().split('\n')
        )
        changed = [line for line in lines if line[0] in '+-']
        assert changed == ['+   - version: "2"', '+     image: a/b:2', '+     notes: "why: this"']


def test_between_two() -> None:
    text = b'spec:\n  versions:\n  - version: "1"\n    # of 1\n  # of 3\n  - version: "3"\n'
    wanted = b'spec:\n  versions:\n  - version: "1"\n    # of 1\n  - version: "2"\n  # of 3\n  - version: "3"\n'
    assert insert_entry(text, 'f', VERSIONS, 1, {'version': '2'}) == wanted


def test_it_is_written_as_people_write() -> None:
    entry = {
        'version': '2026.12.0',  # in quotes as the one before
        'image': 'registry.example:5000/a:1@sha256:0',
        'artifact': {'sha256': '0' * 8, 'size': '640Mi', 'files': {'a.bin': '12e3', 'no': 'x'}},
        'signature': {'inputs': {'a': {'dtype': 'int8', 'shape': [-1, 64]}, 'b': {'shape': []}}, 'outputs': {}},
        'metrics': {'recall@20': 0.5, 'off: line': 1e-05, 'in top 10': 3, 'approval': 'MRM-1', 'day': '2026-12-01'},
        'notes': 'a # b\n\n- c\n',
    }
    written = insert_entry(
        b'spec:\n  versions:\n  - version: "1"\n    image: "a:1"\n', 'f', VERSIONS, 1, entry
    ).decode()
    assert written.partition('"a:1"\n')[2] == (
        '  - version: "2026.12.0"\n'
        '    image: "registry.example:5000/a:1@sha256:0"\n'
        '    artifact:\n      sha256: "00000000"\n      size: 640Mi\n'
        '      files:\n        a.bin: "12e3"\n        "no": x\n'
        '    signature:\n      inputs:\n        a: {dtype: int8, shape: [-1, 64]}\n        b: {shape: []}\n'
        '      outputs: {}\n'
        '    metrics:\n      recall@20: 0.5\n      "off: line": 0.00001\n      in top 10: 3\n      approval: MRM-1\n'
        '      day: "2026-12-01"\n'
        '    notes: |\n      a # b\n\n      - c\n'
    )


def test_what_cannot_be_added_is_told() -> None:
    kept = b'spec:\n  versions:\n  - version: "1"\n    notes: |+\n      a\n\n  b: 1\n'
    with pytest.raises(ProblemsFound, match=r'spec.versions: cannot add an entry without changing other values\n'):
        insert_entry(kept, 'f', VERSIONS, 1, NEW)
