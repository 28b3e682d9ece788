"""Plans as data: they lead to the desired tree, and a missing registry file alone removes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, VALUES, published
from hypothesis import given, settings
from hypothesis import strategies as st
from registries import environment, following, release

from generator.domain.generated import Plan
from generator.domain.tree import blob_id
from generator.plan.plan import Trees, make_plan

PUBLISHED = {'m': {'1.0.0'}}
CHART = [f'charts/m/1.0.{patch}/{name}' for patch in range(3) for name in ('Chart.yaml', 'templates/a b.yaml')]
OURS = ['charts/m/versions.yaml', 'values/prod/m.yaml', 'delivery/prod/m.yaml', 'bootstrap/prod.yaml', 'README.md']
FOREIGN = ['charts/gone/1.0.0/Chart.yaml', 'values/README.md', 'delivery/prod/sub/x.yaml', 'bootstrap/notes.txt']
contents = st.sampled_from([b'', b'one\n', b'two\n', b'\xff\0'])


def trees(*paths: str) -> st.SearchStrategy[dict[str, bytes]]:
    return st.dictionaries(st.sampled_from(paths), contents)


def ids(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: blob_id(data) for path, data in files.items()}


def compared(current: Mapping[str, bytes], desired: Mapping[str, bytes], base: Mapping[str, bytes]) -> Trees:
    def read_base(paths: Iterable[str]) -> dict[str, bytes]:
        return {path: base[path] for path in paths}

    return Trees(desired, ids(desired), ids(current), ids(base), current.__getitem__, read_base)


def planned(current: Mapping[str, bytes], desired: Mapping[str, bytes], base: Mapping[str, bytes]) -> Plan:
    """With all that may stop a plan allowed."""
    plan, problems = make_plan(compared(current, desired, base), PUBLISHED, discard=True, removable={'prod/m', 'prod'})
    assert problems == []
    return plan


def applied(plan: Plan, current: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in {**current, **plan.files}.items() if path not in plan.removed}


@given(current=trees(*CHART, *OURS, *FOREIGN), desired=trees(*CHART[2:], *OURS), base=trees(*CHART[:2]))
@settings(deadline=None)
def test_applying_a_plan_gives_what_is_desired(
    current: dict[str, bytes], desired: dict[str, bytes], base: dict[str, bytes]
) -> None:
    """Published charts are part of what is desired; ledgers, documents and what is not ours never go."""
    plan = planned(current, desired, base)
    kept = {path: data for path, data in current.items() if path in (*FOREIGN, 'charts/m/versions.yaml', 'README.md')}
    result = applied(plan, current)
    assert result == kept | desired | base
    assert planned(result, desired, base) == Plan((), {})
    paths = [change.path for change in plan.changes]
    assert paths == sorted(set(paths))
    for change in plan.changes:
        assert change.kind == ('remove' if change.path not in result else 'update' if change.path in current else 'add')
        assert current.get(change.path) != result.get(change.path)


@given(tree=trees(*CHART, *OURS, *FOREIGN))
@settings(deadline=None)
def test_a_tree_needs_nothing_to_become_itself(tree: dict[str, bytes]) -> None:
    ours = {path: data for path, data in tree.items() if path not in FOREIGN}
    base = {path: data for path, data in ours.items() if path.startswith('charts/m/1.0.0/')}
    assert planned(tree, ours, base) == Plan((), {})


@given(current=trees(*CHART, *OURS, *FOREIGN), desired=trees(*CHART[2:], *OURS), base=trees(*CHART[:2]))
@settings(deadline=None)
def test_a_plan_is_made_whole_or_told_why_not(
    current: dict[str, bytes], desired: dict[str, bytes], base: dict[str, bytes]
) -> None:
    """Without leave, each change is either planned or refused; nothing that a person made is in the plan."""
    plan, problems = make_plan(compared(current, desired, base), PUBLISHED)
    refused = {problem.file for problem in problems}
    wanted = {change.path for change in planned(current, desired, base).changes}
    told = {path for path in wanted if refused & {path, '/'.join(path.split('/')[:3]), _of_environment(path)}}
    assert {change.path for change in plan.changes} | told == wanted
    assert not {change.path for change in plan.changes} & refused
    # Nothing here carries a seal or stands in a ledger, so whatever would be replaced was made by hand.
    assert {change.kind for change in plan.changes if change.path != 'README.md'} <= {'add'}


def _of_environment(path: str) -> str:
    """The file that is named for all files of an environment that is missing with its releases."""
    return f'bootstrap/{path.split("/")[1]}.yaml' if path.startswith(('delivery/', 'values/')) else path


def gone(name: str, path: str) -> str:
    return f'{path}: its registry file {name} was not found'


def test_a_missing_release_is_told_and_removed_only_on_request(tmp_path: Path) -> None:
    here = published(tmp_path)
    file = 'registry/releases/prod/web.yaml'
    here.remove(file)
    for commit in (False, True):
        assert here.refused(commit=commit) == [gone(file, DELIVERY), gone(file, VALUES)]
        assert here.refused(commit=commit, removable=('prod/api', 'prod', 'web')) == [
            gone(file, DELIVERY),
            gone(file, VALUES),
        ]
    outcome = here.commit(removable=('prod/web',))
    assert outcome.plan.removed == (DELIVERY, VALUES)
    assert here.files() == [DELIVERY, file, VALUES]
    assert here.status() == []
    assert not here.commit(removable=('prod/web',)).changed


def test_removing_the_generated_files_too_needs_the_same_word(tmp_path: Path) -> None:
    here = published(tmp_path)
    file = 'registry/releases/prod/web.yaml'
    here.remove(file, DELIVERY, VALUES)
    assert here.refused(commit=True) == [gone(file, DELIVERY), gone(file, VALUES)]
    here.commit(removable=('prod/web',))
    assert here.files() == [DELIVERY, file, VALUES]
    assert here.status() == []


STAGING = ['registry/environments/staging.yaml', 'registry/releases/staging/web.yaml']


def test_an_environment_goes_with_its_releases_only_if_both_are_named(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove(*STAGING)
    told = f'{gone(STAGING[0], "bootstrap/staging.yaml")}, and no agent would uninstall its releases staging/web'
    for removable in ((), ('staging',), ('staging/api', 'staging')):
        assert here.refused(commit=True, removable=removable) == [told]
    assert here.refused(removable=('staging/*',)) == [
        gone(STAGING[0], 'bootstrap/staging.yaml'), gone(STAGING[0], 'delivery/staging/README.md')
    ]  # fmt: skip
    here.commit(removable=('staging', 'staging/*'))
    assert set(here.files()) == {
        *STAGING, 'bootstrap/staging.yaml', 'delivery/staging/README.md', 'delivery/staging/web.yaml',
        'values/staging/web.yaml', 'README.md',
    }  # fmt: skip
    assert not (here.top / 'values/staging').exists()
    assert here.status() == []


def test_an_environment_that_is_renamed_is_refused(tmp_path: Path) -> None:
    """The agent of the old name would leave its releases running, beside those of the new one."""
    here = published(tmp_path)
    here.remove(*STAGING)
    here.write({**following('stage'), **release('stage', 'web')})
    [told] = here.refused(commit=True, removable=('staging',))
    assert told.endswith('no agent would uninstall its releases staging/web')


def test_an_environment_without_releases_is_removed_by_its_name(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove(STAGING[1])
    here.commit(removable=('staging/*',))
    here.remove(STAGING[0])
    here.commit(removable=('staging',))
    assert not (here.top / 'bootstrap/staging.yaml').exists()


def test_an_environment_that_is_there_does_not_let_its_releases_go(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove('registry/releases/staging/web.yaml')
    assert len(here.refused(removable=('staging',))) == 2


@pytest.mark.parametrize('path', ['values/prod/nobody.yaml', 'delivery/prod/nobody.yaml', 'bootstrap/nowhere.yaml'])
def test_a_file_that_no_registry_file_asks_for_is_told(tmp_path: Path, path: str) -> None:
    here = published(tmp_path)
    here.write({path: 'by: hand\n'})
    assert [problem.partition(':')[0] for problem in here.refused()] == [path]


def test_a_new_release_adds_its_two_files_and_touches_no_other(tmp_path: Path) -> None:
    here = published(tmp_path, SMALL | environment('dev') | following('dev'))
    here.write(release('dev', 'api'))
    assert {change.path for change in here.generate().plan.changes} == {'values/dev/api.yaml', 'delivery/dev/api.yaml'}
