"""A repository → seconds to compare pairs of releases and to classify charts, as JSON; a child process of bench.py."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from registry import ENVIRONMENTS

from generator.charts.starter import load_templates, starter_of
from generator.charts.versions import Draft, draft_charts
from generator.compare.difference import differences
from generator.domain.generated import Templates
from generator.pipeline import bumps, verify
from generator.pipeline.chart_files import ChartFiles
from generator.pipeline.run import Run, open_run
from generator.tools.forks import cores, in_processes
from generator.tools.git.opening import open_repository
from generator.tools.helm import binary


def pairs(folder: Path) -> dict[str, float]:
    """Compare the objects of each model in two environments; the renders are not counted."""
    run = open_run(open_repository(folder))
    wanted = [
        each
        for each in verify.helm_releases(run)
        if each.file.startswith(tuple(f'values/{e}/' for e in ENVIRONMENTS[1:3]))
    ]
    found = {
        each.release.file: each.documents
        for each in binary.template(binary.find_helm(os.environ), wanted, jobs=cores())
    }
    sides = [[found[file] for file in sorted(found) if f'/{environment}/' in file] for environment in ENVIRONMENTS[1:3]]
    both = list(zip(*sides, strict=True))

    def compare(part: int) -> int:
        return sum(len(differences(old, new)) for old, new in both[part :: cores()])

    start = time.perf_counter()
    count = sum(in_processes(compare, range(cores())) or ())
    return {'seconds': time.perf_counter() - start, 'pairs': len(both), 'differences': count}


def one(folder: Path) -> dict[str, float]:
    """Classify one chart that has to be rendered."""
    run = open_run(open_repository(folder))
    name = min(run.registry.models)
    calls, call = [0], binary._call

    def counted(helm: binary.Helm, *arguments: str, **more: Any) -> Any:
        calls[0] += arguments[0] == 'template'
        return call(helm, *arguments, **more)

    binary._call = counted
    spec = {**run.registry.models[name].spec, 'values': {'podLabels': {'a': 'b'}}}
    drafts = _drafts(run, load_templates(), {name: replace(run.registry.models[name], spec=spec)})
    start = time.perf_counter()
    (found,) = bumps.classify(drafts, _reader(run))
    taken = time.perf_counter() - start
    assert found.pods == 'restart', found
    return {'seconds': taken, 'processes': calls[0]}


def starter(folder: Path) -> dict[str, float]:
    """Classify the charts of all models after a change of the starter; `rendering` is the time of helm alone."""
    run = open_run(open_repository(folder))
    known = load_templates()
    drafts = _drafts(run, replace(known, starter=_changed()), run.registry.models)
    rendering, template = [0.0], bumps.template

    def timed(*arguments: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        found = list(template(*arguments, **more))
        rendering[0] += time.perf_counter() - begun
        return found

    bumps.template = timed
    start = time.perf_counter()
    found = bumps.classify(drafts, _reader(run), cores())
    return {'seconds': time.perf_counter() - start, 'rendering': rendering[0], 'charts': len(found)}


def _changed() -> Any:
    root = Path(__file__).resolve().parents[1] / 'chart_templates/model-server'
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob('*') if path.is_file()}
    files['templates/pdb.yaml'] = files['templates/pdb.yaml'].replace(b'AlwaysAllow', b'IfHealthyBudget')
    return starter_of(files, 'model-server')


def _drafts(run: Run, templates: Templates, models: Any) -> list[Draft]:
    settings, ledgers = run.registry.settings, run.base.ledgers
    return [
        each for name, model in models.items() for each in draft_charts(model, settings, templates, ledgers[name]).new
    ]


def _reader(run: Run) -> bumps.Published:
    return ChartFiles(run.repository, run.base.ids, run.settings).read


if __name__ == '__main__':
    print(json.dumps({'pairs': pairs, 'one': one, 'starter': starter}[sys.argv[1]](Path(sys.argv[2]))))
