"""A report → SARIF 2.1.0 for code scanning: rules, and a result for each risk of each release at its registry file.

Forges show 5,000 results of a run, and refuse one of more than 25,000 or 10 MB; the worst are kept, and the run says
how many are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from generator.domain.unseen import in_one_line
from generator.domain.words import cut, some
from generator.review.records import Report, Risk, Rule, Severity, of_several
from generator.review.report import ALL_RULES, NEVER_WAIVED
from generator.review.summary import as_sentence

MOST = 5_000
_RELATED = 50  # other releases of one result
_LONGEST = 1_500  # characters of a message
_NAME = 200  # characters of the name of an object or a field
_LEVELS: Mapping[Severity, str] = {'critical': 'error', 'high': 'error', 'medium': 'warning'}
_SCORES: Mapping[Severity, str] = {'critical': '9.5', 'high': '8.0', 'medium': '5.0'}  # forges rank by these


@dataclass(frozen=True, slots=True)
class Place:
    """A file, by its path from the top of the git repository, and a line of it."""

    file: str
    line: int = 1


Where = Callable[[Risk, str], Place]  # of a risk in a release (env/model), '' if it is in none


def sarif(report: Report, where: Where, version: str) -> str:
    """Write a run of the tool in this version."""
    found = [(risk, names) for risk in report.risks for names in _apart(risk)]
    seen = Counter[str]()
    rules = list(ALL_RULES)
    results = [_result(risk, names, where, seen, rules) for risk, names in found[:MOST]]
    about = {'name': 'chartloom', 'version': version, 'semanticVersion': version}
    run = {
        'tool': {'driver': {**about, 'rules': [_rule(rule) for rule in ALL_RULES.values()]}},
        'automationDetails': {'id': 'chartloom-review/'},
        'invocations': [_invocation(report, len(found) - len(results))],
        'results': results,
    }
    schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
    document = {'$schema': schema, 'version': '2.1.0', 'runs': [run]}
    return json.dumps(document, ensure_ascii=False, indent=1) + '\n'


def _apart(risk: Risk) -> Iterator[tuple[str, ...]]:
    """A release each, so that a result stays the same when other releases come and go; together if it is about them."""
    if risk.rule.find is of_several or not risk.releases:
        yield risk.releases
    else:
        yield from ((name,) for name in risk.releases)


def _rule(rule: Rule) -> dict[str, Any]:
    title, advice = as_sentence(rule.title), as_sentence(rule.advice)
    waiver = f'Accept it until a day with spec.waivers.{rule.id} of the release or the environment.'
    if rule.id in NEVER_WAIVED:
        waiver = 'It cannot be waived.'
    return {
        'id': rule.id,
        'name': ''.join(part.capitalize() for part in rule.id.split('-')),
        'shortDescription': {'text': title},
        'fullDescription': {'text': f'{title} Severity: {rule.severity}.'},
        'help': {'text': f'{advice} {waiver}', 'markdown': f'{advice}\n\n{waiver}'},
        'defaultConfiguration': {'level': _LEVELS[rule.severity]},
        'properties': {
            'tags': ['security', 'deployment', rule.severity], 'precision': 'high',
            'security-severity': _SCORES[rule.severity],
        },
    }  # fmt: skip


def _result(risk: Risk, names: tuple[str, ...], where: Where, seen: Counter[str], rules: list[str]) -> dict[str, Any]:
    result = {
        'ruleId': risk.rule.id,
        'ruleIndex': rules.index(risk.rule.id),
        'level': _LEVELS[risk.rule.severity],
        'message': {'text': _message(risk, names)},
        'locations': [_location(where(risk, ''.join(names[:1]))) | {'logicalLocations': list(_logical(risk, names))}],
        'partialFingerprints': {'chartloomRisk/v1': _fingerprint(risk, names, seen)},
        'suppressions': _suppressions(risk),  # SARIF: of all results of a run, or of none
    }
    if others := names[1:]:
        result['relatedLocations'] = [
            {'id': number, 'message': {'text': name}, **_location(where(risk, name))}
            for number, name in enumerate(others[:_RELATED], 1)
        ]
    return result


def _message(risk: Risk, names: tuple[str, ...]) -> str:
    where = f' ({some(names, 5)})' if names else ''
    told = [as_sentence(f'{risk.rule.title}{where}'), f'{risk.evidence}.', as_sentence(risk.rule.advice)]
    told += [as_sentence(str(risk.waiver))] if risk.waiver else []
    return cut(in_one_line(' '.join(told)), _LONGEST)


def _location(place: Place) -> dict[str, Any]:
    artifact = {'uri': quote(place.file), 'uriBaseId': '%SRCROOT%'}
    return {'physicalLocation': {'artifactLocation': artifact, 'region': {'startLine': place.line}}}


def _logical(risk: Risk, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    whole = cut(in_one_line('/'.join((*names[:1], risk.evidence.object))), _NAME)
    yield {'name': cut(in_one_line(risk.evidence.object), _NAME), 'fullyQualifiedName': whole, 'kind': 'object'}
    if field := cut(in_one_line(risk.evidence.field), _NAME):
        yield {'name': field, 'fullyQualifiedName': f'{whole}#{field}', 'kind': 'property'}


def _fingerprint(risk: Risk, names: tuple[str, ...], seen: Counter[str]) -> str:
    """Of what is where, and not of values: a risk that is there in the next run, too, is the same one."""
    told = json.dumps([risk.rule.id, names, risk.evidence.object, risk.evidence.field])
    seen[told] += 1
    return hashlib.sha256(f'{told}{seen[told]}'.encode()).hexdigest()[:32]


def _suppressions(risk: Risk) -> list[dict[str, str]]:
    if not (risk.waiver and risk.is_waived):
        return []
    justification = in_one_line(f'{risk.waiver} ({risk.waiver.file})')
    return [{'kind': 'external', 'status': 'accepted', 'justification': justification}]


def _invocation(report: Report, left: int) -> dict[str, Any]:
    problems = [f'Not complete: {cut(in_one_line(each), _LONGEST)}' for each in report.problems]
    told = [{'level': 'error', 'message': {'text': each}} for each in problems]
    if left:
        text = f'{left} more results do not fit: chartloom review --output json has all'
        told.append({'level': 'warning', 'message': {'text': text}})
    return {'executionSuccessful': not report.problems, 'toolExecutionNotifications': told}
