"""Hand edits of generated files: each one stops the run and is reported; only --discard-edits discards it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from gitops import DELIVERY, SMALL, VALUES, Checkout, changed_model, new, published
from registries import release

from generator.domain.problems import ProblemsFound

CHART = 'charts/web/1.0.0'
LEDGER = 'charts/web/versions.yaml'
NO_FILE = 'expected a file, found a link, a pipe or a device'
Edit = Callable[[Checkout], None]


def replace(path: str, old: str, new: str) -> Edit:
    def edit(here: Checkout) -> None:
        text = here.read(path)
        assert old in text
        here.write({path: text.replace(old, new, 1)})

    return edit


def link(path: str) -> Edit:
    def edit(here: Checkout) -> None:
        shutil.move(here.folder / path, here.top / '.git/elsewhere')
        (here.folder / path).symlink_to(here.top / '.git/elsewhere')

    return edit


EDITS: dict[str, tuple[Edit, str]] = {
    'values': (replace(VALUES, 'Count: 6', 'Count: 8'), f'{VALUES}: edited by hand (replicaCount: 6 → 8)'),
    'comment': (lambda here: here.append(VALUES, '# a remark\n'), f'{VALUES}: edited by hand'),
    'first line': (
        replace(VALUES, 'Do not edit.', 'Do not edit. TODO: raise memory before Friday'), f'{VALUES}: edited by hand'
    ),
    'seal': (replace(DELIVERY, '# chartloom', '# v2 chartloom'), f'{DELIVERY}: edited by hand'),
    'delivery': (
        replace(DELIVERY, 'targetRevision: main', 'targetRevision: hotfix'),
        f'{DELIVERY}: edited by hand (spec.source.targetRevision: main → hotfix)',
    ),
    'bootstrap': (
        replace('bootstrap/prod.yaml', 'kind: AppProject', 'kind: Nothing'), 'bootstrap/prod.yaml: edited by hand'
    ),
    'no yaml': (lambda here: here.write({VALUES: 'a: [\n'}), f'{VALUES}: edited by hand'),
    'empty': (lambda here: here.write({VALUES: ''}), f'{VALUES}: edited by hand'),
    'binary': (lambda here: here.write({VALUES: b'\xff\0'}), f'{VALUES}: edited by hand'),
    'schema': (
        lambda here: here.append('registry/schemas/model.json', ' '), 'registry/schemas/model.json: edited by hand'
    ),
    'head of a schema': (
        replace('registry/schemas/model.json', '{\n', '{ "x": 1,\n'), 'registry/schemas/model.json: edited by hand'
    ),
    'chart': (
        replace(f'{CHART}/values.yaml', 'replicaCount: 2', 'replicaCount: 9'),
        f'{CHART}/values.yaml: edited by hand (replicaCount: 2 → 9)',
    ),
    'template': (
        lambda here: here.append(f'{CHART}/templates/objects.yaml', '{{ evil }}'),
        f'{CHART}/templates/objects.yaml: edited by hand',
    ),
    'added': (
        lambda here: here.write({f'{CHART}/templates/job.yaml': 'kind: Job\n'}),
        f'{CHART}/templates/job.yaml: added by hand',
    ),
    'ledger': (
        replace(LEDGER, 'bump: initial', 'bump: major'), f'{LEDGER}: edited by hand (versions[0].bump: initial → major)'
    ),
    'link': (link(VALUES), f'{VALUES}: {NO_FILE}'),
    'link in a chart': (link(f'{CHART}/Chart.yaml'), f'{CHART}/Chart.yaml: {NO_FILE}'),
    'link added to a chart': (
        lambda here: (here.folder / CHART / 'x.yaml').symlink_to('/etc/passwd'), f'{CHART}/x.yaml: added by hand'
    ),
    'dangling link': (
        lambda here: (here.folder / CHART / 'x.yaml').symlink_to('nowhere'), f'{CHART}/x.yaml: added by hand'
    ),
}  # fmt: skip


def six(tmp_path: Path) -> Checkout:
    return published(tmp_path, SMALL | release('prod', 'web', values={'replicaCount': 6}))


@pytest.mark.parametrize(('edit', 'problem'), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize('commit', [False, True], ids=['files', 'commit'])
def test_a_hand_edit_stops_the_run_and_is_dropped_on_request(
    tmp_path: Path, edit: Edit, problem: str, commit: bool
) -> None:
    here = six(tmp_path)
    clean = here.tree()
    edit(here)
    [found] = here.refused(commit=commit)
    assert found.startswith(problem)
    outcome = here.generate(commit=commit, discard=True)
    assert outcome.changed
    assert outcome.commit == ''
    assert here.tree() == clean
    assert here.status() == []
    assert not any((here.folder / path).is_symlink() for path in clean)


@pytest.mark.parametrize(('edit', 'problem'), EDITS.values(), ids=EDITS)
def test_a_committed_hand_edit_is_still_one(tmp_path: Path, edit: Edit, problem: str) -> None:
    here = six(tmp_path)
    here.git('switch', '--quiet', '--create', 'feature')  # main still says what is published
    clean = here.tree()
    edit(here)
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'by hand')
    [found] = here.refused(commit=True)
    assert found.startswith(problem)
    assert here.commit(discard=True).commit
    assert here.tree() == clean
    assert here.status() == []
    assert here.git('diff', 'main', 'feature') == ''


@pytest.mark.parametrize('committed', [False, True])
def test_what_is_removed_of_a_published_chart_comes_back(tmp_path: Path, committed: bool) -> None:
    here = six(tmp_path)
    here.git('switch', '--quiet', '--create', 'feature')
    clean = here.tree()
    here.remove(f'{CHART}/templates/NOTES.txt')
    if committed:
        here.git('commit', '--quiet', '--all', '--message', 'by hand')
    outcome = here.commit()
    assert [change.path for change in outcome.plan.changes] == [f'{CHART}/templates/NOTES.txt']
    assert bool(outcome.commit) == committed
    assert (here.tree(), here.status()) == (clean, [])


def test_every_edit_is_told_at_once(tmp_path: Path) -> None:
    here = published(tmp_path)
    for path in (VALUES, DELIVERY, 'bootstrap/staging.yaml', LEDGER):
        here.append(path, '# mine\n')
    assert here.refused() == [
        'bootstrap/staging.yaml: edited by hand', f'{LEDGER}: edited by hand',
        f'{DELIVERY}: edited by hand', f'{VALUES}: edited by hand',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('what', 'by', 'hint'),
    [
        (
            'targetRevision: main',
            'targetRevision: next',
            'it is no value, it follows from registry/releases/prod/web.yaml',
        ),
        ('replicaCount: 6', 'replicaCount: 8', 'set values in registry/releases/prod/web.yaml under spec.values'),
    ],
)
def test_only_an_edit_of_a_value_is_sent_to_the_values(tmp_path: Path, what: str, by: str, hint: str) -> None:
    here = six(tmp_path)
    replace(DELIVERY, what, by)(here)
    with pytest.raises(ProblemsFound) as raised:
        here.generate()
    [told] = [found.hint for found in raised.value.problems]
    assert told.startswith(hint)
    assert told.endswith(", or run 'chartloom generate --discard-edits'; if git merged it as text: 'chartloom refresh'")


def test_an_edit_of_one_model_does_not_stop_another(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.append('values/prod/api.yaml', '# mine\n')
    here.write(changed_model('web'))
    assert here.commit(models=('web',)).commit
    assert here.status() == [' M values/prod/api.yaml']


def draft(tmp_path: Path) -> Checkout:
    """A checkout whose chart is not published: nothing has ever been committed."""
    here = new(tmp_path)
    here.generate()
    return here


def test_an_edited_draft_stops_the_run(tmp_path: Path) -> None:
    here = draft(tmp_path)
    here.append(f'{CHART}/templates/objects.yaml', '# mine\n')
    here.append(f'{CHART}/values.yaml', 'mine: 1\n')
    end = here.read(f'{CHART}/templates/objects.yaml').count('\n')
    assert here.refused() == [
        f"{CHART}/templates/objects.yaml: edited by hand (line {end} nothing → '# mine')",
        f'{CHART}/values.yaml: edited by hand (mine: nothing → 1)',
    ]
    here.generate(discard=True)
    assert not here.generate().changed


def test_a_file_or_a_link_added_to_a_draft_stops_the_run(tmp_path: Path) -> None:
    here = draft(tmp_path)
    here.write({f'{CHART}/templates/job.yaml': 'kind: Job\n'})
    assert here.refused() == [f'{CHART}/templates/job.yaml: edited by hand']
    here.remove(f'{CHART}/templates/job.yaml')
    (here.top / CHART / 'templates/job.yaml').symlink_to('objects.yaml')
    assert here.refused() == [f'{CHART}/templates/job.yaml: {NO_FILE}']
    here.write(changed_model())
    assert f'{CHART}/values.yaml: edited by hand (replicaCount: 3 → 2)' in here.refused()
    here.generate(discard=True)
    assert not (here.top / CHART / 'templates/job.yaml').exists()


def test_a_chart_that_no_ledger_names_is_not_ours_to_replace(tmp_path: Path) -> None:
    here = published(tmp_path)
    shutil.copytree(here.top / CHART, here.top / 'charts/web/1.1.0')
    here.write(changed_model())
    assert here.refused(commit=True) == ['charts/web/1.1.0: the ledger has no entry for this chart']
    shutil.move(here.top / 'charts/web/1.1.0', here.top / 'charts/web/9.9.9')
    assert here.refused(commit=True) == ['charts/web/9.9.9: the ledger has no entry for this chart']
    assert here.commit(discard=True).commit
    assert here.status() == []
    assert not (here.top / 'charts/web/9.9.9').exists()


def test_a_draft_of_an_older_state_is_replaced(tmp_path: Path) -> None:
    here = draft(tmp_path)
    here.write(changed_model())
    here.generate()
    assert 'replicaCount: 3' in here.read(f'{CHART}/values.yaml')
    here.write({LEDGER: 'no: ledger\n'})
    here.write(changed_model(replicas=4))
    assert f'{LEDGER}: edited by hand' in here.refused()[-1]


def test_a_removed_values_file_comes_back(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove(VALUES, DELIVERY)
    assert [change.kind for change in here.generate().plan.changes] == ['add', 'add']
    assert here.status() == []


def test_a_pipe_is_no_link(tmp_path: Path) -> None:
    here = published(tmp_path)
    here.remove(f'{CHART}/Chart.yaml')
    os.mkfifo(here.folder / CHART / 'Chart.yaml')
    assert here.refused() == [f'{CHART}/Chart.yaml: {NO_FILE}']
