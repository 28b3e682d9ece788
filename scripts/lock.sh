#!/usr/bin/env bash
# pyproject.toml and requirements/scan.in -> requirements/*.lock: exact versions with hashes.
# `make lock` keeps locked versions if pyproject.toml allows them; `make lock ARGS=--upgrade` upgrades all of them.
# Run it with the oldest supported Python, because the resolved versions must be installable there.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL # local wheels must not influence the result
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet pip-tools
compile=("$tools/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras --newline=lf
  --no-header --no-annotate --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links)
"${compile[@]}" --build-deps-for=editable "$@" --output-file=requirements/run.lock pyproject.toml
"${compile[@]}" --build-deps-for=editable --extra=dev --constraint=requirements/run.lock "$@" \
  --output-file=requirements/dev.lock pyproject.toml
"${compile[@]}" "$@" --output-file=requirements/scan.lock requirements/scan.in # scanners have their own environment
sed -i.old -e '/^#/d' -e '/^$/d' requirements/*.lock # comments of pip-tools about setuptools
rm requirements/*.lock.old
