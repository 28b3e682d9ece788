"""`git revert` is safe: published charts and ledger entries are restored; pruned charts only when required."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, published, published_at
from parts import git
from pruned import FILES, LEDGER, charts, grown, marks, pin, prune, pruned, serves

from generator.domain.problems import ProblemsFound
from generator.operations.operation import Options, Remote, generate
from generator.operations.remote import perform


def revert(here: Checkout, revision: str = 'HEAD') -> None:
    here.git('revert', '--no-edit', revision)


def entries(here: Checkout) -> list[str]:
    return [line.split()[2].strip('"') for line in here.read(LEDGER).splitlines() if line.startswith('  - version: ')]


def second_chart(here: Checkout) -> dict[str, bytes]:
    """Commit chart 1.0.1, which dev follows; what the repository holds of charts then."""
    here.write(r.model('web', replicas=2))
    assert here.commit().commit
    return {path: data for path, data in here.tree().items() if path.startswith('charts/')}


def test_a_revert_on_the_published_branch_takes_no_chart(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    before = second_chart(here)
    revert(here)
    assert (charts(here), entries(here)) == (['1.0.0'], ['1.0.0'])
    outcome = here.commit()
    now = here.tree()
    assert {path: data for path, data in now.items() if path in before} == before | {LEDGER: now[LEDGER]}
    # The reverted content is a version of its own: dev moves on to it, and no number is used twice.
    assert (charts(here), entries(here)) == (['1.0.0', '1.0.1', '1.0.2'], ['1.0.0', '1.0.1', '1.0.2'])
    assert b'/charts/web/1.0.2' in now['delivery/dev/web.yaml']
    assert outcome.commit
    assert not here.commit().changed


def test_a_revert_on_a_branch_takes_no_chart(origin: Path, tmp_path: Path) -> None:
    here = published_at(origin, tmp_path / 'here', files=FILES)
    before = second_chart(here)
    here.git('push', '--quiet', 'origin', 'main')
    here.git('switch', '--quiet', '--create', 'feature')
    revert(here)
    here.commit()
    now = here.tree()
    assert {path: data for path, data in now.items() if path in before} == before | {LEDGER: now[LEDGER]}
    assert entries(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_revert_on_a_remote_takes_no_chart(origin: Path, tmp_path: Path) -> None:
    here = published(tmp_path / 'here', FILES)
    before = second_chart(here)
    revert(here)
    here.git('push', '--quiet', str(origin), 'main')
    assert perform(generate(), Remote(serves(origin), 'main'), Options(commit=True)).pushed
    here.git('pull', '--quiet', str(origin), 'main')
    now = here.tree()
    assert {path: data for path, data in now.items() if path in before} == before | {LEDGER: now[LEDGER]}
    assert entries(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_draft_that_a_merged_branch_has_dropped_stays_away(origin: Path, tmp_path: Path) -> None:
    """The branch came by fast-forward, so the commit before the head was never published."""
    here = published_at(origin, tmp_path / 'here', files=FILES)
    before = here.tree()
    here.git('switch', '--quiet', '--create', 'feature')
    second_chart(here)
    here.write({path: data for path, data in FILES.items() if path == 'registry/models/web.yaml'})
    assert here.commit().commit
    assert here.tree() == before
    here.git('push', '--quiet', 'origin', 'feature:main')
    here.git('fetch', '--quiet', 'origin')
    assert here.git('rev-parse', 'origin/main') == here.head()
    assert not here.commit().changed


def test_a_revert_that_is_not_committed_takes_no_chart(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    second_chart(here)
    here.git('revert', '--no-commit', 'HEAD')
    here.generate()
    assert charts(here) == entries(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_revert_of_the_pin_alone_takes_nothing_along(tmp_path: Path) -> None:
    """Registry, values and delivery go back; the chart folder of the newer version stays."""
    here = grown(tmp_path)
    pinned = here.tree()
    revert(here)
    assert not here.commit().changed
    assert b'chart": "1.0.0"' in here.tree()['registry/releases/prod/web.yaml']
    assert charts(here) == ['1.0.0', '1.0.1', '1.0.2', '1.0.3']
    revert(here)
    assert here.tree() == pinned


def test_a_reverted_merge_takes_no_chart(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    here.git('switch', '--quiet', '--create', 'feature')
    before = second_chart(here)
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--no-ff', '--no-edit', 'feature')
    here.git('revert', '--no-edit', '--mainline', '1', 'HEAD')
    here.commit()
    now = here.tree()
    assert {path: data for path, data in now.items() if path in before} == before | {LEDGER: now[LEDGER]}


@pytest.mark.parametrize('side', ['ours', 'theirs', 'told'])
def test_a_merge_of_two_drafts_with_one_number(tmp_path: Path, side: str) -> None:
    """In a conflict either side of the generated files will do: the draft gets the next number."""
    here = published(tmp_path, FILES)
    here.git('switch', '--quiet', '--create', 'feature')
    second_chart(here)
    here.git('switch', '--quiet', 'main')
    here.write(r.model('web', replicas=3))
    assert here.commit().commit
    theirs = charts_of(here, '1.0.1')
    here.git('switch', '--quiet', 'feature')
    assert subprocess.run(['git', 'merge', 'main'], cwd=here.top, capture_output=True, check=False).returncode == 1
    here.write(r.model('web', replicas=4))
    here.git('add', 'registry')
    if side == 'told':
        with pytest.raises(ProblemsFound) as error:
            here.generate()
        assert {problem.message for problem in error.value.problems} == {'the file is unmerged in git'}
        [hint] = {problem.hint for problem in error.value.problems}
        for line in hint.split("files: '")[1].split("'")[0].split(' && '):
            here.git(*line.split()[1:])
    else:
        here.git('checkout', f'--{side}', '--', 'charts')
        here.git('add', 'charts')
    here.git('commit', '--quiet', '--no-edit')
    assert here.commit().commit
    assert charts_of(here, '1.0.1') == theirs
    assert charts(here) == entries(here) == ['1.0.0', '1.0.1', '1.0.2']
    assert not here.commit().changed


def charts_of(here: Checkout, version: str) -> dict[str, bytes]:
    return {path: data for path, data in here.tree().items() if path.startswith(f'charts/web/{version}/')}


def with_a_draft_that_changed(here: Checkout) -> dict[str, bytes]:
    """A branch with two commits, of which the second replaces the draft of the first, came by fast-forward."""
    here.git('switch', '--quiet', '--create', 'feature')
    second_chart(here)
    here.write(r.model('web', replicas=3))
    assert here.commit().commit
    assert charts(here) == ['1.0.0', '1.0.1']
    here.git('switch', '--quiet', 'main')
    here.git('merge', '--quiet', '--ff-only', 'feature')
    return charts_of(here, '1.0.1')


def test_a_revert_of_a_change_of_a_draft(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    before = with_a_draft_that_changed(here)
    here.git('switch', '--quiet', '--create', 'other')
    revert(here)
    assert charts_of(here, '1.0.1') != before
    assert here.commit().commit
    assert charts_of(here, '1.0.1') == before
    assert charts(here) == entries(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_revert_of_a_change_of_a_draft_on_the_published_branch(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    before = with_a_draft_that_changed(here)
    revert(here)
    with pytest.raises(ProblemsFound) as error:
        here.generate()
    [problem] = error.value.problems
    assert (problem.file, problem.message.partition(' → ')[0].rpartition(' ')[0]) == (
        LEDGER,
        'the revert changes published charts: chart 1.0.1: digest',
    )
    here.git(*problem.hint.split("'")[1].split()[1:])
    here.git('commit', '--quiet', '--message', 'Charts stay')
    assert here.commit().commit
    assert charts_of(here, '1.0.1') == before
    assert charts(here) == entries(here) == ['1.0.0', '1.0.1', '1.0.2']


def test_a_folder_that_is_gone_for_long_comes_back(tmp_path: Path) -> None:
    here = grown(tmp_path)
    before = here.tree()
    here.git('rm', '-r', '--quiet', 'charts/web/1.0.1')
    here.git('commit', '--quiet', '--message', 'Gone')
    here.git('commit', '--quiet', '--allow-empty', '--message', 'Something else')
    assert here.commit().commit
    assert here.tree() == before


def test_a_pruned_chart_is_not_missed(tmp_path: Path) -> None:
    here, _ = pruned(tmp_path)
    assert not here.commit().changed
    here.write(r.model('web', replicas=9))
    assert here.commit().commit
    assert charts(here) == ['1.0.3', '1.0.4']
    assert marks(here) == ['1.0.0', '1.0.1', '1.0.2']


@pytest.mark.parametrize('branch', ['main', 'feature'])
def test_a_reverted_prune_brings_all_back(origin: Path, tmp_path: Path, branch: str) -> None:
    here, before = pruned(tmp_path / 'here')
    here.git('remote', 'add', 'origin', str(origin))
    here.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    if branch == 'feature':
        here.git('switch', '--quiet', '--create', 'feature')
    revert(here)
    assert (marks(here), len(charts(here))) == ([], 4)
    assert not here.commit().changed
    assert before.items() <= here.tree().items()


def test_a_prune_on_a_branch_lasts_there(origin: Path, tmp_path: Path) -> None:
    here = grown(tmp_path / 'here')
    here.git('remote', 'add', 'origin', str(origin))
    here.git('push', '--quiet', '--set-upstream', 'origin', 'main')
    here.git('switch', '--quiet', '--create', 'feature')
    assert prune(here, commit=True).commit
    assert not here.commit().changed
    here.write(r.model('api', replicas=9))
    assert here.commit().commit
    assert charts(here) == ['1.0.3']
    # A release that pins one of them: the base still has it.
    pin(here, '1.0.1')
    assert here.commit().commit
    assert charts(here) == ['1.0.1', '1.0.3']
    assert git(here.top, 'diff', '--name-only', 'main', '--', 'charts/web/1.0.1') == ''


def test_a_merge_of_a_pin_and_a_prune(tmp_path: Path) -> None:
    """Each is right alone; together a release stands on a chart that is not there."""
    here = grown(tmp_path)
    here.git('switch', '--quiet', '--create', 'cleaning')
    assert prune(here, commit=True).commit
    here.git('switch', '--quiet', 'main')
    before = here.tree()
    pin(here, '1.0.2')
    assert here.commit().commit
    here.git('merge', '--quiet', '--no-edit', 'cleaning')
    assert charts(here) == ['1.0.3']
    assert here.commit().commit
    assert charts(here) == ['1.0.2', '1.0.3']
    folder = 'charts/web/1.0.2/'
    now = here.tree()
    assert {p: d for p, d in now.items() if p.startswith(folder)} == {
        p: d for p, d in before.items() if p.startswith(folder)
    }


def test_a_pruned_chart_that_somebody_puts_back_is_removed_again(tmp_path: Path) -> None:
    here, before = pruned(tmp_path)
    here.write({path: data for path, data in before.items() if '/1.0.1/' in path})
    assert here.generate().changed
    assert charts(here) == ['1.0.3']


def test_a_pruned_chart_that_comes_back_otherwise_is_a_hand_edit(tmp_path: Path) -> None:
    here, before = pruned(tmp_path)
    here.write({path: data + b'# mine\n' for path, data in before.items() if path.endswith('/1.0.1/values.yaml')})
    with pytest.raises(ProblemsFound) as error:
        here.generate()
    assert {problem.message for problem in error.value.problems} == {'edited by hand'}


def test_a_hand_edit_of_a_mark_is_refused(tmp_path: Path) -> None:
    here = grown(tmp_path)
    text = here.read(LEDGER)
    here.write({LEDGER: text.rstrip('\n') + '\n    pruned: true\n'})
    assert here.refused() == [f'{LEDGER}: edited by hand (versions[3].pruned: nothing → true)']


def without(here: Checkout, model: str) -> None:
    """Take a model and its releases out of the registry."""
    paths = [path.relative_to(here.folder).as_posix() for path in here.folder.glob(f'registry/**/{model}.yaml')]
    here.remove(*paths)


def test_a_revert_of_the_commit_that_brought_a_model(tmp_path: Path) -> None:
    files = {path: data for path, data in FILES.items() if not path.endswith('/web.yaml')}
    here = published(tmp_path, files)
    here.write({path: data for path, data in FILES.items() if path.endswith('/web.yaml')})
    assert here.commit().commit
    before = {path: data for path, data in here.tree().items() if path.startswith('charts/')}
    revert(here)
    assert not (here.folder / 'charts/web').exists()
    assert here.commit().commit
    assert {path: data for path, data in here.tree().items() if path.startswith('charts/')} == before
    assert not here.commit().changed
    # The model comes back with another content: no number is used twice.
    here.write(r.model('web', replicas=7))
    here.commit()
    assert charts(here) == entries(here) == ['1.0.0', '1.0.1']


def test_charts_of_a_model_that_is_gone_stay_and_may_be_pruned(tmp_path: Path) -> None:
    here = grown(tmp_path)
    without(here, 'web')
    here.commit(removable=('prod/web', 'dev/web'))
    assert charts(here) == ['1.0.0', '1.0.1', '1.0.2', '1.0.3']
    here.remove('charts/web/1.0.3/values.yaml')
    assert here.generate().changed
    assert here.status() == []
    here.append('charts/web/1.0.3/values.yaml', '# mine\n')
    [told] = here.refused()
    assert re.fullmatch(r"charts/web/1\.0\.3/values\.yaml: edited by hand \(line \d+ nothing → '# mine'\)", told)
    here.generate(discard=True)
    assert prune(here, commit=True).commit
    assert (charts(here), marks(here)) == (['1.0.3'], ['1.0.0', '1.0.1', '1.0.2'])
    assert not here.commit().changed


def test_what_is_no_ledger_of_ours_is_left_alone(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    here.write({'charts/other/versions.yaml': 'mine: 1\n', 'charts/other/1.0.0/Chart.yaml': 'mine: 1\n'})
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'Mine')
    assert not here.commit().changed
