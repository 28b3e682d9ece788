"""A labelled corpus of changes: every dangerous one is found by its rules, and noise raises none; with real helm.

Labels are what people who answer for production say of a change, not what the program says.
"""

from __future__ import annotations

import copy
import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import published
from review_bases import WEB
from review_cases_alerts import ALERTS, SIZES
from review_cases_alone import ALONE
from review_cases_noise import NOISE
from review_cases_objects import OBJECTS
from review_cases_rollouts import ROLLOUTS
from review_cases_routes import ROUTES
from review_cases_servers import SERVERS
from review_cases_ways import WAYS
from review_corpus import Cases, put
from review_runs import files, judged, names_of, reviewed

from generator.review.report import BOOTSTRAP, CAPACITY, GATE, GRANT, RULES
from generator.review.routes import LOST

Found = Mapping[str, Mapping[str, Any]]
# Of one repository each, but for the last ones, which stand alone.
BATCHES: list[Cases] = [
    SERVERS, OBJECTS, ROLLOUTS, WAYS, NOISE, ROUTES, ALERTS, SIZES, *({name: case} for name, case in ALONE.items()),
]  # fmt: skip
CORPUS = {name: case for batch in BATCHES for name, case in batch.items()}


@pytest.fixture(scope='module')
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The rules of all cases. Workers of pytest share them: the second one begins with the last batch."""
    worker, top = os.environ.get('PYTEST_XDIST_WORKER', ''), tmp_path_factory.getbasetemp()
    places = [(top.parent if worker else top) / f'reviewed-{number}' for number in range(len(BATCHES))]
    for place, batch in sorted(zip(places, BATCHES, strict=True), reverse=worker == 'gw1', key=lambda pair: pair[0]):
        with open(f'{place}.lock', 'w', encoding='utf-8') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.with_suffix('.json').exists():
                told = json.dumps(reviewed(batch, place))
                place.with_suffix('.json').write_text(told, encoding='utf-8')
    return {name: told for place in places for name, told in json.loads(place.with_suffix('.json').read_text()).items()}


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) == sum(map(len, BATCHES)) >= 220
    assert sum(1 for case in CORPUS.values() if not case.rules) >= 60


@pytest.mark.parametrize('name', CORPUS)
def test_rules(name: str, found: Found) -> None:
    assert {*found[name]} == CORPUS[name].rules, found[name]


def test_precision_and_recall(found: Found) -> None:
    """Of each rule and of all; printed with `-s -n 0`."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for name, case in CORPUS.items():
        right.update({*found[name]} & case.rules)
        wrong.update({*found[name]} - case.rules)
        missed.update(case.rules - {*found[name]})
    print('\n'.join(_table(right, wrong, missed)))
    assert not missed
    assert not [name for name, case in CORPUS.items() if not case.rules and found[name]]


def _table(right: Counter[str], wrong: Counter[str], missed: Counter[str]) -> Iterator[str]:
    yield f'\n{"rule":20} precision  recall  changes'
    for rule in (*sorted({*right, *wrong, *missed}), 'all'):
        hit, false, lost = (each.total() if rule == 'all' else each[rule] for each in (right, wrong, missed))
        yield f'{rule:20} {_part(hit, false):>9}  {_part(hit, lost):>6}  {hit + lost:>7}'


def _part(hit: int, other: int) -> str:
    return f'{hit / (hit + other):.2f}' if hit + other else '-'


# What no registry can bring about: charts name no minAvailable, no other selector, and a release in several workloads.
ELSEWHERE = {'disruption', 'immutable-field', 'draft-rewritten'}


def test_each_rule_is_in_the_corpus() -> None:
    known = {rule.id for rule in (*RULES, LOST, GATE, CAPACITY, GRANT, BOOTSTRAP)}
    assert known - {rule for case in CORPUS.values() for rule in case.rules} <= ELSEWHERE


def test_objects_that_differ_by_the_names_of_their_release_alone_are_all_told(tmp_path: Path) -> None:
    """Without its names both Services of a release are the same."""
    base, names = {**WEB, 'prod': {**WEB['prod'], 'namespace': 'web-canary'}}, {**names_of(0), 'model': 'web'}
    specs = copy.deepcopy(base)
    made = published(tmp_path, {**r.settings(), **files(base, names)})
    put('prod', 'values', 'ports', 'http', 'servicePort', value=9090)(specs)
    made.write(files(specs, names))
    found = judged(made, made.head())
    assert not found.problems
    (fold,) = found.folds
    assert {change.object for change in fold.changes} >= {'Service web', 'Service web-canary'}


def test_what_only_looks_alike_is_not_folded(tmp_path: Path) -> None:
    """A value may contain the name of a namespace, or a sign that stands for one."""
    both = ('prod', 'eu')
    env = {name: r.environment(name, **r.GATEWAY | {'namespace': 'ml'}, cluster=cluster(name)) for name in both}
    model = r.model('web', route={}, env={'PLACE': {'value': 'none'}})
    pins = {name: r.release(name, 'web', version='1', chart='1.0.0') for name in both}
    made = published(tmp_path, {**r.settings(), **model, **env['prod'], **env['eu'], **pins['prod'], **pins['eu']})
    for name, host in (('prod', 'tml.example'), ('eu', 't….example')):
        values = {'env': {'PLACE': {'value': host}}}
        made.write(r.release(name, 'web', version='1', chart='1.0.0', values=values))
    found = judged(made, made.head())
    assert not found.problems
    assert sorted(fold.releases for fold in found.folds) == [('eu/web',), ('prod/web',)]


def cluster(name: str) -> dict[str, str]:
    return {'name': name, 'server': f'https://{name}.example:6443'}
