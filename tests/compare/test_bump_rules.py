"""The mutation corpus: each change has its class, its reason and what pods do, with real renders by both Helms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from mutation_corpus import CORPUS, OF_MODELS, OF_STARTERS
from mutations import SETTINGS, SIGNATURE, Mutation, Spec, mutated_model, mutated_templates, put, release

from generator.charts.starter import load_templates
from generator.charts.versions import ModelCharts, draft_charts, number_charts
from generator.compare import bump
from generator.compare.bump_rules import RULES, Evidence
from generator.domain.generated import BUMP_CLASSES, Bump
from generator.domain.records import Model
from generator.pipeline import bumps


@cache
def published(*, named: bool = False) -> ModelCharts:
    return number_charts(draft_charts(mutated_model(named=named), SETTINGS, load_templates(), ()), (), load_templates())


def bump_of(*mutations: Mutation) -> Bump | None:
    """The bump of a published chart after these mutations; None if the chart does not change."""
    named = mutations[0].named
    base, templates = published(named=named), mutated_templates(*mutations)
    drafts = draft_charts(mutated_model(*mutations, named=named), SETTINGS, templates, base.ledger)
    return next(iter(bumps.classify(drafts.new, lambda model, entry: base.charts[entry.version].files)), None)


@pytest.fixture
def either_helm(helm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HELM', str(helm))


@pytest.mark.usefixtures('either_helm')
@pytest.mark.parametrize('mutation', CORPUS, ids=lambda mutation: mutation.name)
def test_a_change_has_its_class_its_reason_and_its_pods(mutation: Mutation) -> None:
    found = bump_of(mutation)
    if not mutation.bump:
        assert found is None
        return
    assert found is not None
    assert (found.bump, found.pods) == (mutation.bump, mutation.pods), found.reasons
    expected = mutation.reason.split('|')
    assert any(each in reason for reason in found.reasons for each in expected), found.reasons
    assert (found.templates > 0) is (found.pods != 'none')


def test_the_corpus_is_large_and_has_no_name_twice() -> None:
    assert len({mutation.name for mutation in CORPUS}) == len(CORPUS) >= 80
    classes = Counter(mutation.bump for mutation in CORPUS)
    assert all(classes[each] >= 10 for each in BUMP_CLASSES), classes


def test_each_rule_decides_something_in_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that no change of the corpus needs would be a rule that nobody has tried."""
    hit: set[str] = set()
    reasons_of = bump.reasons_of

    def watched(about: Evidence) -> list[bump.Reason]:
        found = reasons_of(about)
        hit.update(reason.rule for reason in found)
        return found

    monkeypatch.setattr(bump, 'reasons_of', watched)
    for mutation in CORPUS:
        bump_of(mutation)
    assert hit == {rule.id for rule in RULES}


# Every seventh pair of changes that are made in different places.
_PAIRS = [
    (one, two)
    for one, two in combinations([each for each in CORPUS if each.bump and not each.named], 2)
    if (one in OF_STARTERS) != (two in OF_STARTERS)
][::67]


@pytest.mark.parametrize('pair', _PAIRS, ids=lambda pair: '+'.join(each.name for each in pair))
def test_two_changes_have_the_highest_class_of_both_in_any_order(pair: tuple[Mutation, Mutation]) -> None:
    found = bump_of(*pair)
    assert found is not None
    assert found == bump_of(*reversed(pair))
    highest = min((mutation.bump for mutation in pair), key=[*BUMP_CLASSES].index)
    assert found.bump == highest, found.reasons


@pytest.mark.parametrize('mutation', OF_MODELS, ids=lambda mutation: mutation.name)
def test_what_is_not_rendered_would_give_the_same(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that only reach containers are classified without helm."""
    quick = bump_of(mutation)
    monkeypatch.setattr(bumps, 'without_rendering', lambda old, new: None)
    rendered = bump_of(mutation)
    assert quick == rendered


def test_a_reason_has_the_key_and_both_values() -> None:
    memory = next(mutation for mutation in CORPUS if mutation.name == 'memory')
    found = bump_of(memory)
    assert found is not None
    assert found.reasons == (
        'resources.requests.memory 1Gi → 2Gi',
        'resources.limits.memory 1Gi → 2Gi',
    )


def test_an_older_line_goes_on_from_its_own_version() -> None:
    """A hotfix is listed before later versions: it is compared with its predecessor and numbered above all."""
    base = published()
    newer = next(mutation for mutation in CORPUS if mutation.name == 'new-major')
    drafts = draft_charts(mutated_model(newer), SETTINGS, load_templates(), base.ledger)
    both = number_charts(
        drafts, bumps.classify(drafts.new, lambda m, e: base.charts[e.version].files), load_templates()
    )
    assert [entry.version for entry in both.ledger] == ['1.0.0', '1.1.0']
    model = mutated_model(newer)
    first, last = model.versions
    hotfix = replace(first, version='1.4.1', spec={**first.spec, 'version': '1.4.1', 'image': last.image})
    fixed = replace(model, versions=(first, hotfix, last))
    charts = {**base.charts, **both.charts}
    drafts = draft_charts(fixed, SETTINGS, load_templates(), both.ledger)
    assert [draft.chart.model_version for draft in drafts.new] == ['1.4.1']
    found = bumps.classify(drafts.new, lambda m, e: charts[e.version].files)
    assert number_charts(drafts, found, load_templates()).ledger[-1].version == '1.1.1'
    assert found[0].reasons[0] == 'model version 1.4.0 → 1.4.1'


def test_a_set_of_values_that_does_not_fit_a_model_is_no_reason() -> None:
    """A rule of a model's route meets one of the set that switches everything on: helm refuses the two together."""
    found = bump_of(Mutation('', '', '', model=put('route', 'rules', 'api', value={'path': '/api', 'rewrite': '/x'})))
    assert found is not None
    assert found.bump == 'minor', found.reasons
    assert not any('render' in reason for reason in found.reasons)


def test_signatures_are_compared_whole() -> None:
    shape = [2147483647] * 12
    one, other = ({**SIGNATURE, 'inputs': {'x': {'dtype': 'float32', 'shape': [*shape, last]}}} for last in (38, 39))
    old = put('versions', 0, 'signature', value=one)
    base = draft_charts(model_with(old), SETTINGS, load_templates(), ())
    first = number_charts(base, (), load_templates())
    drafts = draft_charts(model_with(old, release('1.4.1', signature=other)), SETTINGS, load_templates(), first.ledger)
    (found,) = bumps.classify(drafts.new, lambda model, entry: first.charts[entry.version].files)
    assert found.bump == 'major'


def model_with(*changes: Callable[[Spec], None]) -> Model:
    return mutated_model(*(Mutation('', '', '', model=change) for change in changes))


def test_a_ledger_has_some_of_very_many_reasons() -> None:
    env = {f'V{number}': {'value': 'x'} for number in range(200)}
    found = bump_of(Mutation('', '', '', model=put('env', value=env)))
    assert found is not None
    assert len(found.reasons) == bump.MOST + 1
    assert found.reasons[-1] == 'and 151 more'
