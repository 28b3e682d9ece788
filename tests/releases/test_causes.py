"""One problem for each cause: what is folded, what is not, and which releases are named."""

from __future__ import annotations

from generator.domain.problems import Problem
from generator.domain.records import Release
from generator.releases.causes import one_for_each_cause

FILE = 'registry/environments/prod.yaml'


def release(name: str) -> Release:
    environment, _, model = name.partition('/')
    return Release(environment, model, f'registry/releases/{name}.yaml', {})


def checks(model: str) -> Problem:
    return Problem(FILE, '$.spec', f"checks of '{model}' require Prometheus", f"run 'chartloom pin prod/{model}'")


def test_one_release_keeps_its_text() -> None:
    assert one_for_each_cause([(release('prod/web'), [checks('web')])]) == [checks('web')]


def test_texts_that_differ_in_the_name_are_one() -> None:
    models = [f'm{number:02}' for number in range(12)]
    [found] = one_for_each_cause((release(f'prod/{model}'), [checks(model)]) for model in models)
    assert found.message == "checks of 'm00' require Prometheus; releases: prod/m00, prod/m01, prod/m02 and 9 more"
    assert found.hint == "run 'chartloom pin prod/m00'"


def test_equal_texts_name_their_releases() -> None:
    gate = Problem(FILE, '$.spec', 'approvals require a gate')
    [found] = one_for_each_cause([(release('prod/api'), [gate]), (release('prod/web'), [gate])])
    assert found.message == 'approvals require a gate; releases: prod/api, prod/web'


def test_a_fault_of_a_model_is_one_for_all_environments() -> None:
    def digest(environment: str) -> Problem:
        hint = f'set requireDigest: false in registry/environments/{environment}.yaml'
        return Problem('registry/models/web.yaml', '$', f"no digest, which '{environment}' requires", hint)

    [found] = one_for_each_cause((release(f'{name}/web'), [digest(name)]) for name in ('prod', 'staging'))
    assert found.message == "no digest, which 'prod' requires; releases: prod/web, staging/web"


def test_other_places_and_other_texts_stay() -> None:
    problems = [
        Problem(FILE, '$.spec', "port 'a' of 'web'"),
        Problem(FILE, '$.spec.values', "port 'a' of 'api'"),
        Problem(FILE, '$.spec', "port 'b' of 'api'"),
    ]
    pairs = [(release('prod/web'), problems[:1]), (release('prod/api'), problems[1:])]
    assert one_for_each_cause(pairs) == problems


def test_what_one_release_says_twice_stays() -> None:
    """A rollout resolves the old and the new chart of one release."""
    problems = [checks('web'), checks('web')]
    assert one_for_each_cause([(release('prod/web'), problems)]) == problems
