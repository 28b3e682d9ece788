"""Signatures: of the commits that leave, and of those on the way to the published branch."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from gitops import SMALL, Checkout, changed_model, chartloom, published_at, signing
from parts import git, part
from registries import settings

from generator.domain.problems import ProblemsFound
from generator.operations.operation import Options, Remote, generate
from generator.operations.remote import perform


def key_of(folder: Path) -> str:
    return ' '.join((folder / 'key.pub').read_text().split()[:2])


def signed_with(here: Checkout, folder: Path) -> str:
    """Let git sign with a new key in a folder; return the public key."""
    folder.mkdir()
    signing(here, folder)
    return key_of(folder)


def required(*keys: str, **more: object) -> dict[str, bytes]:
    signers = {'signers': {'bot@example.com': list(keys)}} if keys else {}
    return settings(signing={'required': True, **signers, **more})


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Checkout:
    return published_at(origin, tmp_path / 'here')


def start_signing(here: Checkout, *keys: str) -> str:
    """Publish the settings that require signatures; return the commit."""
    here.write(required(*keys))
    here.git('config', 'commit.gpgSign', 'true')
    return here.commit(push=True).commit


def test_a_commit_of_a_known_signer_leaves(here: Checkout, origin: Path, tmp_path: Path) -> None:
    key = signed_with(here, tmp_path / 'bot')
    start_signing(here, key)
    here.write(changed_model())
    outcome = here.commit(push=True)
    here.git('verify-commit', outcome.commit)
    assert git(origin, 'rev-parse', 'main') == outcome.commit


@pytest.mark.parametrize('where', ['here', 'remote'])
def test_a_commit_of_an_unknown_signer_does_not_leave(here: Checkout, origin: Path, tmp_path: Path, where: str) -> None:
    start_signing(here, signed_with(here, tmp_path / 'bot'))
    here.write(changed_model())
    here.git('commit', '--quiet', '--all', '--message', 'registry')
    here.git('push', '--quiet')
    signed_with(here, tmp_path / 'stranger')
    head = here.head()
    if where == 'remote':
        for name in ('gpg.format', 'user.signingKey', 'gpg.ssh.allowedSignersFile'):
            subprocess.run(['git', 'config', '--global', name, here.git('config', name)], check=True)
    target = here.repository() if where == 'here' else Remote(f'file://{origin}', 'main')
    with pytest.raises(ProblemsFound, match='must be signed by a known signer: its signer is not known'):
        perform(generate(), target, Options(commit=True, push=True))
    assert here.head() == head == git(origin, 'rev-parse', 'main')


def test_an_unsigned_commit_before_it_does_not_leave_either(here: Checkout, origin: Path, tmp_path: Path) -> None:
    before = start_signing(here, signed_with(here, tmp_path / 'bot'))
    here.git('commit', '--quiet', '--no-gpg-sign', '--allow-empty', '--message', 'mine')
    mine = here.head()
    here.write(changed_model())
    with pytest.raises(ProblemsFound) as raised:
        here.commit(push=True)
    assert [found.message for found in raised.value.problems] == [
        f'commit {mine[:12]} must be signed by a known signer: it has no signature'
    ]
    assert (here.head(), git(origin, 'rev-parse', 'main')) == (mine, before)


@pytest.mark.parametrize('who', ['known', 'stranger', 'nobody', 'new signer', 'without settings'])
def test_verify_judges_the_commits_of_a_request_by_the_settings_of_its_base(
    here: Checkout, tmp_path: Path, helm4: Path, who: str
) -> None:
    key = signed_with(here, tmp_path / 'bot')
    base = start_signing(here, key)
    here.git('switch', '--quiet', '--create', 'request')
    stranger = signed_with(here, tmp_path / 'stranger')
    if who == 'known':
        signed_with(here, tmp_path / 'other')
        here.git('config', 'user.signingKey', str(tmp_path / 'bot' / 'key'))
    if who == 'new signer':
        here.write(required(key, stranger))
    elif who == 'without settings':
        here.write({path: data for path, data in SMALL.items() if path == 'registry/settings.yaml'})
    here.write(changed_model())
    here.generate()
    here.git('add', '--all')
    flags = ['--no-gpg-sign'] if who in ('nobody', 'without settings') else ['--gpg-sign']
    here.git('commit', '--quiet', *flags, '--message', 'request')
    done = chartloom(here.folder, 'verify', '--base', base)
    unsigned = who in ('nobody', 'without settings')
    why = {'known': ''}.get(who, 'it has no signature' if unsigned else 'its signer is not known')
    assert done.returncode == (1 if why else 0), done
    place = f'registry/settings.yaml::$.spec.signing: commit {here.head()[:12]} must be signed by a known signer: {why}'
    assert (place in done.stderr) == bool(why)


@pytest.mark.parametrize('what', ['required later', 'a key removed later', 'a key added later'])
def test_verify_judges_a_branch_that_is_behind_by_the_settings_of_now(
    here: Checkout, tmp_path: Path, helm4: Path, what: str
) -> None:
    old = signed_with(here, tmp_path / 'old')
    new = signed_with(here, tmp_path / 'new')
    if what != 'required later':
        start_signing(here, *((old, new) if what == 'a key removed later' else (new,)))
    here.git('switch', '--quiet', '--create', 'request')
    here.git('config', 'user.signingKey', str(tmp_path / 'old' / 'key'))
    here.write(changed_model())
    here.generate()
    here.git('add', '--all')
    here.git('commit', '--quiet', '--gpg-sign', '--message', 'request')
    mine = here.head()
    here.git('switch', '--quiet', 'main')
    here.git('config', 'user.signingKey', str(tmp_path / 'new' / 'key'))
    start_signing(here, *((old, new) if what == 'a key added later' else (new,)))
    here.git('switch', '--quiet', 'request')
    done = chartloom(here.folder, 'verify', '--base', 'origin/main')
    refused = what != 'a key added later'
    assert done.returncode == int(refused), done
    told = f'commit {mine[:12]} must be signed by a known signer: its signer is not known'
    assert (told in done.stderr) == refused


@pytest.mark.parametrize('known', [True, False])
def test_signatures_of_gpg(here: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    gpg = part('gpg', shutil.which('gpg'), 'install gnupg')
    home = tmp_path / 'g'
    home.mkdir(mode=0o700)
    monkeypatch.setenv('GNUPGHOME', str(home))
    made = ['--batch', '--passphrase', '', '--quick-generate-key', 'bot@example.com', 'ed25519', 'sign', '0']
    subprocess.run([gpg, *made], check=True, capture_output=True)
    listed = subprocess.run([gpg, '--with-colons', '-K'], check=True, capture_output=True, text=True).stdout
    fingerprint = next(line.split(':')[9] for line in listed.splitlines() if line.startswith('fpr:'))
    here.git('config', 'gpg.format', 'ssh')  # the settings decide
    here.git('config', 'user.signingKey', fingerprint)
    here.write(required(fingerprint if known else 'A' * 40, format='openpgp') | changed_model())
    try:
        if known:
            here.git('verify-commit', here.commit().commit)
            return
        with pytest.raises(ProblemsFound, match='its signer is not known'):
            here.commit()
    finally:
        subprocess.run(['gpgconf', '--kill', 'all'], check=False, env=os.environ)
