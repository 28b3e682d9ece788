"""Secrets and claims of an environment, which models and releases read in no other way than it says."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import problems, resolved, shared

STORE = {'secretStore': {'name': 'vault', 'path': 'prod'}}
OWN = {'telemetry': {'remoteKey': 'prod/Grafana', 'keys': ['token']}}
AUDIT = {'type': 'persistentVolumeClaim', 'name': 'audit-logs'}


def registry(model: dict[str, Any], released: dict[str, Any], **environment: Any) -> r.Files:
    files = r.settings() | r.model('web', values=model) | r.following('prod', **environment)
    return files | r.release('prod', 'web', values=released)


def external(name: str, key: str) -> dict[str, Any]:
    return {'externalSecrets': {'secrets': {name: {'remoteKey': key, 'keys': ['token']}}}}


def used(secret: str) -> dict[str, Any]:
    return {'env': {'TOKEN': {'secret': secret, 'key': 'token'}}}


@pytest.mark.parametrize(
    'written',
    [
        external('web-mine', 'prod/Grafana'),
        external('web-mine', 'prod/grafana/admin'),
        external('grafana', 'prod/grafana'),
        used('grafana'),
    ],
)
def test_what_an_environment_reads_in_its_store_is_read_by_no_other_name(written: dict[str, Any]) -> None:
    values = {'externalSecrets': {'secrets': OWN}}
    for each in ((written, {}), ({}, written)):
        (told,) = problems(registry(*each, **STORE, values=values))
        assert 'belongs to the environment' in told
    assert not problems(registry({}, {}, **STORE, values={**values, **used('grafana')}))
    assert not problems(registry(used('telemetry'), {}, **STORE, values=values)), 'it is there for all'
    assert not problems(registry(external('web-mine', 'prod/web-own'), {}, **STORE, values=values))


@pytest.mark.parametrize(
    ('more', 'is_granted'),
    [
        ({}, False),
        ({'mountPath': ''}, False),
        ({'mountPath': '/audit'}, True),
        ({'mountPath': '/audit', 'subPath': 'a'}, False),
    ],
)
def test_an_artifact_is_on_a_claim_that_model_servers_may_read(more: dict[str, Any], is_granted: bool) -> None:
    side = {'image': {'repository': 'audit', 'digest': r.DIGEST}, 'mounts': {'audit': {'mountPath': '/audit'}}}
    values = {'volumes': {'audit': {**AUDIT, **more}}, 'containers': {'audit': side}}
    artifact = {'uri': 'pvc://audit-logs/web', 'kind': 'saved-model'}
    files = r.settings() | r.following('prod', values=values) | r.release('prod', 'web')
    found = problems(files | r.model('web', 'tensorflow-serving', [r.version(artifact=artifact)]))
    assert (not [text for text in found if 'audit-logs' in text]) is is_granted


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


OFFERED: dict[str, dict[str, Any]] = {
    'env': {'env': {'TOKEN': {'secret': 'admin', 'key': 'token'}}},
    'volumes': {'volumes': {'admin': {'type': 'secret', 'name': 'admin', 'mountPath': '/data/admin'}}},
    'claims': {'volumes': {'admin': {'type': 'persistentVolumeClaim', 'name': 'admin', 'mountPath': '/data/admin'}}},
    'maps': {'volumes': {'admin': {'type': 'configMap', 'name': 'admin', 'mountPath': '/data/admin'}}},
    'pulls': {'imagePullSecrets': {'admin': {}}},
}


@pytest.mark.parametrize('offered', OFFERED.values(), ids=OFFERED)
def test_what_an_environment_offers_is_its_own(offered: dict[str, Any]) -> None:
    ((section, entries),) = offered.items()
    ((name, entry),) = entries.items()
    values = {section: {name: {**entry, 'enabled': False}}}
    other = {section: {'other': {**entry, **({'mountPath': '/data/other'} if 'mountPath' in entry else {})}}}
    if section == 'imagePullSecrets':
        other = used('admin')
    for each in ((other, {}), ({}, other)):
        (told,) = problems(registry(*each, values=values))
        assert "'admin' belongs to the environment" in told
    assert not problems(registry({}, {section: {name: {'enabled': True}}}, values=values)), 'it may be turned on'


def test_what_is_offered_in_a_sidecar_is_the_environments() -> None:
    side = {'image': {'repository': 'audit', 'digest': r.DIGEST}, **used('audit')}
    values = {'containers': {'audit': {**side, 'enabled': False}}}
    (told,) = problems(registry(used('audit'), {}, values=values))
    assert "Secret 'audit' belongs to the environment" in told
    assert not problems(registry({}, {'containers': {'audit': {'enabled': True}}}, values=values))


@pytest.mark.parametrize('engine', ['flagger', 'argo-rollouts'])
def test_flagger_overwrites_no_secret_of_others(engine: str) -> None:
    """It copies what the pods of a canary use to `<name>-primary`."""
    canary = {'canary': {'steps': [{'weight': 20, 'hold': '1h'}, {'weight': 50, 'hold': '1h'}]}}
    prod = {
        **r.GATEWAY,
        'engine': engine,
        'strategy': canary,
        'monitoring': {'namespace': 'mon', 'prometheus': 'http://p.mon:9090'},
    }
    files = r.settings() | r.following('prod', **prod) | r.release('prod', 'web') | r.release('prod', 'api')
    files |= r.model('web', route={}, values=used('tok')) | r.model('api', route={}, values=used('tok-primary'))
    found = list(map(str, shared(files)))
    text = "Flagger writes Secret 'tok-primary' for 'prod/web', as a copy of 'tok'"
    assert [text in each for each in found] == ([True] if engine == 'flagger' else []), found
