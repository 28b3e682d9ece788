"""An artifact → commands of a build that download it and check it, and the secret that they read."""

from __future__ import annotations

from generator.domain.values import Values
from generator.values.merge import enabled

# Credentials of stores, as files that no layer keeps: id of the build secret, and what its file is.
_AWS, _GCP = ('aws', 'AWS_SHARED_CREDENTIALS_FILE'), ('gcp', 'GOOGLE_APPLICATION_CREDENTIALS')
_STORES = {'s3': _AWS, 'gs': _GCP}
SECRETS = {
    'aws': 'a shared credentials file of AWS', 'gcp': 'a credentials file of Google Cloud',
    'header': 'one line: Authorization: Bearer <token>',
    'netrc': 'a .netrc with the login', 'docker': 'a config.json of Docker',
}  # fmt: skip
_QUOTE = "'\\''"  # a quote inside quotes, in a shell
_REMOTES = {'s3': ':s3,provider=${RCLONE_S3_PROVIDER:-%s},env_auth=true:', 'gs': ':gcs,env_auth=true:'}


def build_secret(artifact: Values, scheme: str) -> str:
    """Return the id of the build secret, or ''; stores of S3 and Google always have one, which may be left out."""
    if scheme in _STORES:
        return _STORES[scheme][0]
    variables = artifact['credentials']['variables']
    if artifact['credentials']['files']:
        return 'docker'
    return 'header' if 'ARTIFACT_TOKEN' in variables else 'netrc' if variables else ''


def _mount(secret: str, scheme: str) -> str:
    """The mount of a build secret, and the variable that leads to it."""
    if scheme in _STORES:
        name, variable = _STORES[scheme]
        return f'--mount=type=secret,id={name} {variable}=/run/secrets/{name}; export {variable}; '
    return f'--mount=type=secret,id={secret},required=true ' if secret else ''


def fetch(artifact: Values, scheme: str) -> str:
    """Return commands that download to /tmp/artifact and check it: one RUN, so that no layer keeps an archive."""
    secret = build_secret(artifact, scheme)
    # The build gets the plain variables of the pods' download; for values of Secrets it has its own secret.
    plain = {name: each.get('value', '') for name, each in enabled(artifact['env']).items()}
    if artifact['endpoint']:
        plain['RCLONE_S3_ENDPOINT'] = artifact['endpoint']
    steps = [f'export {name}={_word(text)}' for name, text in sorted(plain.items())]
    steps += [f'uri={_word(artifact["uri"])}', 'set -eu']
    if scheme == 'oci':  # oras checks the digest
        login = '--registry-config /run/secrets/docker ' if secret else ''
        steps += [f'oras pull {login}--output artifact "${{uri#oci://}}"']
        for path, sha256 in sorted(artifact['files'].items()):
            steps += _check(sha256, f'artifact/{path}')
    elif artifact['files']:
        for path, sha256 in sorted(artifact['files'].items()):
            to = f'artifact/{path}'
            steps += [f'mkdir -p {to.rpartition("/")[0]}', _get(artifact, scheme, f'/{path}', to), *_check(sha256, to)]
    else:
        got = 'download' if artifact['unpack'] else 'artifact'
        steps += [_get(artifact, scheme, '', got), *_check(artifact['sha256'], got)]
        if artifact['unpack']:
            steps += ['mkdir artifact', 'if gzip -t download 2>/dev/null; then z=z; else z=; fi']
            steps += ['tar -x"$z"f download -C artifact', 'rm download']
    steps += ['chmod -R a+rX artifact', 'test -z "$(find artifact ! -type f ! -type d)"']
    return _mount(secret, scheme) + '; \\\n    '.join(steps)


def _word(text: str) -> str:
    """Quote a text as one word of a shell."""
    return "'" + text.replace("'", _QUOTE) + "'"


def _check(sha256: str, file: str) -> list[str]:
    """Check through a file: in a pipe, a shell ignores that the first command failed."""
    return [f"echo '{sha256}  {file}' > checksum", 'sha256sum -c checksum']


def _get(artifact: Values, scheme: str, inner: str, to: str) -> str:
    if scheme in _REMOTES:
        remote = _REMOTES[scheme].replace('%s', 'Other' if artifact['endpoint'] else 'AWS')
        return f'rclone --config=/notfound copyto --retries 5 "{remote}${{uri#{scheme}://}}{inner}" {to}'
    options = '--fail --silent --show-error --location --globoff --proto =http,https --retry 5 --retry-connrefused'
    # From a file: arguments can be read by other processes.
    match build_secret(artifact, scheme):
        case 'header':
            options += ' --header @/run/secrets/header'
        case 'netrc':
            options += ' --netrc-file /run/secrets/netrc'
    return f'curl {options} --output {to} --url "$uri{inner}"'
