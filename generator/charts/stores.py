"""An artifact's store → how a download reaches it: its address, credentials, variables and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from generator.domain.environments import Environment
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.domain.words import quoted, suggest

HUB = 'https://huggingface.co'
WAYS = ('credentials', 'endpoint')  # keys of an artifact that say how to get its files, not which they are
# What a store can be told by each scheme: one of these sets of keys; the first is that of a Secret named alone.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    's3': (('accessKeyId', 'secretAccessKey'), ('accessKeyId', 'secretAccessKey', 'sessionToken')),
    'gs': (('serviceAccountJson',),),
    'hf': (('token',),),
    'http': (('token',), ('username', 'password')),
    'https': (('token',), ('username', 'password')),
    'oci': (('dockerConfigJson',),),
}
# Where the clients look for them: rclone, curl by the script, oras.
_VARIABLES = {
    'accessKeyId': 'AWS_ACCESS_KEY_ID',
    'secretAccessKey': 'AWS_SECRET_ACCESS_KEY',
    'sessionToken': 'AWS_SESSION_TOKEN',
    'serviceAccountJson': 'RCLONE_GCS_SERVICE_ACCOUNT_CREDENTIALS',
    'token': 'ARTIFACT_TOKEN',
    'username': 'ARTIFACT_USERNAME',
    'password': 'ARTIFACT_PASSWORD',
}
_FILES = {'dockerConfigJson': 'config.json'}
_OTHER_NAMES = {'dockerConfigJson': '.dockerconfigjson'}  # as in a Secret of type kubernetes.io/dockerconfigjson

# Variables that a download may be given: none of them decides what it downloads, or runs other code.
_FREE = (
    'AWS_DEFAULT_REGION', 'AWS_REGION', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'RCLONE_BUFFER_SIZE', 'RCLONE_BWLIMIT',
    'RCLONE_LOG_LEVEL', 'RCLONE_MULTI_THREAD_STREAMS', 'RCLONE_S3_FORCE_PATH_STYLE', 'RCLONE_S3_PROVIDER',
    'RCLONE_S3_REGION', 'http_proxy', 'https_proxy', 'no_proxy',
)  # fmt: skip
_FORMS = {
    'RCLONE_S3_PROVIDER': '[A-Za-z0-9]*',  # a part of a connection string, whose other parts it could write
    **dict.fromkeys(('AWS_DEFAULT_REGION', 'AWS_REGION', 'RCLONE_S3_REGION'), '[A-Za-z0-9-]*'),  # of a host name
}
# A proxy gets what a download sends.
PROXIES = ('HTTPS_PROXY', 'HTTP_PROXY', 'http_proxy', 'https_proxy')
_ENDPOINTS = ('RCLONE_S3_ENDPOINT', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3')


def variable_fault(name: str, variable: Any) -> tuple[str, str] | None:
    """Return message and hint for a variable that a download may not be given, else None."""
    if name in _ENDPOINTS:
        hint = 'write artifact.endpoint in the version of the model, or artifactStores.s3.endpoint in the environment'
        return f"the variable '{name}' cannot be set for a download", hint
    if name in _VARIABLES.values() or (isinstance(variable, Mapping) and 'secret' in variable):
        hint = 'write artifact.credentials: {secret: <name>} in the version of the model'
        return f"the credentials '{name}' cannot be set as a variable of a download", hint
    if name not in _FREE:
        return f'the variable {quoted(name)} cannot be set for a download', suggest(name, _FREE)
    text = str(variable.get('value', '')) if isinstance(variable, Mapping) else ''
    if not re.fullmatch(_FORMS.get(name, '(?s:.*)'), text):
        return f'expected a plain name, found {quoted(text)}', 'write letters, digits and hyphens'
    return None


def scheme_of(uri: str) -> str:
    """Return the scheme that an artifact was written with; `uri` may be the address that a chart contains."""
    return 'hf' if uri.startswith(f'{HUB}/') else uri.partition('://')[0]


def store_key(uri: str) -> str:
    """Return the key of the environment's stores for an artifact."""
    scheme = scheme_of(uri)
    return 'https' if scheme == 'http' else scheme


def credentials(scheme: str, written: Values) -> dict[str, Any]:
    """Return the chart's values of {secret, keys}: which variables and files come from which keys of the Secret."""
    keys = written.get('keys') or {what: _OTHER_NAMES.get(what, what) for what in _KEYS[scheme][0]}
    found: dict[str, Any] = {'secret': written['secret']}
    for key, names in (('variables', _VARIABLES), ('files', _FILES)):
        if chosen := {names[what]: name for what, name in sorted(keys.items()) if what in names}:
            found[key] = chosen
    return found


def way_out(address: str, store: Values) -> dict[str, Any]:
    """Return the exception of the network policy for a download from an address; the environment's `store` narrows it.

    A policy is judged by the addresses and ports of pods: a Service counts for nothing in it.
    """
    url = urlsplit(address)
    port = store.get('port') or _port(address, store)
    ports = {'store': {'port': port, 'protocol': 'TCP'}}
    namespace = store.get('namespace') or _namespace(url.hostname or '')
    if 'cidr' not in store and (namespace or 'podLabels' in store):
        labels = {'podLabels': store['podLabels']} if 'podLabels' in store else {}
        return {'cidr': '', 'namespace': namespace, **labels, 'ports': ports}
    return {'cidr': store.get('cidr', '*'), 'namespace': '', 'ports': ports}


