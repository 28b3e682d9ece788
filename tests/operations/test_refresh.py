"""`refresh`: branches whose base moved get its registry; drafts are numbered anew, nothing generated is merged."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from gitops import Checkout, chartloom, clone, new, published, published_at
from parts import git
from pruned import no_registry
from registries import environment, following, model, release, settings

from generator.charts.ledger import read_ledger
from generator.domain.generated import LedgerEntry
from generator.domain.problems import CommandFailed, ProblemsFound
from generator.operations.apply import apply
from generator.operations.operation import Options, Outcome, Remote
from generator.operations.pin import pinning
from generator.operations.pin_choice import Scope
from generator.operations.prune import pruning
from generator.operations.refresh import refresh

WEB, PIN = 'registry/models/web.yaml', 'registry/releases/prod/web.yaml'
MODEL = """\
# Answers customers.
apiVersion: chartloom/v1
kind: Model
metadata: {name: web}
spec:
  team: shop
  description: Answers
  runtime: custom
  replicas: 2
  versions:
  - version: "1"
    image: registry.example/server:1@sha256:%s
""" % ('1' * 64)
PINNED = """\
apiVersion: chartloom/v1
kind: Release
metadata: {name: web}
spec:
  # Moved by operations only.
  version: "1"
  chart: 1.0.0
