"""Files that agents, forges and helm obey: `verify` refuses those that change what is deployed or reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest
import registries as r
from gitops import Checkout, published

from generator.delivery.bootstrap import bootstrap_objects
from generator.domain.problems import Problem
from generator.pipeline.obeyed import obeyed_problems, obeyed_warnings
from generator.pipeline.run import open_run
from generator.pipeline.verify import drift
from generator.tools.git.opening import open_repository

OWNERS = {'/registry/': ['@platform']}
FILES = {
    **r.settings(owners=OWNERS),
    **r.model('web'),
    **r.following('prod', agent='flux'),
    **r.following('edge'),
    **r.release('prod', 'web'),
}
FLUX = 'it hides files from Flux, which then removes what they describe'
ARGO = 'it changes what Argo CD deploys from this folder'
LISTED = 'agents deploy only what it lists, instead of the files beside it'
HELM = 'it hides files of the chart from helm'
GITHUB = 'GitHub reads it instead of CODEOWNERS, which has the owners of the settings'
UNREAD = 'no forge reads it beside CODEOWNERS'
LAST = '{} may win over the owners of the settings: the last line that matches counts'
REFUSED = {
    '.sourceignore': FLUX,
    'charts/.sourceignore': FLUX,
    'delivery/prod/.sourceignore': FLUX,
    'charts/web/1.0.0/.argocd-source.yaml': ARGO,
    'charts/web/1.0.0/.argocd-source-prod-web.yaml': ARGO,
    'delivery/edge/.argocd-source.yaml': ARGO,
    'delivery/edge/kustomization.yaml': LISTED,
    'delivery/edge/kustomization.yml': LISTED,
    'delivery/prod/Kustomization': LISTED,
    'charts/web/1.0.0/.helmignore': HELM,
    '.github/CODEOWNERS': GITHUB,
}
WARNED = {
    'delivery/edge/.argocd-allow-concurrency': 'it changes how Argo CD renders this folder',
    'docs/CODEOWNERS': UNREAD,
    '.gitlab/CODEOWNERS': UNREAD,
    '.bitbucket/CODEOWNERS': 'Bitbucket reads it instead of CODEOWNERS',
    '.gitmodules': 'Argo CD fetches the repositories that it names',
}
HARMLESS = [
    'apps/.sourceignore',
    'apps/kustomization.yaml',
    'apps/.argocd-source.yaml',
    '.helmignore',
    'charts.md',
    'x.CODEOWNERS',
]


def told(here: Checkout) -> tuple[list[Problem], list[Problem]]:
    run = open_run(open_repository(here.folder))
    return list(obeyed_problems(run)), obeyed_warnings(run)


def test_files_are_refused_or_warned_of(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    assert told(here) == ([], [])
    here.write(dict.fromkeys([*REFUSED, *WARNED, *HARMLESS], b'#\n'))
    refused, warned = told(here)
    assert {problem.file: problem.message for problem in refused} == REFUSED
    assert {problem.file: problem.message for problem in warned} == WARNED
    assert {problem.hint for problem in (*refused, *warned)} == {'remove it'}
    assert set(refused) <= set(drift(open_run(open_repository(here.folder))))
    here.git('add', '--all')
    here.git('commit', '--quiet', '--message', 'all')
    assert told(here) == (refused, warned)


def test_files_above_a_registry_in_a_folder_count_too(tmp_path: Path) -> None:
    here = published(tmp_path, FILES, 'a/b')
    for name in ('.sourceignore', 'a/.sourceignore', 'a/b/.sourceignore', 'a/c/.sourceignore', '.github/CODEOWNERS'):
        file = here.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'#\n')
    refused, warned = told(here)
    assert [problem.file for problem in refused] == [':/.sourceignore', ':/a/.sourceignore', '.sourceignore']
    assert warned == []


def test_without_flux_and_owners_some_are_harmless(tmp_path: Path) -> None:
    here = published(tmp_path, {**FILES, **r.settings(), **r.following('prod')})
    here.write({'.sourceignore': b'*\n', '.github/CODEOWNERS': b'* @a\n'})
    assert told(here) == ([], [])


@pytest.mark.parametrize(
    ('before', 'after', 'refused', 'warned'),
    [
        ('/docs/ @writers\n', '/docs/ @writers\n# /registry/ @evil\n', '', ''),
        (
            '^[Hidden]\n/docs/ @writers\n', '',
            "GitLab does not ask the owners below the optional section '^[Hidden]'", '',
        ),
        (
            '[Docs][2] @writers\n', '', '',
            "for GitLab, the block of chartloom is a part of the section '[Docs][2] @writers'",
        ),
        ('[Docs]\n', '^[Hidden]\n', '', "for GitLab, the block of chartloom is a part of the section '[Docs]'"),
        ('', '/registry/models/web.yaml\n', '', LAST.format("'/registry/models/web.yaml'")),
        ('', '* @evil\n*.yaml\n', '', LAST.format("'*' (and 1 more)")),
        ('', '/reg*/ @evil\n', '', LAST.format("'/reg*/'")),
        (
            '# padding\n' * 300_000, '',
            'the file has {} bytes: GitHub does not read more than 3000000, and asks no owners', '',
        ),
    ],
)  # fmt: skip
def test_text_that_takes_the_block_of_owners_its_effect(
    tmp_path: Path, before: str, after: str, refused: str, warned: str
) -> None:
    here = published(tmp_path, FILES)
    text = f'{before}\n{here.read("CODEOWNERS")}{after}'
    here.write({'CODEOWNERS': text})
    found = [[problem.message for problem in each] for each in told(here)]
    assert found == [[each] if each else [] for each in (refused.format(len(text)), warned)]


def test_owners_that_are_no_file_are_not_read(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    here.remove('CODEOWNERS')
    assert told(here) == ([], [])
    (here.folder / 'CODEOWNERS').symlink_to('/dev/zero')
    assert told(here) == ([], [])
    found = [str(problem) for problem in drift(open_run(open_repository(here.folder)))]
    assert found[0].startswith('CODEOWNERS: expected a file, found a link'), found


@pytest.mark.parametrize(
    ('line', 'file', 'message'),
    [
        ('registry/** -diff', 'registry/environments/edge.yaml', "'diff' is unset for this file (and 13 more): forges"),
        (
            'registry/settings.yaml binary',
            'registry/settings.yaml',
            "'diff' is unset for this file: forges and git show",
        ),
        (
            'values/** linguist-generated',
            'values/prod/web.yaml',
            "'linguist-generated' is set for this file: GitHub hides",
        ),
        (
            'delivery/prod/web.yaml linguist-generated=true',
            'delivery/prod/web.yaml',
            "'linguist-generated' is true for",
        ),
        (
            'bootstrap/* gitlab-generated',
            'bootstrap/edge.yaml',
            "'gitlab-generated' is set for this file (and 1 more): Git",
        ),
        ('CODEOWNERS filter=lfs', 'CODEOWNERS', "'filter' is lfs for this file: git writes other bytes than it stores"),
        (
            'registry/releases/** merge=union',
            'registry/releases/prod/web.yaml',
            "'merge' is union for this file: git keeps the lines of both sides where they conflict",
        ),
        (
            'delivery/prod/web.yaml export-ignore',
            'delivery/prod/web.yaml',
            "'export-ignore' is set for this file: archives of the repository lack it",
        ),
        (
            'delivery/prod/web.yaml export-subst',
            'delivery/prod/web.yaml',
            "'export-subst' is set for this file: archives of the repository have other words in it",
        ),
        ('*.md ident', 'README.md', "'ident' is set for this file (and"),
    ],
)
def test_attributes_that_hide_changes(tmp_path: Path, line: str, file: str, message: str) -> None:
    here = published(tmp_path, FILES)
    here.append('.gitattributes', f'{line}\n')
    (found,) = told(here)[0]
    if '.md' not in line:
        assert found.file == file
    assert message in found.message


@pytest.mark.parametrize('name', ['.gitattributes', '.gitignore'])
def test_patterns_that_git_would_compare_for_ever(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('generator.tools.git.attributes._SECONDS', 1.0)
    here = published(tmp_path, FILES)
    pattern = f'**/{"*a" * 30}b'
    here.write({f'{folder}/{"a" * 40}.yaml': b'#' for folder in ('values/prod', 'x')})
    here.append(name, f'{pattern} x\n' if name == '.gitattributes' else f'{pattern}\n')
    (found,) = told(here)[0]
    assert (found.file, 'takes too long' in found.message) == ('.gitattributes', True)


def test_attributes_of_the_team_that_do_no_harm(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    here.append(
        '.gitattributes', '* text=auto eol=lf\nregistry/** diff=yaml merge=ours\n.git* export-ignore\n*.png binary\n'
    )
    assert told(here) == ([], [])


def test_a_registry_file_that_git_ignores(tmp_path: Path) -> None:
    here = published(tmp_path, FILES)
    here.write({'.gitignore': b'registry/models/secret.yaml\n', **r.model('secret')})
    (found,) = told(here)[0]
    assert str(found) == (
        'registry/models/secret.yaml: git ignores this file: nobody else has it\n'
        "  hint: change .gitignore ('git check-ignore -v registry/models/secret.yaml' shows the pattern)"
    )


def test_flux_sources_say_what_they_ignore(tmp_path: Path) -> None:
    run = open_run(open_repository(published(tmp_path, FILES).folder))
    objects = bootstrap_objects(run.registry.environments['prod'], run.settings, 'a [1]/')
    (source,) = [item for item in objects if item['kind'] == 'GitRepository']
    assert source['spec']['ignore'] == '!/a \\[1\\]/charts\n!/a \\[1\\]/delivery/prod\n'
