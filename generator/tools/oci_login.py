"""The logins of helm and docker → headers for an OCI registry: Basic, or tokens of its token server; uses oras."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.domain.problems import problem

_HUB = ('docker.io', 'index.docker.io', 'registry-1.docker.io')
_HUB_KEY = 'https://index.docker.io/v1/'  # as docker writes it
_READS = ('GET', 'HEAD')


@dataclass(frozen=True)
class Login:
    """The login to one host; it is never sent to another one, but to the token server that the host names, and not at
    all if it is `withheld`."""

    host: str
    environ: Mapping[str, str] = field(repr=False)
    session: Any = field(repr=False)
    verify: bool | str
    plain_http: bool
    withheld: bool = False
    _headers: dict[tuple[str, bool], dict[str, str]] = field(default_factory=dict, repr=False)

    def known(self, method: str, path: str) -> Mapping[str, str]:
        """The headers that the registry accepted before, for the same repository and reading or writing."""
        return self._headers.get(_scope(method, path), {})

    def answer(self, method: str, path: str, challenge: str) -> Mapping[str, str]:
        """Answer the header WWW-Authenticate; {} if there is no login. Raises what requests and oras raise."""
        from oras.auth import get_auth_backend
        from oras.auth.utils import parse_auth_header
        from oras.logger import logger

        logger.set_level(100)  # it would write to stderr
        by_token = 'bearer ' in challenge.lower()
        backend = get_auth_backend(
            'token' if by_token else 'basic', self.session, insecure=self.plain_http, tls_verify=self.verify
        )
        if by_token:
            realm = str(parse_auth_header(challenge).realm)
            if not realm.startswith(('https://', 'http://') if self.plain_http else 'https://'):
                raise ValueError(f'its token server is {realm!r}: expected https://')
        if not self.withheld:
            self._load(backend)
        if not by_token and not getattr(backend, '_basic_auth', None):
            return {}
        headers, changed = backend.authenticate_request(_Challenge({'Www-Authenticate': challenge}), {}, refresh=True)
        found = {'Authorization': headers['Authorization']} if changed else {}
        self._headers[_scope(method, path)] = found
        return found

    def _load(self, backend: Any) -> None:
        """Give a backend the first login for this host: of helm, then of docker, also from credential helpers."""
        from oras.container import Container

        names = (self.host, f'https://{self.host}', *([_HUB_KEY] if self.host in _HUB else ()))
        for config in _configs(self.environ):
            backend._auth_config = config
            for name in names:
                backend.load_configs(Container('any/name', registry=name))
                if getattr(backend, '_basic_auth', None):
                    return


@dataclass(frozen=True)
class _Challenge:
    """What oras reads of a response."""

    headers: Mapping[str, str]


def _scope(method: str, path: str) -> tuple[str, bool]:
    """A repository (the path without `manifests/…`, `blobs/…`, `tags/…`), and whether it is only read."""
    parts = path.split('/')
    end = next((n for n in range(len(parts) - 1, 0, -1) if parts[n] in ('manifests', 'blobs', 'tags')), len(parts))
    return '/'.join(parts[:end]), method in _READS


def _configs(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The files with logins that exist, in the order in which helm reads them."""
    home = environ.get('HOME') or os.path.expanduser('~')
    ours = environ.get('HELM_CONFIG_HOME') or f'{environ.get("XDG_CONFIG_HOME") or f"{home}/.config"}/helm'
    for file in (
        environ.get('HELM_REGISTRY_CONFIG') or f'{ours}/registry/config.json',
        f'{environ.get("DOCKER_CONFIG") or f"{home}/.docker"}/config.json',
    ):
        try:
            found = json.loads(Path(file).read_bytes())
        except FileNotFoundError:
            continue
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get('auths') or {}, dict):
            raise problem(file, '', 'expected the logins of helm or docker as JSON', 'log in again, or move it away')
        if any(found.get(key) for key in ('auths', 'credHelpers', 'credsStore')):
            yield {
                'auths': {name: said for name, said in (found.get('auths') or {}).items() if isinstance(said, dict)},
                'credHelpers': found.get('credHelpers') or {},
                'credsStore': found.get('credsStore'),
            }
