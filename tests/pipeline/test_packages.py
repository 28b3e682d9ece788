"""Packages of the charts of a ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gitops import published

from generator.domain.problems import ProblemsFound
from generator.pipeline.packages import open_shelf, packaged, published_base
from generator.pipeline.run import open_run
from generator.pipeline.source import open_source


def test_the_manifest_of_the_ledger_is_that_of_the_files(tmp_path: Path) -> None:
    here = published(tmp_path / 'here')
    source = open_source(here.repository())
    base = published_base(source, 'main')
    shelf = open_shelf(source.repository, base, open_run(here.repository()).settings)
    [found] = shelf.packages('web', shelf.entries('web', pruned=False))
    files = {
        path.removeprefix('charts/web/1.0.0/'): data
        for path, data in here.tree().items()
        if path.startswith('charts/web/1.0.0/')
    }
    assert packaged('web', found.entry, files).package == found.package
    with pytest.raises(ProblemsFound) as raised:
        packaged('web', replace(found.entry, manifest='sha256:0'), files)
    [problem] = raised.value.problems
    message = f"expected '{found.package.digest}' as manifest of chart 1.0.0, found 'sha256:0'"
    assert (problem.file, problem.message) == ('charts/web/versions.yaml', message)
    assert problem.hint == 'undo the change of the ledger and commit that'
