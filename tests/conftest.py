"""Fixtures: the same environment for each test on each machine, and the real parts (parts.py)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from parts import GitOverHttp, HttpOrigin, crd_folder, git, helm_binary, part, validate_strictly
from scraped import pods as pods
from scraped import prometheus as prometheus

# A developer or a CI may have set them.
STRANGERS = (
    'GIT_', 'HELM', 'XDG_', 'CHARTLOOM_', 'SSH_', 'KUBE', 'LC_', 'CI', 'GITHUB_', 'GITLAB_', 'TF_BUILD', 'BUILD',
    'SYSTEM_', 'JENKINS_URL',
)  # fmt: skip
TERMINAL = ('NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE', 'COLUMNS', 'LINES', 'TERM', 'LANGUAGE')
KEPT = ('CHARTLOOM_REQUIRE_PARTS', 'CHARTLOOM_CRDS')


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption('--update-golden', action='store_true', help='write the golden files instead of comparing them')


@pytest.fixture(scope='session')
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden tests write their results instead of comparing them."""
    return bool(pytestconfig.getoption('--update-golden'))


def enter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a separate home, a fixed git identity and date, and no user settings of git or helm."""
    helm_found = helm_binary(4) or helm_binary(3)  # before the loop, which deletes $HELM
    for name in list(os.environ):
        if name in TERMINAL or (name.startswith(STRANGERS) and name not in KEPT):
            monkeypatch.delenv(name)
    settings = home / 'gitconfig'
    settings.write_text('[init]\n\tdefaultBranch = main\n')
    fixed = {'HOME': home, 'LANG': 'C.UTF-8', 'TZ': 'UTC'}
    fixed |= {'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': settings, 'GIT_TERMINAL_PROMPT': '0'}
    fixed |= {f'HELM_{kind}_HOME': home / 'helm' / kind.lower() for kind in ('CACHE', 'CONFIG', 'DATA')}
    for role, name in (('AUTHOR', 'Ada Author'), ('COMMITTER', 'Cem Committer')):
        fixed[f'GIT_{role}_NAME'] = name
        fixed[f'GIT_{role}_EMAIL'] = f'{role.lower()}@example.com'
        fixed[f'GIT_{role}_DATE'] = '2026-01-02T03:04:05+00:00'
    if helm_found:
        fixed['HELM'] = helm_found
    for name, value in fixed.items():
        monkeypatch.setenv(name, str(value))


@pytest.fixture(scope='session', autouse=True)
def session_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set the environment of fixtures with session scope.

    In the background of a shell SIGINT is ignored, and child processes inherit that: restore its handler.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(tmp_path_factory.mktemp('session-home'), monkeypatch)
        yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory, session_surroundings: None) -> Iterator[None]:
    """Set a new environment for each test, so that no test sees the configuration of another one."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(tmp_path_factory.mktemp('home'), monkeypatch)
        yield


def wanted_helm(major: int) -> Path:
    return part(f'Helm {major}', helm_binary(major), 'run `make helm`, or set HELM to its path')


@pytest.fixture(scope='session', params=[3, 4], ids=['helm3', 'helm4'])
def helm(request: pytest.FixtureRequest) -> Path:
    """A helm binary; the test runs once with Helm 3 and once with Helm 4."""
    return wanted_helm(request.param)


@pytest.fixture(scope='session')
def helm4() -> Path:
    return wanted_helm(4)


@pytest.fixture(scope='session')
def helms() -> list[Path]:
    """Helm 3 and Helm 4, for tests that compare them."""
    return [wanted_helm(3), wanted_helm(4)]


@pytest.fixture(scope='session')
def crds() -> Path:
    """The folder of strict CRD schemas: <group>/<kind>_<version>.json."""
    return part('CRD schemas', crd_folder(), 'put shared/crds next to the checkout, or set CHARTLOOM_CRDS')


@pytest.fixture(scope='session')
def strict(crds: Path) -> Callable[..., None]:
    """strict(obj, kubernetes_version='1.33') raises if the API server would refuse the object's schema."""

    def validate(obj: Mapping[str, Any], kubernetes_version: str = '1.33') -> None:
        validate_strictly(obj, kubernetes_version, crds)

    return validate


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """An empty bare repository to clone from and push to."""
    return bare_repository(tmp_path / 'origin.git')


@pytest.fixture
def http_origin(tmp_path: Path) -> Iterator[HttpOrigin]:
    """An empty bare repository behind HTTP on loopback; reading and pushing require the user and the password."""
    path = bare_repository(tmp_path / 'served' / 'origin.git')
    user, password = 'bot', 'pass-word'
    with GitOverHttp(path.parent, user, password) as server:
        yield HttpOrigin(path, f'http://127.0.0.1:{server.server_port}/{path.name}', user, password)


def bare_repository(path: Path) -> Path:
    path.mkdir(parents=True)
    git(path, 'init', '--quiet', '--bare', '--initial-branch=main')
    return path


@pytest.fixture(scope='session')
def promtool() -> Path:
    found = shutil.which('promtool')
    return Path(part('promtool', found, 'install prometheus'))  # type: ignore[arg-type]