def _port(address: str, store: Values) -> int:
    """Return the port of an address; where a store names blocks or a namespace, no model chooses a port in them."""
    url = urlsplit(address)
    is_free = url.scheme in ('http', 'https', 'oci') and not _is_wide(store)
    return (url.port if is_free else None) or (80 if url.scheme == 'http' else 443)


def _is_wide(store: Values) -> bool:
    """Whether a store is more than one address."""
    return 'endpoint' not in store and ('cidr' in store or 'namespace' in store)


def other_port(artifact: Values, stores: Values) -> tuple[str, int]:
    """Return the key and the port of an artifact's address that the environment's store does not open, or '' and 0."""
    store = store_of(artifact, stores) if artifact['delivery'] == 'download' else None
    if store is None or not _is_wide(store):
        return '', 0
    key = 'endpoint' if artifact.get('endpoint') else 'uri'
    wanted, opened = _port(artifact[key], {}), store.get('port') or _port(artifact[key], store)
    return (key, wanted) if wanted != opened else ('', 0)


def _namespace(host: str) -> str:
    """Return the namespace of a Service's name <service>.<namespace>.svc[.cluster.local], or ''."""
    labels = host.removesuffix('.').removesuffix('.cluster.local').split('.')
    return labels[-2] if len(labels) > 2 and labels[-1] == 'svc' else ''


def is_address(uri: str) -> bool:
    """Whether the port of a URI is one."""
    try:
        return urlsplit(uri).port != 0
    except ValueError:  # not a number, or out of range
        return False


def clear_text_problems(file: str, place: Path, address: str) -> Iterator[Problem]:
    """Yield the problem of an address to which credentials would travel where others read them."""
    if not is_address(address):
        yield Problem(file, json_path(place), f'invalid URI {quoted(address)}', 'write https://<host>[:<port>]')
    elif address.startswith('http://') and not _namespace(urlsplit(address).hostname or ''):
        message = f'credentials require https outside of the cluster, found {quoted(address)}'
        hint = 'write https://<host>, or http://<service>.<namespace>.svc:<port> for a store in the cluster'
        yield Problem(file, json_path(place), message, hint)


def credential_problems(file: str, place: Path, scheme: str, written: Values) -> Iterator[Problem]:
    """Yield the problem of keys of `credentials` that a scheme does not take."""
    keys = written.get('keys')
    if keys and not any({*each} == {*keys} for each in _KEYS[scheme]):
        forms = ', or '.join(' and '.join(each) for each in _KEYS[scheme])
        message = f'credentials for {scheme}:// are {forms}; found {", ".join(sorted(keys))}'
        hint = f'write keys: {{{", ".join(f"{what}: <key of the Secret>" for what in _KEYS[scheme][0])}}}'
        yield Problem(file, json_path((*place, 'keys')), message, hint)


def store_problems(environment: Environment) -> Iterator[Problem]:
    """Yield the problems of the stores that an environment names."""
    for scheme, store in environment.spec.get('artifactStores', {}).items():
        place: Path = ('spec', 'artifactStores', scheme)
        if 'endpoint' in store:
            yield from clear_text_problems(environment.file, (*place, 'endpoint'), store['endpoint'])
        yield from credential_problems(environment.file, place, scheme, store)
        if 'cidr' in store and ('namespace' in store or 'podLabels' in store):
            message = "a store has addresses or pods, found 'cidr' and pods"
            yield Problem(environment.file, json_path((*place, 'cidr')), message, 'remove one of the two')


def store_values(artifact: Values, before: Values, stores: Values) -> Iterator[tuple[Path, Path, Any]]:
    """Yield key, place and value of what an environment's `stores` set for an artifact of a chart.

    `before` is the exception of the chart's own network policy.
    """
    scheme, key, store = scheme_of(artifact['uri']), store_key(artifact['uri']), store_of(artifact, stores)
    if store is None:
        return
    if 'endpoint' in store:
        yield (key, 'endpoint'), ('artifact', 'endpoint'), store['endpoint']
    if 'secret' in store:
        yield (key, 'secret'), ('artifact', 'credentials'), _secret(scheme, store, artifact)
    address = store.get('endpoint') or artifact.get('endpoint') or artifact['uri']
    out = {name: part for name, part in way_out(address, store).items() if part != before.get(name, '')}
    if out:
        yield (key,), ('networkPolicy', 'egress', 'artifact-store'), out


def store_of(artifact: Values, stores: Values) -> Values | None:
    """Return the environment's store of an artifact that is downloaded, or None."""
    found: Values | None = stores.get(store_key(artifact['uri']))
    return found


def lent_secret(artifact: Values, stores: Values) -> str:
    """Return the Secret of a store that would be used at an endpoint that the model names, or ''."""
    if artifact['delivery'] != 'download' or not artifact.get('endpoint'):
        return ''
    store = store_of(artifact, stores)
    if store is None or 'secret' not in store or 'endpoint' in store:
        return ''
    return str(store['secret']) if artifact['credentials']['secret'] == store['secret'] else ''


def _secret(scheme: str, store: Values, artifact: Values) -> dict[str, Any]:
    """The keys are the store's, else those that the model names, else those of the scheme."""
    if 'keys' not in store and artifact.get('credentials', {}).get('secret'):
        return {'secret': store['secret']}
    return credentials(scheme, store)
