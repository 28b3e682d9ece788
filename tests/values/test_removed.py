"""What null removes: as people know it from Helm, and the same in what a chart reads, by real helm."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starter import CHART

from generator.documents.nulls import read_with_nulls
from generator.domain.generated import Layer
from generator.domain.values import Values
from generator.values.merge import difference, merge_fitting, merge_layers
from generator.values.removed import idle_problems, missing, removal_layers

leaf = st.integers(0, 3) | st.sampled_from(['', 'x']) | st.booleans() | st.just(['y'])
maps = st.recursive(
    st.dictionaries(st.sampled_from('abc'), leaf, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from('abc'), leaf | inner, max_size=3),
    max_leaves=8,
)
with_nulls = st.recursive(
    st.dictionaries(st.sampled_from('abc'), leaf | st.none(), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from('abc'), leaf | st.none() | inner, max_size=3),
    max_leaves=8,
)
cases = st.tuples(maps, st.lists(with_nulls, max_size=3))


def layers_of(written: Values, file: str = 'registry/releases/prod/web.yaml') -> list[Layer]:
    """The layers of an overlay, read as from its file."""
    document, nulls = read_with_nulls(json.dumps({'spec': {'values': written}}).encode(), file)
    found = list(removal_layers(file, nulls))
    values = document['spec'].get('values', {})
    return [*found, Layer(file, ('spec', 'values'), (), values)] if values else found


def overlaid(base: Values, over: Values) -> dict[str, Any]:
    """Helm's rule in a few words; a map that is left without content by nulls alone is not set."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and value:
            mine = result.get(key)
            inner = overlaid(mine if isinstance(mine, dict) else {}, value)
            if inner or isinstance(mine, dict):
                result[key] = inner
        else:
            result[key] = value
    return result


def nulls_in(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and any(map(nulls_in, value.values())))


def fitting(base: Values, overlays: list[Values]) -> list[Layer] | None:
    """The layers of overlays, unless one changes the kind of a value that is there: that is refused."""
    layers = [layer for written in overlays for layer in layers_of(written)]
    return None if merge_fitting(base, layers) is None else layers


@given(cases)
def test_null_removes_what_is_below_and_what_is_above_may_set_it_again(case: tuple[Values, list[Values]]) -> None:
    base, overlays = case
    before = json.dumps(base)
    layers = fitting(base, overlays)
    if layers is None:
        return
    expected = base
    for written in overlays:
        expected = overlaid(expected, written)
    merged = merge_fitting(base, layers)
    assert merged == merge_layers(layers, base) == expected
    assert not nulls_in(merged)
    assert json.dumps(base) == before, 'the values below do not change'
    assert merge_fitting(base, [*layers, *layers[-1:]]) == merged, 'the same once more changes nothing'


@pytest.fixture(scope='module')
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that prints what its templates read."""
    folder = tmp_path_factory.mktemp('charts') / 'read'
    (folder / 'templates').mkdir(parents=True)
    shutil.copy(CHART / 'templates' / '_removed.tpl', folder / 'templates')
    (folder / 'Chart.yaml').write_text('apiVersion: v2\nname: read\nversion: 1.0.0\n')
    first = '{{- include "model-server.removed" . }}\n'
    (folder / 'templates' / 'read.yaml').write_text(first + 'read: {{ .Values.cases | toJson | quote }}\n')
    return folder


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(several=st.lists(cases, min_size=20, max_size=30))
def test_a_chart_reads_the_merged_values(
    helms: list[Path], chart: Path, several: list[tuple[Values, list[Values]]]
) -> None:
    bases, delivered, removed, wanted = {}, {}, [], {}
    for number, (base, overlays) in enumerate(several):
        name, layers = f'case-{number}', fitting(base, overlays)
        if layers is not None:
            merged = merge_fitting(base, layers) or {}
            bases[name], delivered[name], wanted[name] = base, difference(base, merged), merged
            removed += [['cases', name, *path] for path in missing(base, merged)]
    (chart / 'values.yaml').write_text(json.dumps({'cases': bases, 'removed': []}))
    values = json.dumps({'cases': delivered, 'removed': removed})
    assert 'null' not in values
    for helm in helms:
        command = [str(helm), 'template', 'x', str(chart), '--values', '-']
        done = subprocess.run(command, input=values, capture_output=True, text=True, check=True)
        assert json.loads(yaml.safe_load(done.stdout)['read']) == wanted


def test_what_is_not_there_is_told_with_the_nearest_name() -> None:
    base = {'env': {'LOG_LEVEL': {'value': 'info'}}}
    found = idle_problems(layers_of({'env': {'LOG_LEVLE': None, 'LOG_LEVEL': {'secret': None}}, 'args': None}), base)
    assert [(problem.path, problem.message, problem.hint) for problem in found] == [
        ('$.spec.values.args', 'there is nothing to remove', 'remove it here'),
        ('$.spec.values.env.LOG_LEVEL.secret', 'there is nothing to remove', 'remove it here'),
        ('$.spec.values.env.LOG_LEVLE', 'there is nothing to remove', "did you mean 'LOG_LEVEL'?"),
    ]
