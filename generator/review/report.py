"""Touched releases → the report: impacts, risks, and differences that are folded where they are the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from generator.compare.told import whole
from generator.domain.problems import Problem
from generator.domain.waivers import Waiver
from generator.review import (
    access,
    alerts,
    images,
    moves,
    resources,
    routes,
    scaling,
    servers,
    sizes,
    versions,
    workloads,
)
from generator.review.impact import impact
from generator.review.records import SEVERITIES, Change, Evidence, Fold, Report, Risk, Rule, Side, Touched
from generator.review.waivers import WAIVER, Accepted

RULES: tuple[Rule, ...] = (
    *workloads.RULES, *scaling.RULES, *images.RULES, *servers.RULES, *resources.RULES, *access.RULES, *moves.RULES,
    *versions.RULES, *routes.RULES, *alerts.RULES, *sizes.RULES,
)  # fmt: skip
GATE = Rule(
    'gate', 'critical', 'a version moves past a gate', 'bring it there by promotion, or undo it'
)  # fmt: skip
CAPACITY = Rule(
    'capacity', 'critical', 'the pods need more accelerators than there are', 'lower the number of pods, or wait'
)  # fmt: skip
GRANT = Rule(
    'wider-grant', 'high', 'an environment asks for less, or permits more',
    'let whoever answers for the environment agree'
)  # fmt: skip
BOOTSTRAP = Rule(
    'bootstrap', 'high', 'what the platform applies by hand changes',
    'let whoever answers for the clusters agree, and apply it'
)  # fmt: skip
# Rules that look at more than the releases of a change; all others of `gates` are gates.
_OF_PROBLEMS = {each.id: each for each in (CAPACITY, GRANT, BOOTSTRAP)}
ALL_RULES = {rule.id: rule for rule in (
    *RULES, routes.LOST, routes.TAKEN, GATE, CAPACITY, GRANT, BOOTSTRAP, moves.SEVERAL, access.HOST_MOVED, WAIVER,
)}  # fmt: skip
NEVER_WAIVED = frozenset([GATE.id, CAPACITY.id, GRANT.id, BOOTSTRAP.id, WAIVER.id])
_NOTHING = Accepted()


def report(
    base: str, head: str, touched: Sequence[Touched], gates: Sequence[Problem] = (), problems: Sequence[str] = (),
    accepted: Accepted = _NOTHING, stops: Sequence[str] = (), warnings: Sequence[str] = (),
    others: Sequence[tuple[str, Side]] = (),
) -> Report:  # fmt: skip
    """`gates` are the problems of `verify` that have a rule; `problems` say what could not be looked at; `others` are
    releases that do not differ, beside those with other routes."""
    lacking = [f'{each.name}: {each.problem}' for each in touched if each.problem]
    return Report(
        base, head, touched, {each.name: impact(each) for each in touched},
        tuple(_risks(touched, gates, accepted, others)), tuple(_folds(touched)), (*problems, *lacking), stops, warnings,
    )  # fmt: skip


def _risks(
    touched: Sequence[Touched], gates: Sequence[Problem], accepted: Accepted, others: Sequence[tuple[str, Side]]
) -> list[Risk]:  # fmt: skip
    """The worst first, and last what somebody has accepted; the same evidence of several releases is one risk."""
    risks = list(_of_releases(touched, accepted, others))
    risks += [
        Risk(_OF_PROBLEMS.get(each.rule, GATE), Evidence(each.file, each.path, '', each.message), ()) for each in gates
    ]
    risks += [accepted.together(risk) for risk in (*moves.several_productions(touched), *access.moved_hosts(touched))]
    risks += accepted.anew
    order = SEVERITIES.index
    return sorted(risks, key=lambda risk: (risk.is_waived, order(risk.rule.severity), risk.rule.id, risk.releases))


def _of_releases(
    touched: Sequence[Touched], accepted: Accepted, others: Sequence[tuple[str, Side]]
) -> Iterator[Risk]:  # fmt: skip
    found: dict[tuple[str, Evidence, Waiver | None], tuple[Rule, Evidence, list[str]]] = {}
    for rule, each, evidence in (*_by_rules(touched), *routes.elsewhere(touched, others)):
        waiver = accepted.of(each.name, rule)
        key = rule.id, _unnamed_evidence(evidence, each), waiver
        found.setdefault(key, (rule, evidence, []))[2].append(each.name)
    for (_, _, waiver), (rule, evidence, names) in found.items():
        yield Risk(rule, evidence, tuple(dict.fromkeys(names)), waiver)


def _by_rules(touched: Sequence[Touched]) -> Iterator[tuple[Rule, Touched, Evidence]]:
    return ((rule, each, evidence) for rule in RULES for each in touched for evidence in rule.find(each))


def _folds(touched: Sequence[Touched]) -> list[Fold]:
    """Each change once; those of the same releases are together, the most releases first."""
    found: dict[tuple[Any, ...], tuple[Change, list[str]]] = {}
    for each in touched:
        seen = Counter[tuple[str | None, ...]]()
        for change in _changes(each):
            key = _key(change, each)
            seen[key] += 1  # two objects of a release may be equal but for their names
            found.setdefault((*key, seen[key]), (change, []))[1].append(each.name)
    folds = defaultdict[tuple[str, ...], list[Change]](list)
    for change, names in found.values():
        folds[tuple(names)].append(change)
    return sorted((Fold(names, tuple(changes)) for names, changes in folds.items()), key=lambda it: -len(it.releases))


def _changes(touched: Touched) -> Iterator[Change]:
    for each in touched.found:
        if each.kind != 'change':
            yield Change('+' if each.kind == 'add' else '-', str(each.id))
        yield from (Change('~', str(each.id), field) for field in each.fields)


def _key(change: Change, touched: Touched) -> tuple[str | None, ...]:
    """What a change is, but for the names of the release."""
    names = _names_in(change.object, touched)
    values = (change.field.place, *whole(change.field)) if change.field else ()
    return change.sign, *(text and _unnamed(text, names) for text in (change.object, *values))


def _names_in(object_: str, touched: Touched) -> re.Pattern[str]:
    """The names of a release as its object may have them. Hosts that pods ask are not its own, unlike those of routes:
    a model may be called like any host."""
    own = object_.startswith(('release ', *(f'{kind} ' for kind in workloads.ROUTES)))
    return _names(touched.name, touched.some_side.resolved.environment.namespace, touched.model, hosts=own)


def _unnamed(text: str, names: re.Pattern[str]) -> str:
    return names.sub(lambda found: f'\0{found.lastindex}', text)


@lru_cache(maxsize=10_000)
def _names(*names: str, hosts: bool) -> re.Pattern[str]:
    """The names as whole words, or with an ending, each with a mark of its own that no value can have."""
    before, after = ('', '') if hosts else ('(?<!//)(?<!@)', r'(?!\.[a-z])')
    any_ = '|'.join(f'({re.escape(name)})' for name in names)
    return re.compile(rf'(?<![a-z0-9]){before}(?:{any_})(?![a-z0-9]){after}')


def _unnamed_evidence(evidence: Evidence, touched: Touched) -> Evidence:
    names = _names_in(evidence.object, touched)
    return Evidence(*(_unnamed(text, names) for text in (evidence.object, evidence.field, evidence.old, evidence.new)))
