"""chartloom explain: a release → each of its values, with the file and line that sets it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files as package_files
from pathlib import Path

import click

from generator.charts.starter import report_schema
from generator.cli import offers
from generator.cli.output import common_options, result, say, table
from generator.documents.read import Mark, yaml_marks
from generator.domain.layout import RELEASES, chart_file, model_name
from generator.domain.places import Path as Place
from generator.domain.places import json_path
from generator.domain.problems import problem
from generator.domain.words import nearest, quoted, suggest
from generator.pipeline.run import Run, open_run
from generator.releases.explain import Origin, explain_release
from generator.review.records import SEVERITIES
from generator.review.report import ALL_RULES
from generator.tools.git.opening import open_repository

# Files of chartloom itself, which are not in the repository.
TOOL = 'chart_templates/'
_REPORT, _RULES = 'report', 'rules'
_LISTED = 20  # keys that a hint lists


@click.command()
@click.argument('name', metavar='release/ENV/MODEL|report|rules', shell_complete=offers.releases)
@click.argument('key', default='')
@common_options
def command(name: str, key: str, folder: Path, output: str) -> None:
    """Show every value of a release, with the file and line that sets it.

    With KEY, for example `resources.limits`, show only this value and those below it. `chartloom explain report` prints
    the JSON Schema of what `chartloom review --output json` prints, `chartloom explain rules` the rules of `review`.
    """
    if name == _RULES:
        _tell_rules(output)
        return
    if name == _REPORT:
        click.echo(report_schema(), nl=False)
        return
    release = name.removeprefix('release/')
    if release.count('/') != 1:
        raise click.UsageError(f"invalid release '{name}': write release/ENV/MODEL")
    run = open_run(open_repository(folder), [model_name(release)])
    found = next((item for item in run.releases if item.release.name == release), None)
    if found is None:
        hint = suggest(release, run.source.known(RELEASES))
        raise problem(RELEASES, '', f"release '{release}' not found", hint)
    lines = _Lines(run)
    wanted = f'$.{key}' if key else '$'
    rows = [
        (json_path(origin.path).removeprefix('$.'), origin, lines.line(origin))
        for origin in explain_release(found)
        if not key
        or json_path(origin.path) == wanted
        or json_path(origin.path).startswith((f'{wanted}.', f'{wanted}['))
    ]
    if not rows:
        raise problem(release, wanted, 'value not found', nearest_key(key, [o.path for o in explain_release(found)]))
    inherited = [part.name for part in found.environment.parts[1:]]
    if output == 'json':
        values = [
            {'key': k, 'value': o.value, 'file': o.file, 'path': json_path(o.source), 'line': line}
            for k, o, line in rows
        ]
        told = {'release': release, 'chart': found.chart.folder, 'inherits': inherited, 'values': values}
        result(told)
        return
    say(f'{release}: {found.chart.folder}, model version {found.chart.model_version}', bold=True)
    if inherited:
        say(f'environment {found.environment.name} inherits {", which inherits ".join(inherited)}')
    width = min(max(len(row[0]) for row in rows), 60)
    for shown, origin, line in rows:
        place = f'{origin.file}:{line}' if line else origin.file
        if origin.file.startswith(TOOL):
            place = f"chartloom's own {place}"
        say(f'{shown:<{width}}  {_short(origin.value):<40}  ', (place, {'dim': True}))


def nearest_key(key: str, places: Iterable[Place]) -> str:
    """The hint for a key that no value has: a similar one, the same last part elsewhere, else those next to it."""
    shown = {json_path(place[:depth]).removeprefix('$.') for place in places for depth in range(1, len(place) + 1)}
    above, _, last = key.rpartition('.')
    while above and above not in shown:
        above = above.rpartition('.')[0]
    beside = {each.removeprefix(f'{above}.'): each for each in shown if each.rpartition('.')[0] == above}
    if close := nearest(key.removeprefix(f'{above}.').partition('.')[0], beside):
        return f'did you mean {quoted(beside[close])}?'
    if alike := [each for each in shown if each.rpartition('.')[2] == last]:
        return f'did you mean {quoted(min(alike, key=lambda each: (len(each), each)))}?'
    return f'known here: {", ".join(sorted(beside))}' if len(beside) <= _LISTED else 'leave the key out to see all'


def _tell_rules(output: str) -> None:
    rules = sorted(ALL_RULES.values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    if output == 'json':
        keys = ('id', 'severity', 'title', 'advice')
        result({'rules': [{key: getattr(rule, key) for key in keys} for rule in rules]})
        return
    table([(rule.severity, rule.id, rule.title, rule.advice) for rule in rules], ('SEVERITY', 'RULE', 'FINDS', 'THEN'))


class _Lines:
    """Line numbers of values; each file, of the repository or of chartloom itself, is read once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.files: dict[str, Mapping[Place, Mark]] = {}

    def line(self, origin: Origin) -> int:
        """The line of a value, or of the nearest parent that is in the file; 0 for none."""
        marks = self.files.get(origin.file)
        if marks is None:
            marks = self.files[origin.file] = yaml_marks(self._read(origin.file), origin.file)
        place = origin.source
        while place and place not in marks:
            place = place[:-1]
        return marks[place].line if place in marks else 0

    def _read(self, file: str) -> bytes:
        reader: Callable[[str], bytes] = self.run.source.read
        if file.startswith(TOOL):
            package, _, inner = file.partition('/')
            return (package_files(package) / inner).read_bytes()
        if file in self.run.source.tree.ids:
            return reader(file)
        model, version, inner = chart_file(file) or ('', '', '')
        return self.run.chart_files(model, self.run.entry(model, version))[inner]


def _short(value: object) -> str:
    """A value in one line; it is cut on a terminal only."""
    text = 'removed' if value is None else json.dumps(value, ensure_ascii=False)
    return f'{text[:37]}…' if len(text) > 40 and sys.stdout.isatty() else text
