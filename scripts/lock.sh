#!/usr/bin/env bash
# pyproject.toml and requirements/scan.in -> requirements/*.lock: exact versions with hashes, resolved afresh. Keeps what is locked unless told
# otherwise: `make lock` (only what pyproject.toml changed), `make lock ARGS=--upgrade` (newest of everything).
# Run it with the oldest Python that is supported: what it resolves must install there.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL # a machine's own stock of wheels must not decide
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet pip-tools
compile=("$tools/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras --newline=lf
  --no-header --no-annotate --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links)
"${compile[@]}" --build-deps-for=editable "$@" --output-file=requirements/run.lock pyproject.toml
"${compile[@]}" --build-deps-for=editable --extra=dev --constraint=requirements/run.lock "$@" \
  --output-file=requirements/dev.lock pyproject.toml
"${compile[@]}" "$@" --output-file=requirements/scan.lock requirements/scan.in # scanners live in an environment of their own
sed -i.old -e '/^#/d' -e '/^$/d' requirements/*.lock # pip-tools' remark on setuptools
rm requirements/*.lock.old
