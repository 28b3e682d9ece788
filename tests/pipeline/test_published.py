"""Charts that are read from the base tree: problems of values that override theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r

from generator.domain.problems import ProblemsFound


def test_a_hint_describes_a_value_of_a_published_chart_too(tmp_path: Path) -> None:
    """Charts hold their schema without descriptions."""
    pin = {'version': '1', 'chart': '1.0.0'}
    files = r.settings() | r.model(versions=[r.version('1')]) | r.environment() | r.release(**pin)
    repository = r.Repository(tmp_path / 'repository', files)
    repository.publish()
    repository.write(r.model(versions=[r.version('1'), r.version('2')]))
    repository.publish()
    schema = (repository.folder / 'charts/web/1.0.0/values.schema.json').read_text()
    assert '"description":"' not in schema
    repository.write(r.release(**pin, values={'ports': {'http': {'containerPort': 0}}}))
    assert list(repository.run().charts['web'].charts) == ['1.1.0'], 'the pinned chart is read'
    with pytest.raises(ProblemsFound) as found:
        repository.generate()
    [problem] = found.value.problems
    assert (problem.message, problem.hint) == (
        '0 is less than the minimum of 1',
        'port that the server listens on',
    )