"""
FILES = {
    **settings(),
    **model('api'),
    **following('staging'),
    **environment('prod'),
    **release('staging', 'web'),
    **release('staging', 'api'),
    WEB: MODEL.encode(),
    PIN: PINNED.encode(),
}


def added(number: str, digit: str = '2', comment: str = '') -> str:
    lines = f'  - version: "{number}"\n    image: registry.example/server:{number}@sha256:{digit * 64}\n'
    return (f'  # {comment}\n' if comment else '') + lines


def branch(here: Checkout, name: str, *edits: tuple[str, str], file: str = WEB) -> None:
    """A branch from main with an edit of a file, generated and committed."""
    here.git('switch', '--quiet', '--create', name, 'main')
    edit(here, *edits, file=file)
    assert here.commit().commit


def edit(here: Checkout, *edits: tuple[str, str], file: str = WEB) -> None:
    text = here.read(file)
    for old, by in edits:
        assert old in text or not old
        text = text.replace(old, by, 1) if old else text + by
    here.write({file: text})


def squash(here: Checkout, name: str) -> None:
    """Merge a branch as a forge does, and go back to it."""
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--squash', name)
    here.git('commit', '--quiet', '--message', name)
    here.git('switch', '--quiet', name)


def refreshed(here: Checkout, base: str = '', **options: Any) -> Outcome:
    return refresh(base, here.repository(), Options(commit=True, **options))


def refused(here: Checkout, base: str = '', **options: Any) -> list[str]:
    before = here.everything()
    with pytest.raises(ProblemsFound) as raised:
        refreshed(here, base, **options)
    assert here.everything() == before
    return [str(found) for found in raised.value.problems]


def entries(here: Checkout) -> tuple[LedgerEntry, ...]:
    file = 'charts/web/versions.yaml'
    return read_ledger((here.folder / file).read_bytes(), file)


def ledger(here: Checkout) -> list[tuple[str, str]]:
    return [(entry.version, entry.model_version) for entry in entries(here)]


def is_clean(here: Checkout) -> bool:
    """Nothing is left to generate, to commit or to end."""
    return not here.generate().changed and here.status() == [] and not (here.top / '.git/MERGE_HEAD').exists()


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    return published(tmp_path / 'here', FILES)


def test_two_requests_with_the_same_draft_number(here: Checkout) -> None:
    branch(here, 'one', ('', added('2', comment='ours')))
    branch(here, 'two', ('', added('3', '3', 'theirs')), ('replicas: 2', 'replicas: 2  # enough'))
    first = ledger(here)[1][0]
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    old = here.head()
    outcome = refreshed(here)
    (told,) = outcome.result['renumbered']
    assert (told['from'], told['version']) == (first, '3')
    assert ledger(here) == [('1.0.0', '1'), (first, '2'), (told['to'], '3')]
    assert here.git('rev-parse', 'HEAD^1', 'HEAD^2').split() == [old, here.git('rev-parse', 'main')]
    text = here.read(WEB)
    assert [part for part in ('# ours', '# theirs', '# enough', '"2"', '"3"') if part not in text] == []
    assert is_clean(here)
    assert here.git('branch', '--show-current') == 'two'
    squash(here, 'two')  # no conflict
    assert refreshed(here).result['result'] == 'refreshed'
    assert is_clean(here)


def test_the_message_says_what_was_done(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('team: shop', 'team: store'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    base = here.git('rev-parse', 'main')
    assert here.git('log', '-1', '--format=%B').splitlines() == [
        f'Refresh two onto main {base[:8]}',
        '',
        f'Merges main ({base[:12]}): registry files by meaning, generated files made anew.',
        'web: the draft 1.0.1 of version 1 is now chart 1.0.2.',
        'What this branch changes on top of main:',
        '',
        'New charts:',
        '* web 1.0.2',
        '',
        'Changed releases:',
        '* staging/web: chart 1.0.1 → 1.0.2, model version 1',
        '',
        'Registry:',
        f'* {WEB}',
        '',
        'Chartloom-Operation: refresh main',
    ]


def test_pins_follow_their_draft(here: Checkout) -> None:
    branch(here, 'one', ('', added('3', '3')))
    here.git('switch', '--quiet', '--create', 'two', 'main')
    edit(here, ('', added('4')))
    here.commit()
    outcome = apply(pinning(Scope(('prod/web',)), newest=True), here.repository(), Options(commit=True))
    assert outcome.commit
    draft = ledger(here)[-1][0]
    assert f'chart: {draft}' in here.read(PIN)
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    outcome = refreshed(here)
    now = ledger(here)[-1]
    assert now[1] == '4'
    assert now[0] != draft
    assert outcome.result['pins'] == [{'file': PIN, 'from': draft, 'to': now[0]}]
    assert here.read(PIN) == PINNED.replace('version: "1"', 'version: "4"').replace('1.0.0', now[0])
    assert is_clean(here)


def test_published_pins_stay(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    apply(pinning(Scope(('prod/web',))), here.repository(), Options(commit=True))
    branch(here, 'two', ('replicas: 2', 'replicas: 2  # enough'), ('', added('2')))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    assert refreshed(here).result['pins'] == []
    assert 'chart: 1.0.1' in here.read(PIN)
    # The first branch is merged already: it has nothing of its own, and its pin is published.
    here.git('switch', '--quiet', 'one')
    outcome = refreshed(here)
    assert (outcome.result['pins'], outcome.result['renumbered'], outcome.plan.changes) == ([], [], ())
    assert here.git('diff', 'main') == ''
    assert is_clean(here)


def test_both_set_a_key(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('replicas: 2', 'replicas: 4'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    told = (
        f'{WEB}::$.spec.replicas: this branch sets 4, main 3\n'
        "  hint: run 'git merge main', write the value that is to hold, 'git add' it, then 'chartloom refresh'"
    )
    assert refused(here) == [told]
    # As the hint says.
    stop(here, 'merge', 'main')
    assert refused(here)[0].startswith(f'{WEB}::$.spec.replicas: this branch sets 4, main 3\n  hint: write the value')
    here.write({WEB: MODEL.replace('replicas: 2', 'replicas: 5')})
    assert refused(here)[0].startswith(f'{WEB}: changed and not staged')
    here.git('add', WEB)
    assert refreshed(here).result['ended'] == 'merge'
    assert 'replicas: 5' in here.read(WEB)
    assert is_clean(here)
    assert len(here.git('rev-parse', 'HEAD^@').split()) == 2


def stop(here: Checkout, *command: str) -> None:
    done = subprocess.run(['git', *command], cwd=here.top, capture_output=True, check=False)
    assert done.returncode == 1, done


@pytest.mark.parametrize('command', ['merge', 'rebase'])
def test_what_has_stopped_is_ended(here: Checkout, command: str) -> None:
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    old = here.head()
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    stop(here, command, 'main')
    outcome = refreshed(here)
    assert (outcome.result['ended'], here.git('branch', '--show-current')) == (command, 'two')
    assert here.git('rev-parse', 'HEAD^1', 'HEAD^2').split() == [old, here.git('rev-parse', 'main')]
    assert [each for _, each in ledger(here)] == ['1', '2', '3']
    assert is_clean(here)
    assert not (here.top / '.git/rebase-merge').exists()


def test_edits_in_the_middle_of_a_merge_are_kept(here: Checkout) -> None:
    here.write({'notes.txt': 'a\nb\nc\n'})
    here.git('add', 'notes.txt')
    here.git('commit', '--quiet', '--message', 'notes')
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    stop(here, 'merge', 'main')
    edit(here, ('"url"', '"path": "", "url"'), file='registry/settings.yaml')
    here.write({'notes.txt': 'a\nb\nd\n'})
    assert [text.partition(':')[0] for text in refused(here)] == ['notes.txt', 'registry/settings.yaml']
    here.git('add', 'notes.txt', 'registry/settings.yaml')
    refreshed(here)
    assert '"path"' in here.read('registry/settings.yaml')
    assert here.read('notes.txt') == 'a\nb\nd\n'
    assert is_clean(here)


def test_edits_in_the_middle_of_a_rebase_are_not_lost(here: Checkout) -> None:
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    stop(here, 'rebase', 'main')
    here.write({WEB: MODEL + added('2') + added('3', '3', 'by hand')})
    here.git('add', WEB)
    told = (
        f'{WEB}: edited during the rebase, which would be given up for a merge of the whole branch\n'
        "  hint: finish the rebase by hand, or put the edit aside and run 'chartloom refresh' again"
    )
    assert refused(here) == [told]


def test_other_files_are_merged_as_git_does(here: Checkout) -> None:
    here.write({'docs/a': ''.join(f'{n}\n' for n in range(9)), 'run.sh': '#!/bin/sh\n'})
    (here.top / 'run.sh').chmod(0o755)
    (here.top / 'link').symlink_to('docs/a')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'docs')
    here.git('switch', '--quiet', '--create', 'two')
    edit(here, ('1\n', 'one\n'), file='docs/a')
    (here.top / 'link').unlink()
    (here.top / 'link').symlink_to('run.sh')
    here.append('README.md', 'Ours.\n')
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'ours')
    here.git('switch', '--quiet', 'main')
    edit(here, ('7\n', 'seven\n'), file='docs/a')
    edit(here, ('# ml\n', '# ml\nTheirs.\n'), file='README.md')
    here.write({**environment('edge')})
    assert here.commit().commit
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'theirs')
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    assert here.read('docs/a').split() == ['0', 'one', '2', '3', '4', '5', '6', 'seven', '8']
    assert (here.top / 'link').readlink() == Path('run.sh')
    assert (here.top / 'run.sh').stat().st_mode & 0o100
    assert [part for part in ('Ours.', 'Theirs.', 'edge') if part not in here.read('README.md')] == []
    assert is_clean(here)
    # The same lines.
    for name, word in (('two', 'OURS'), ('main', 'THEIRS')):
        here.git('switch', '--quiet', name)
        edit(here, ('5\n', f'{word}\n'), file='docs/a')
        here.git('commit', '--quiet', '--all', '--message', word)
    here.git('switch', '--quiet', 'two')
    told = (
        'docs/a: this branch and main changed the same lines\n'
        "  hint: run 'git merge main', resolve it, 'git add' it, then 'chartloom refresh'"
    )
    assert refused(here) == [told]


def test_a_release_removed_on_one_side(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    here.git('switch', '--quiet', '--create', 'two', 'main')
    here.remove('registry/releases/staging/api.yaml')
    here.commit(removable=('staging/api',))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    assert not (here.folder / 'delivery/staging/api.yaml').exists()
    assert is_clean(here)
    here.git('switch', '--quiet', 'main')
    edit(here, ('"spec": {}', '"spec": {"values": {"replicaCount": 7}}'), file='registry/releases/staging/api.yaml')
    here.commit()
    here.git('switch', '--quiet', 'two')
    api = 'registry/releases/staging/api.yaml'
    told = f'{api}: removed on this branch, changed in main\n  hint: to keep it: '
    how = "'git add' it, then 'chartloom refresh'; to remove it: 'git rm' it instead"
    assert refused(here) == [f"{told}run 'git merge main', {how}"]
    stop(here, 'merge', 'main')
    assert refused(here) == [told + how]
    here.git('rm', '--quiet', api)
    refreshed(here)
    assert not (here.folder / api).exists()
    assert is_clean(here)


def test_uncommitted_changes_are_not_lost(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('team: shop', 'team: store'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    edit(here, ('runtime: custom', 'runtime: custom  # for now'))
    assert refused(here)[0].startswith(f'{WEB}: changed and not committed\n')


def test_nothing_to_do(here: Checkout) -> None:
    branch(here, 'two', ('team: shop', 'team: store'))
    head = here.head()
    outcome = refreshed(here)
    assert (outcome.changed, outcome.result['result'], here.head()) == (False, 'up to date', head)
    here.git('switch', '--quiet', '--create', 'behind', 'main')
    squash(here, 'two')
    here.git('switch', '--quiet', 'behind')
    outcome = refreshed(here)
    assert (outcome.result['result'], here.head()) == ('fast-forwarded', here.git('rev-parse', 'main'))
    assert is_clean(here)


def test_generated_files_that_were_merged_as_text_are_made_anew(here: Checkout) -> None:
    branch(here, 'two', ('replicas: 2', 'replicas: 3'))
    here.append('values/staging/web.yaml', 'merged: as text\n')
    here.git('commit', '--quiet', '--all', '--message', 'merge')
    told = here.refused()
    assert told[0].startswith('values/staging/web.yaml: edited by hand')
    outcome = refreshed(here)
    assert (outcome.changed, len(here.git('rev-parse', 'HEAD^@').split())) == (True, 1)
    assert is_clean(here)


def test_a_dry_run_writes_nothing(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('team: shop', 'team: store'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    before = here.everything()
    outcome = refreshed(here, dry_run=True)
    assert (outcome.dry_run, bool(outcome.plan.changes), here.everything()) == (True, True, before)


def test_on_a_remote_and_pushed(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here', files=FILES)
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('team: shop', 'team: store'))
    branch(here, 'three', ('', added('2')))
    squash(here, 'one')
    here.git('push', '--quiet', 'origin', 'main', 'two', 'three')
    outcome = refresh('', Remote(f'file://{origin}', 'two'), Options(commit=True))
    assert (outcome.pushed, git(origin, 'rev-parse', 'two')) == (True, outcome.commit)
    there = clone(origin, tmp_path / 'there', '--branch', 'two')
    assert not there.generate().changed
    here.git('switch', '--quiet', 'three')
    outcome = refreshed(here, push=True)
    assert (outcome.pushed, git(origin, 'rev-parse', 'three')) == (True, here.head())
    assert outcome.result['base'] == 'origin/main'


def test_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    here = published(tmp_path, FILES, prefix='ml ops/')
    branch(here, 'one', ('', added('2')))
    here.write({'../code.txt': 'x\n'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'code')
    branch(here, 'two', ('', added('3', '3')))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    assert (here.top / 'code.txt').exists()
    assert [each for _, each in ledger(here)] == ['1', '2', '3']
    assert is_clean(here)


@pytest.mark.parametrize(('command', 'offered'), [('merge', True), ('rebase', True), ('cherry-pick', False)])
def test_every_stop_offers_it(here: Checkout, command: str, offered: bool) -> None:
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    stop(here, command, 'main')
    assert '<<<<<<<' not in here.read('charts/web/versions.yaml')  # it is not merged as text
    with pytest.raises(ProblemsFound) as raised:
        here.generate()
    assert 'chartloom refresh' in raised.value.problems[0].hint
    here.git('checkout', '--quiet', '--theirs', '--', '.')
    here.git('add', '--all')
    with pytest.raises(ProblemsFound) as raised:
        here.commit(discard=True)
    (told,) = raised.value.problems
    assert told.message == f'a {command} is in progress'
    first = "run 'chartloom refresh' to end it" if offered else "finish it ('git status' shows how)"
    assert told.hint == f"{first}, or run 'git {command} --abort'"
    if not offered:
        assert refused(here)[0].endswith(f'hint: {told.hint}')


def merged_with(here: Checkout, branch: str = 'main', code: int = 0) -> dict[str, Any]:
    before = here.everything()
    done = chartloom(here.folder, 'verify', '--merged-with', branch, '--output', 'json')
    assert (done.returncode, here.everything()) == (code, before), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_differs_from_what_was_approved_is_named(here: Checkout) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    branch(here, 'two', ('', added('4')))
    branch(here, 'three', ('"description": "Answers"', '"description": "Replies"'), file='registry/models/api.yaml')
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    found = merged_with(here)
    assert (found['valid'], found['asApproved'], found['releases']) == (True, False, ['staging/web'])
    scaler = {'release': 'staging/web', 'object': 'HorizontalPodAutoscaler web', 'approved': '2', 'merged': '3'}
    assert found['differences'] == [
        {**scaler, 'field': 'spec.minReplicas'},
        {**scaler, 'field': 'spec.maxReplicas'},
    ]
    done = chartloom(here.folder, 'verify', '--merged-with', 'main')
    assert done.stderr.splitlines()[0] == (
        'warning: registry/releases/staging/web.yaml: merged with main, not as approved: '
        'HorizontalPodAutoscaler web: spec.minReplicas 2 → 3'
    )
    assert '1 of 1 release that HEAD changes differs from what was approved, 0 problems' in done.stdout
    here.git('switch', '--quiet', 'three')
    found = merged_with(here)
    assert (found['asApproved'], found['differences'], found['releases']) == (True, [], ['staging/api'])
    # After a refresh, what is reviewed is what comes.
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    assert merged_with(here)['asApproved']


def test_a_release_that_is_suspended_meanwhile_is_not_as_approved(here: Checkout, tmp_path: Path) -> None:
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    here.git('switch', '--quiet', 'one')
    report = tmp_path / 'report.json'
    assert chartloom(here.folder, 'verify', '--merged-with', 'main', '--report', str(report)).returncode == 0
    here.git('switch', '--quiet', 'main')
    assert chartloom(here.folder, 'suspend', 'staging/web', '--reason', 'move').returncode == 0
    here.git('switch', '--quiet', 'one')
    for options in ((), ('--approved', str(report))):
        done = chartloom(here.folder, 'verify', '--merged-with', 'main', *options)
        assert 'staging/web.yaml: merged with main, not as approved: suspended no → yes\n' in done.stderr
        assert done.returncode == bool(options)
    here.git('switch', '--quiet', '--create', 'two', 'main')
    assert chartloom(here.folder, 'resume', 'staging/web').returncode == 0
    assert chartloom(here.folder, 'verify', '--base', 'main', '--report', str(report)).returncode == 0
    here.git('commit', '--quiet', '--allow-empty', '--message', 'more')
    done = chartloom(here.folder, 'verify', '--merged-with', 'main', '--approved', str(report))
    assert (done.returncode, done.stderr) == (0, '')


def test_files_that_are_in_no_object_are_compared_with_what_was_approved(here: Checkout, tmp_path: Path) -> None:
    """Gates, waivers and the like: an approval is of what the file said."""
    branch(here, 'one', ('replicas: 2', 'replicas: 3'))
    here.git('switch', '--quiet', 'one')
    report = tmp_path / 'report.json'
    assert chartloom(here.folder, 'verify', '--base', 'main', '--report', str(report)).returncode == 0
    told = ('verify', '--merged-with', 'main', '--approved', str(report))
    assert chartloom(here.folder, *told).returncode == 0
    file = 'registry/environments/prod.yaml'
    waiver = {'pods-halved': {'until': '2099-12-31', 'reason': 'small'}}
    here.write({file: here.read(file).replace('"spec": {', f'"spec": {{"waivers": {json.dumps(waiver)}, ', 1)})
    here.commit()
    done = chartloom(here.folder, *told)
    assert done.returncode == 1
    assert f'{file}: merged with main, not as approved: the file as published → ' in done.stderr


def test_a_release_that_only_the_merge_changes_is_named(here: Checkout) -> None:
    """The request changes a default, and meanwhile a release that had its own value is to take it."""
    file = 'registry/releases/staging/api.yaml'
    plain = here.read(file)
    here.write(release('staging', 'api', values={'revisionHistoryLimit': 7}))
    here.commit()
    branch(
        here,
        'one',
        ('"spec": {', '"spec": {"values": {"revisionHistoryLimit": 1}, '),
        file='registry/environments/staging.yaml',
    )
    here.git('switch', '--quiet', 'main')
    here.write({file: plain})
    here.commit()
    here.git('switch', '--quiet', 'one')
    found = merged_with(here)
    assert not found['asApproved']
    told = [(each['release'], each['field'], each['approved'], each['merged']) for each in found['differences']]
    assert told == [('staging/api', 'spec.revisionHistoryLimit', '7', '1')]


def test_problems_of_the_merged_result(here: Checkout) -> None:
    """Each branch alone is right."""
    here.remove('registry/releases/staging/api.yaml', 'registry/models/api.yaml')
    here.commit(removable=('staging/api',))
    here.git('switch', '--quiet', '--create', 'two', 'main~1')
    here.write({'registry/releases/prod/api.yaml': release('staging', 'api')['registry/releases/staging/api.yaml']})
    edit(here, ('"spec": {}', '"spec": {"version": "1", "chart": "1.0.0"}'), file='registry/releases/prod/api.yaml')
    here.commit()
    found = merged_with(here, code=1)
    (told,) = found['problems']
    assert (told['file'], found['valid']) == ('registry/releases/prod/api.yaml', False)
    assert refused(here)[0].startswith('registry/releases/prod/api.yaml')


@pytest.mark.parametrize('what', ['a foreign file', 'an edited file', 'a file that agents obey'])
def test_what_the_merge_would_discard_is_a_problem_of_the_request(here: Checkout, what: str) -> None:
    """`git merge` of the request keeps it."""
    here.git('switch', '--quiet', '--create', 'request')
    delivery = 'delivery/prod/web.yaml'
    path, message = {
        'a foreign file': (
            'delivery/prod/evil.yaml',
            'its registry file registry/releases/prod/evil.yaml was not found',
        ),
        'an edited file': (delivery, 'edited by hand'),
        'a file that agents obey': ('delivery/.argocd-source.yaml', 'it changes what Argo CD deploys from this folder'),
    }[what]
    here.write({path: here.read(delivery).replace('web', 'evil')})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'request')
    found = merged_with(here, code=1)
    assert {told['file'] for told in found['problems']} == {path}
    assert any(message in told['message'] for told in found['problems'])
    assert (found['valid'], found['asApproved'], found['differences']) == (False, False, [])
    done = chartloom(here.folder, 'verify', '--merged-with', 'main')
    assert (done.returncode, 'not there' in done.stderr, path in done.stderr) == (1, False, True)


def test_the_merged_result_is_compared_with_a_report(here: Checkout, tmp_path: Path) -> None:
    """What differs is told also if the branch has changed since the report was approved."""
    branch(here, 'one', ('"description": "Answers"', '"description": "Replies"'), file='registry/models/api.yaml')
    branch(here, 'two', ('replicas: 2', 'replicas: 3'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    report, told = tmp_path / 'report.json', ('verify', '--merged-with', 'main', '--approved')
    assert chartloom(here.folder, 'verify', '--merged-with', 'main', '--report', str(report)).returncode == 0
    data = json.loads(report.read_text())
    assert [each['release'] for each in data['releases']] == ['staging/web']
    done = chartloom(here.folder, *told, str(report))
    assert '0 of 1 release that HEAD changes differ from what was approved' in done.stdout
    data['releases'][0]['digest'] = 'a' * 64
    report.write_text(json.dumps(data))
    done = chartloom(here.folder, *told, str(report))
    warning = 'staging/web.yaml: merged with main, not as approved: the rendered objects aaaaaa'
    assert (done.returncode, warning in done.stderr) == (1, True)
    report.write_text(json.dumps({**data, 'releases': []}))
    done = chartloom(here.folder, *told, str(report))
    assert 'not as approved: the rendered objects nothing of this release' in done.stderr
    for text, words in (
        ('[]', 'expected a report of chartloom in JSON'),
        (json.dumps({**data, 'complete': False}), 'the report is not complete'),
    ):
        report.write_text(text)
        done = chartloom(here.folder, *told, str(report))
        assert (done.returncode, words in done.stderr) == (1, True)
    assert chartloom(here.folder, 'verify', '--approved', str(report)).returncode == 2


def test_merged_with_is_of_all_models(here: Checkout) -> None:
    done = chartloom(here.folder, 'verify', '--merged-with', 'main', 'web')
    assert (done.returncode, '--merged-with excludes MODELS' in done.stderr) == (2, True)
    assert chartloom(here.folder, 'verify', '--merged-with', '').returncode == 2
    assert chartloom(here.folder, 'verify', '--merged-with', 'main', '--base', 'main', '--all').returncode == 0


def test_what_one_side_pruned_stays_so(here: Checkout) -> None:
    for number in '23':
        edit(here, ('', added(number, number)))
        here.commit()
    apply(pinning(Scope(('prod/web',)), newest=True), here.repository(), Options(commit=True))
    here.write(settings(charts={'keep': 1}))
    here.commit()
    here.git('switch', '--quiet', '--create', 'two')
    assert apply(pruning(no_registry), here.repository(), Options(commit=True)).commit
    here.git('switch', '--quiet', 'main')
    edit(here, ('', added('4', '4')))
    here.commit()
    here.git('switch', '--quiet', 'two')
    refreshed(here)
    assert [entry.version for entry in entries(here) if entry.pruned] == ['1.0.0', '1.1.0']
    assert sorted(path.name for path in (here.folder / 'charts/web').glob('*.*.*')) == ['1.2.0', '1.3.0']
    assert is_clean(here)


def test_a_merge_of_two_requests(here: Checkout) -> None:
    """What is published stays what charts are compared with: the drafts of both are numbered above that."""
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    apply(pinning(Scope(('prod/web',)), newest=True), here.repository(), Options(commit=True))
    stop(here, 'merge', 'one')
    outcome = refreshed(here)
    assert (outcome.result['base'], outcome.result['ended']) == ('one', 'merge')
    assert ledger(here) == [('1.0.0', '1'), ('1.1.0', '2'), ('1.2.0', '3')]
    assert 'chart: 1.2.0' in here.read(PIN)
    assert is_clean(here)


def two_ready(here: Checkout) -> None:
    """Branch two, with a pinned draft; the base has moved."""
    branch(here, 'one', ('', added('2')))
    branch(here, 'two', ('', added('3', '3')))
    apply(pinning(Scope(('prod/web',)), newest=True), here.repository(), Options(commit=True))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')


@pytest.mark.parametrize('moment', ['begun', 'half', 'index', 'branch'])
def test_a_run_that_was_killed_is_finished(here: Checkout, moment: str) -> None:
    """The states between the steps: a merge in progress, some files, all files and the index, the branch as well."""
    two_ready(here)
    old, theirs = here.head(), here.git('rev-parse', 'main')
    made = refreshed(here).commit
    if moment != 'branch':
        here.git('update-ref', 'refs/heads/two', old)
    if moment in ('begun', 'half'):
        here.git('reset', '--quiet', '--hard', old)
    if moment == 'half':
        for path in (PIN, WEB, 'charts/web/1.2.0/values.yaml', 'delivery/prod/web.yaml'):
            here.write({path: here.git('show', f'{made}:{path}') + '\n'})
    move = {'branch': 'refs/heads/two', 'old': old, 'commit': made, 'theirs': theirs}
    (here.top / '.git/chartloom/refresh.json').write_text(json.dumps(move))
    (here.top / '.git/MERGE_HEAD').write_text(f'{theirs}\n')
    if moment == 'half':
        text = here.read(PIN)
        here.append(PIN, '# mine\n')
        assert refused(here)[0].startswith(f'{PIN}: changed, and would be overwritten')
        here.write({PIN: text})
    assert refreshed(here).result['result'] == 'up to date'
    assert here.head() == made
    assert is_clean(here)


def test_a_killed_run_that_a_person_gave_up(here: Checkout) -> None:
    two_ready(here)
    old, theirs = here.head(), here.git('rev-parse', 'main')
    move = {'branch': 'refs/heads/two', 'old': old, 'commit': old, 'theirs': theirs}
    (here.top / '.git/chartloom/refresh.json').write_text(json.dumps(move))
    assert refreshed(here).result['result'] == 'refreshed'
    assert is_clean(here)


def test_a_branch_that_cannot_move_stays(here: Checkout) -> None:
    two_ready(here)
    (here.top / '.git/refs/heads/two.lock').touch()
    before = here.everything()
    with pytest.raises(CommandFailed):
        refreshed(here)
    assert (here.everything(), (here.top / '.git/MERGE_HEAD').exists()) == (before, False)
    (here.top / '.git/refs/heads/two.lock').unlink()
    refreshed(here)
    assert is_clean(here)


def test_files_that_git_does_not_know_are_not_overwritten(here: Checkout) -> None:
    two_ready(here)
    here.write({'charts/web/1.2.0/values.yaml': 'mine\n'})
    told = 'charts/web/1.2.0/values.yaml: not in git, and would be overwritten\n  hint: move it away, or remove it'
    assert refused(here) == [told]


def test_the_documents_of_a_stopped_merge(here: Checkout) -> None:
    """Only the text of the team can conflict."""
    for name, words in (('one', 'Theirs.'), ('two', 'Ours.')):
        here.git('switch', '--quiet', '--create', name, 'main')
        edit(here, ('# ml\n', f'# ml\n{words}\n'), file='README.md')
        edit(here, ('', added(str(len(words)))))
        here.commit()
        here.git('commit', '--quiet', '--all', '--message', 'words')
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    stop(here, 'merge', 'main')
    told = (
        "README.md: the file is unmerged in git\n  hint: resolve the conflict, 'git add' it, then 'chartloom refresh'"
    )
    assert refused(here) == [told]
    here.write({'README.md': '# ml\nBoth.\n'})
    assert refused(here)[0].startswith('README.md: changed and not staged')
    here.git('add', 'README.md')
    refreshed(here)
    assert here.read('README.md').startswith('# ml\nBoth.\n\n<!-- chartloom: begin')
    assert is_clean(here)


def test_a_comment_that_cannot_be_kept(here: Checkout) -> None:
    traffic = '  traffic: {\n    requestsPerSecond: 1, # few\n    timeout: 2s}\n'
    edit(here, ('  replicas: 2\n', traffic))
    here.commit()
    branch(here, 'one', ('requestsPerSecond: 1', 'requestsPerSecond: 2'))
    branch(here, 'two', ('timeout: 2s', 'timeout: 3s'))
    squash(here, 'one')
    here.git('switch', '--quiet', 'two')
    told = (
        f'{WEB}: the lines of this branch and of main cannot be merged without losing a comment\n'
        "  hint: run 'git merge main', merge the file by hand, 'git add' it, then 'chartloom refresh'"
    )
    assert refused(here) == [told]


def test_what_cannot_be_merged_at_all(here: Checkout) -> None:
    branch(here, 'one', ('', added('2')))
    assert refused(here, 'nothing')[0].startswith("BASE: revision 'nothing' not found in git")
    here.git('switch', '--quiet', '--orphan', 'alone')
    here.git('commit', '--quiet', '--allow-empty', '--message', 'alone')
    here.git('switch', '--quiet', 'one')
    told = 'BASE: this branch and the base have no common commit in this clone\n  hint: name the branch it comes from'
    assert refused(here, 'alone') == [told]
    here.git('switch', '--quiet', '--detach')
    assert refused(here, push=True)[0].startswith('HEAD: expected a branch to push')
    (here.top / '.git/MERGE_HEAD').write_text(f'{here.head()}\n{here.git("rev-parse", "main")}\n')
    assert refused(here)[0].startswith(f'{here.top}: a merge of more than two branches is in progress')


def test_before_the_first_commit(tmp_path: Path) -> None:
    here = new(tmp_path, FILES)
    with pytest.raises(ProblemsFound, match='there is no commit yet'):
        refreshed(here)
