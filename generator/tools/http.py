"""An http(s) URL → its content, or CommandFailed; its credentials go to its own host only."""

from __future__ import annotations

from base64 import b64encode
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from generator.domain.problems import CommandFailed
from generator.tools.process import mask
from generator.tools.time_limit import PATIENCE, within

LARGEST = 20_000_000  # bytes of a response; the largest schema of a CRD has two million
_PORTS = {'http': 80, 'https': 443}
_AUTHORIZATION = 'Authorization'


def fetch(url: str, *, seconds: float = 30) -> bytes | None:
    """Get an http(s) URL, with its credentials if any; None for 404, raises CommandFailed for other errors.

    `seconds` is how long the server may be silent; all takes at most PATIENCE times as long.
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition('@')
    request = Request(parts._replace(netloc=host).geturl())
    if at:
        request.add_unredirected_header(_AUTHORIZATION, f'Basic {b64encode(unquote(user).encode()).decode()}')
    try:
        content = within(PATIENCE * seconds, lambda: _read(request, seconds))
    except HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise _failed(url, error.code, error.reason) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _failed(url, 1, str(getattr(error, 'reason', error))) from error
    if len(content) > LARGEST:
        raise _failed(url, 1, f'expected at most {LARGEST} bytes, found more')
    return content


def _read(request: Request, seconds: float) -> bytes:
    with _OPENER.open(request, timeout=seconds) as answer:
        return bytes(answer.read(LARGEST + 1))


def _failed(url: str, code: int, why: str) -> CommandFailed:
    return CommandFailed(('GET', mask(url)), code, '', mask(why))


class _Careful(HTTPRedirectHandler):
    """Follow a redirect; send the credentials again only to the same scheme, host and port."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        before, after = _origin(req.full_url), _origin(newurl)
        if after[0] not in _PORTS or (before[0], after[0]) == ('https', 'http'):
            raise HTTPError(req.full_url, code, f'refused: it redirects to {after[0]}://', headers, fp)
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        credentials = req.unredirected_hdrs.get(_AUTHORIZATION)
        if new is not None and credentials and before == after:
            new.add_unredirected_header(_AUTHORIZATION, credentials)
        return new


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


_OPENER = build_opener(_Careful)
