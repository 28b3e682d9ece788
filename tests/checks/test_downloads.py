"""Variables of downloads: what the options of a client and the credentials of a store could be led away by."""

from __future__ import annotations

from typing import Any

import pytest
import registries as r
from resolved import loaded, problems

from generator.checks.decided import decided_values
from generator.checks.scope import Scope

S3 = {'uri': 's3://models/m', 'sha256': '2' * 64, 'kind': 'saved-model'}
PROXY = {'HTTPS_PROXY': {'value': 'http://evil.example'}}


def registry(variables: dict[str, Any], place: str, stores: dict[str, Any]) -> r.Files:
    values = {place: {'artifact': {'env': variables}}}
    model = r.model('web', 'tensorflow-serving', [r.version(artifact=S3)], values=values.get('model', {}))
    files = r.settings() | model | r.release('prod', 'web', values=values.get('release', {}))
    return files | r.following('prod', artifactStores=stores, values=values.get('environment', {}))


@pytest.mark.parametrize(
    ('name', 'text', 'fits'),
    [
        ('RCLONE_S3_PROVIDER', 'Minio', True),
        ('RCLONE_S3_PROVIDER', 'Other,endpoint="https://evil"', False),
        ('RCLONE_S3_PROVIDER', 'Other\n', False),
        ('AWS_REGION', 'eu-central-1', True),
        ('RCLONE_S3_REGION', 'x@evil.example/', False),
        ('RCLONE_BWLIMIT', '08:00,512k 12:00,10M', True),
    ],
)
def test_a_variable_is_no_option(name: str, text: str, fits: bool) -> None:
    files = registry({name: {'value': text}}, 'model', {'s3': {'cidr': '10.0.0.0/24'}})
    assert bool([*decided_values(Scope(loaded(files)))]) is not fits


@pytest.mark.parametrize(
    ('place', 'store', 'refused'),
    [
        ('model', {'secret': 'minio'}, True),
        ('release', {'endpoint': 'https://minio.example'}, True),
        ('model', {'cidr': '10.0.0.0/24'}, False),
        ('environment', {'secret': 'minio'}, False),
    ],
)
def test_no_proxy_between_a_download_and_a_store_of_the_environment(
    place: str, store: dict[str, Any], refused: bool
) -> None:
    assert bool(problems(registry(PROXY, place, {'s3': store}))) is refused
    assert not problems(registry({'NO_PROXY': {'value': 'x'}}, place, {'s3': store}))
