"""The rules of chart-testing, by the tools that it calls: yamale for Chart.yaml, yamllint for all YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yamale  # type: ignore[import-untyped]
from parts import ROOT
from yamllint import linter
from yamllint.config import YamlLintConfig

STARTER = ROOT / 'chart_templates' / 'model-server'
CHARTS = sorted(path.parent for path in (ROOT / 'gitops_example' / 'charts').glob('*/*/Chart.yaml'))
# Fields and their kinds: what a chart may say of itself.
SCHEMA = """
name: str()
home: str(required=False)
version: str()
apiVersion: str()
appVersion: any(str(), num(), required=False)
description: str(required=False)
keywords: list(str(), required=False)
sources: list(str(), required=False)
maintainers: list(include('maintainer'), required=False)
icon: str(required=False)
type: str(required=False)
kubeVersion: str(required=False)
annotations: map(str(), str(), required=False)
---
maintainer:
  name: str()
  email: str(required=False)
  url: str(required=False)
"""
RULES = """
rules:
  braces: {min-spaces-inside: 0, max-spaces-inside: 0, min-spaces-inside-empty: -1, max-spaces-inside-empty: -1}
  brackets: {min-spaces-inside: 0, max-spaces-inside: 0, min-spaces-inside-empty: -1, max-spaces-inside-empty: -1}
  colons: {max-spaces-before: 0, max-spaces-after: 1}
  commas: {max-spaces-before: 0, min-spaces-after: 1, max-spaces-after: 1}
  comments: {require-starting-space: true, min-spaces-from-content: 2}
  document-end: disable
  document-start: disable
  empty-lines: {max: 2, max-start: 0, max-end: 0}
  hyphens: {max-spaces-after: 1}
  indentation: {spaces: consistent, indent-sequences: whatever, check-multi-line-strings: false}
  key-duplicates: enable
  line-length: disable
  new-line-at-end-of-file: enable
  new-lines: {type: unix}
  trailing-spaces: enable
  truthy: {level: error}
"""


@pytest.mark.parametrize('chart', [STARTER, *CHARTS], ids=lambda path: '/'.join(path.parts[-2:]))
def test_a_chart_says_of_itself_what_it_may(chart: Path) -> None:
    schema = yamale.make_schema(content=SCHEMA)
    yamale.validate(schema, yamale.make_data(str(chart / 'Chart.yaml'), parser='ruamel'), strict=True)
    about = (chart / 'Chart.yaml').read_text(encoding='utf-8')
    assert 'maintainers:' in about


FILES = [
    STARTER / 'Chart.yaml', STARTER / 'values.yaml', *sorted((STARTER / 'ci').glob('*.yaml')),
    *(chart / name for chart in CHARTS for name in ('Chart.yaml', 'values.yaml')),
    *sorted((ROOT / 'gitops_example').glob('*/*.yaml')), *sorted((ROOT / 'gitops_example').glob('*/*/*.yaml')),
]  # fmt: skip


def test_what_people_read_is_well_laid_out() -> None:
    config = YamlLintConfig(RULES)
    found = [
        f'{file.relative_to(ROOT)}:{problem.line}: {problem.desc}'
        for file in dict.fromkeys(FILES)
        for problem in linter.run(file.read_text(encoding='utf-8'), config)
    ]
    assert len(FILES) > 100
    assert found == []


def test_the_rules_find_something() -> None:
    bad = 'a: { b: yes }\nc: 1 # near\nd:  2 \n\n\n\n'
    found = {problem.rule for problem in linter.run(bad, YamlLintConfig(RULES))}
    assert found >= {'braces', 'truthy', 'comments', 'colons', 'trailing-spaces', 'empty-lines'}
