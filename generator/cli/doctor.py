"""chartloom doctor: the machine and the repository → findings, each with its hint; exit code 1 for a problem."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from generator.cli import PROBLEMS
from generator.cli.output import common_options, in_a_line, result, say
from generator.pipeline.doctor import examine

_MARKS = {'ok': ('✓', 'green'), 'warning': ('!', 'yellow'), 'problem': ('✗', 'red')}


@click.command()
@common_options
@click.pass_context
def command(context: click.Context, folder: Path, output: str) -> None:
    """Check git, helm, the repository and its registry; show how to correct each problem."""
    findings = []
    for finding in examine(folder):
        findings.append(finding)
        if output == 'text':
            mark, colour = _MARKS[finding.state]
            say((mark, {'fg': colour}), f' {finding.what}: {in_a_line(finding.detail)}')
            if finding.hint:
                say(f'  hint: {in_a_line(finding.hint)}')
    healthy = all(finding.state != 'problem' for finding in findings)
    if output == 'json':
        result({'healthy': healthy, 'findings': [asdict(finding) for finding in findings]})
    if not healthy:
        context.exit(PROBLEMS)
