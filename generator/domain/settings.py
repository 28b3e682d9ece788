"""The settings of a repository as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.domain.choices import ChartSource
from generator.domain.values import Values


@dataclass(frozen=True, slots=True)
class Signing:
    """Signatures of commits: `format` is ssh, openpgp or '' for git's own; `signers` are keys by e-mail address."""

    required: bool
    format: str
    signers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Settings:
    file: str
    spec: Values

    @property
    def url(self) -> str:
        return str(self.spec['repository']['url'])

    @property
    def standard_url(self) -> str:
        """The address as a URL: Flux and a chart's sources do not accept the scp format (git@host:path)."""
        user_and_host, colon, path = self.url.partition(':')
        return f'ssh://{user_and_host}/{path}' if colon and '@' in user_and_host else self.url

    @property
    def branch(self) -> str:
        return str(self.spec['repository'].get('branch', 'main'))

    @property
    def registry(self) -> str:
        """The folder of an OCI registry that charts are published to, '' for none."""
        return str(self.spec.get('charts', {}).get('registry', ''))

    @property
    def plain_http(self) -> bool:
        """Whether the OCI registry speaks http without TLS."""
        return bool(self.spec.get('charts', {}).get('plainHttp', False))

    @property
    def chart_source(self) -> ChartSource:
        """Where charts are: each version in a folder of git, or the newest in git and all in the registry."""
        found: ChartSource = self.spec.get('charts', {}).get('source', 'git')
        return found

    @property
    def signing(self) -> Signing:
        found = self.spec.get('signing', {})
        signers = {who: tuple(keys) for who, keys in found.get('signers', {}).items()}
        return Signing(bool(found.get('required')), str(found.get('format', '')), signers)

    def prefix(self, here: str) -> str:
        """The folder that agents read, '' or ending in '/': from the settings, else the folder of the registry."""
        path = self.spec['repository'].get('path')
        return here if path is None else f'{path}/' if path else ''
