"""An OCI registry over HTTP: manifests, tags and blobs, read and pushed with exactly our bytes; uses requests and oras.

Whatever fails becomes ProblemsFound (what the user can mend: a login, a certificate) or CommandFailed (all else).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from generator.domain.problems import CommandFailed, ProblemsFound, problem
from generator.tools.oci_login import Login
from generator.tools.time_limit import PATIENCE, within

T = TypeVar('T')
# Also kinds that we never push: a tag may point to one.
_MANIFESTS = (
    'application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
)  # fmt: skip
_BYTES = {'Content-Type': 'application/octet-stream'}
_LARGEST = 100_000_000  # bytes of a response
_SHOWN = 500
_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_PAGES = 1000
# Docker Hub answers requests under another name than its users write.
_HOSTS = {'docker.io': 'registry-1.docker.io', 'index.docker.io': 'registry-1.docker.io'}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; the names of its headers are in lower case."""

    code: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class OciRegistry:
    """A folder of repositories in a registry, `oci://<host>[/<path>]`; `seconds` is how long it may be silent;
    a request takes at most PATIENCE times as long.
    """

    address: str
    login: Login
    session: Any = field(repr=False)
    verify: bool | str
    seconds: float

    @property
    def _base(self) -> str:
        host = urlsplit(self.address).netloc
        return f'{"http" if self.login.plain_http else "https"}://{_HOSTS.get(host, host)}/v2/'

    def _url(self, name: str, *rest: str) -> str:
        path = urlsplit(self.address).path.strip('/')
        return self._base + '/'.join(filter(None, (path, name, *rest)))

    def manifest(self, name: str, reference: str) -> bytes | None:
        """Return the bytes of a manifest, by tag or digest; None if there is none."""
        accept = {'Accept': ', '.join(_MANIFESTS)}
        answer = self._send('GET', self._url(name, 'manifests', reference), accept, ok=(200, 404))
        return answer.content if answer.code == 200 else None

    def manifest_digest(self, name: str, reference: str) -> str:
        """Return the digest of a manifest, by tag or digest; '' if there is none."""
        accept = {'Accept': ', '.join(_MANIFESTS)}
        answer = self._send('HEAD', self._url(name, 'manifests', reference), accept, ok=(200, 404))
        if answer.code == 404:
            return ''
        if told := answer.headers.get('docker-content-digest'):
            return told
        found = self.manifest(name, reference)
        return '' if found is None else _sha256(found)

    def tags(self, name: str) -> list[str]:
        """Return all tags of a repository, sorted; [] if it does not exist."""
        url, found = self._url(name, 'tags', 'list'), set[str]()
        for _ in range(_PAGES):
            answer = self._send('GET', url, {}, ok=(200, 404))
            if answer.code == 404:
                break
            found.update(self._read(url, answer, lambda told: told.get('tags') or []))
            following = answer.headers.get('link', '')
            if 'rel="next"' not in following:
                break
            url = urljoin(url, following.partition('<')[2].partition('>')[0])
        return sorted(found)

    def blob(self, name: str, digest: str) -> bytes | None:
        """Return the bytes of a blob as they are stored, whatever their digest is; None if there is none."""
        answer = self._send('GET', self._url(name, 'blobs', digest), {}, ok=(200, 404))
        return answer.content if answer.code == 200 else None

    def push_blob(self, name: str, data: bytes) -> bool:
        """Store a blob; False if the registry has it already, for example from a push that was interrupted."""
        digest = _sha256(data)
        there = self._send('HEAD', self._url(name, 'blobs', digest), {}, ok=(200, 404))
        if there.code == 200 and there.headers.get('content-length', str(len(data))) == str(len(data)):
            return False
        self.upload(name, digest, data)
        return True

    def upload(self, name: str, digest: str, data: bytes) -> None:
        """Send the bytes of a blob; the registry refuses them if the digest is another one."""
        start = self._url(name, 'blobs', 'uploads') + '/'
        answer = self._send('POST', start, {}, ok=(202,))
        if not (location := answer.headers.get('location', '')):
            raise _failed('POST', start, answer.code, 'the registry named no place for the upload')
        place = urljoin(start, location)
        _check_way('POST', start, place, answer.code)
        place += ('&' if urlsplit(place).query else '?') + urlencode({'digest': digest})
        self._send('PUT', place, _BYTES, data, ok=(201, 204))

    def push_manifest(self, name: str, reference: str, data: bytes) -> None:
        """Store a manifest under its digest or a tag; raises CommandFailed if the registry then has other bytes."""
        url, digest = self._url(name, 'manifests', reference), _sha256(data)
        kind = {'Content-Type': str(json.loads(data)['mediaType'])}
        self._send('PUT', url, kind, data, ok=(201,))
        if self.manifest(name, reference) != data:
            raise _failed('PUT', url, 1, f'the registry did not store exactly {digest}')

    def _read(self, url: str, answer: Answer, read: Callable[[Any], list[str]]) -> list[str]:
        try:
            return [str(each) for each in read(json.loads(answer.content))]
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise _failed('GET', url, answer.code, 'not a response of an OCI registry') from None

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None, *, ok: Collection[int]
    ) -> Answer:
        """Send a request, log in if the registry asks for it, and follow redirects without the login."""
        ours = _origin(url) == _origin(self._base)
        login = self.login.known(method, urlsplit(url).path) if ours else {}
        answer = self._once(method, url, {**headers, **login}, data)
        if answer.code == 401 and ours:
            login = self._log_in(method, url, answer)
            answer = self._once(method, url, {**headers, **login}, data)
        for _ in range(_HOPS):
            if answer.code not in _REDIRECTS or method not in ('GET', 'HEAD'):
                break
            before, url = url, urljoin(url, answer.headers.get('location', ''))
            _check_way(method, before, url, answer.code)
            same = login if _origin(url) == _origin(before) and _origin(url) == _origin(self._base) else {}
            answer = self._once(method, url, {**headers, **same}, data)
        if answer.code in ok:
            return answer
        if answer.code == 401:
            raise self._no_login(bool(login))
        raise _failed(method, url, answer.code, 'refused by the registry', answer.content)

    def _log_in(self, method: str, url: str, answer: Answer) -> Mapping[str, str]:
        try:
            challenge = answer.headers.get('www-authenticate', '')
            return self._limited(lambda: self.login.answer(method, urlsplit(url).path, challenge))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:  # of requests and oras
            raise _failed(method, url, 401, f'cannot log in: {error}') from None

    def _no_login(self, tried: bool) -> ProblemsFound:
        if self.login.withheld:
            if not self.login.plain_http:
                message = 'the registry requires a login, which is not sent to one that only a request names'
                return problem(self.address, '', message, 'compare it after the merge of this change')
            message = 'the registry requires a login, which is not sent without TLS'
            return problem(self.address, '', message, 'use --plain-http if everybody on the way may read it')
        host = urlsplit(self.address).netloc
        message = 'the registry refused the login' if tried else 'the registry requires a login'
        return problem(self.address, '', message, f"run 'helm registry login {host}' or 'docker login {host}'")

    def _once(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        from requests.exceptions import RequestException, SSLError, Timeout

        try:
            return self._limited(lambda: self._answer(method, url, headers, data))
        except SSLError as error:
            hint = 'name its certificate authority with --ca-file, or use --plain-http if it speaks http'
            raise problem(self.address, '', f'no connection by TLS: {_reason(error)}', hint) from None
        except Timeout:
            raise _failed(method, url, 1, f'no response within {self.seconds:g} seconds') from None
        except TimeoutError as error:
            raise _failed(method, url, 1, str(error)) from None
        except (RequestException, OSError) as error:
            raise _failed(method, url, 1, f'no response: {_reason(error)}') from None

    def _answer(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        with self.session.request(
            method, url, data=data, headers={'Accept-Encoding': 'identity', **headers}, verify=self.verify,
            allow_redirects=False, stream=True,
        ) as answer:  # fmt: skip
            content = bytearray()
            for part in answer.iter_content(1 << 16):
                content += part
                if len(content) > _LARGEST:
                    raise _failed(method, url, answer.status_code, f'the response has more than {_LARGEST} bytes')
            found = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status_code, found, bytes(content))

    def _limited(self, request: Callable[[], T]) -> T:
        return within(PATIENCE * self.seconds, request)


def open_registry(
    address: str, environ: Mapping[str, str], *, plain_http: bool = False, ca_file: str = '', seconds: float = 60,
    in_clear: bool = False, may_log_in: bool = True,
) -> OciRegistry:  # fmt: skip
    """Return a client of a registry; nothing is sent yet. `ca_file` has the authorities to trust instead of the usual.

    Without TLS a login leaves this machine only if it may be sent `in_clear`: a file of a request may ask for http.
    Logins are those of helm and docker, in the files that `environ` names. Raises ProblemsFound for an invalid file.
    """
    from functools import partial
    from http.cookiejar import DefaultCookiePolicy

    from requests import Session

    session: Any = Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Without this, netrc would give credentials that neither helm nor docker knows.
    session.auth = lambda request: request
    session.request = partial(session.request, timeout=(min(10, seconds), seconds))
    verify: bool | str = ca_file or True
    parts = urlsplit(address)
    withheld = not may_log_in or (plain_http and not (in_clear or _is_here(parts.hostname or '')))
    login = Login(parts.netloc, environ, session, verify, plain_http, withheld)
    return OciRegistry(address, login, session, verify, seconds)


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == 'localhost'


def _sha256(data: bytes) -> str:
    return f'sha256:{hashlib.sha256(data).hexdigest()}'


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {'http': 80, 'https': 443}.get(parts.scheme)


def _check_way(method: str, before: str, after: str, code: int) -> None:
    """Raise CommandFailed if a server leads from TLS to http, or to something else."""
    schemes = (_origin(before)[0], _origin(after)[0])
    if schemes[1] not in ('http', 'https') or schemes == ('https', 'http'):
        raise _failed(method, before, code, f'refused: it redirects from {schemes[0]}:// to {schemes[1]}://')


def _reason(error: BaseException) -> str:
    """The innermost cause: the texts of requests repeat the address and name objects of Python."""
    inner = getattr(error, 'reason', None) or next((each for each in error.args if isinstance(each, Exception)), None)
    return _reason(inner) if isinstance(inner, Exception) else re.sub('^<.*object at 0x[0-9a-f]+>:? ?', '', str(error))


def _failed(method: str, url: str, code: int, why: str, content: bytes = b'') -> CommandFailed:
    """The address without its query, which holds the state of an upload."""
    return CommandFailed((method, url.partition('?')[0]), code, content[:_SHOWN].decode(errors='replace'), why)
