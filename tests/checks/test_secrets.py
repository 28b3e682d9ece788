"""Secrets and claims of an environment, which models and releases read in no other way than it says."""

from __future__ import annotations

from typing import Any

import registries as r
from resolved import problems, resolved

STORE = {'secretStore': {'name': 'vault', 'path': 'prod'}}


def registry(model: dict[str, Any], released: dict[str, Any], **environment: Any) -> r.Files:
    files = r.settings() | r.model('web', values=model) | r.following('prod', **environment)
    return files | r.release('prod', 'web', values=released)


def external(name: str, key: str) -> dict[str, Any]:
    return {'externalSecrets': {'secrets': {name: {'remoteKey': key, 'keys': ['token']}}}}


def used(secret: str) -> dict[str, Any]:
    return {'env': {'TOKEN': {'secret': secret, 'key': 'token'}}}


def test_an_external_secret_keeps_what_is_written() -> None:
    key = 'prod/databases/web'
    (release,) = resolved(registry(external('web-db', key) | used('web-db'), {}, **STORE))
    assert release.merged['externalSecrets']['secrets'] == {'web-db': {'remoteKey': key, 'keys': ['token']}}
    (told,) = problems(registry(external('web-db', 'dev/web-db') | used('web-db'), {}, **STORE))
    assert told.startswith('registry/models/web.yaml::$.spec.values.externalSecrets.secrets.web-db.remoteKey: ')


def test_an_external_secret_of_a_volume_has_a_store() -> None:
    volume = {'volumes': {'db': {'type': 'secret', 'name': 'web-db', 'mountPath': '/db'}}}
    (release,) = resolved(registry(external('web-db', 'prod/web-db') | volume, {}, **STORE))
    assert release.values['externalSecrets']['store'] == {'name': 'vault'}
