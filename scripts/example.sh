#!/usr/bin/env bash
# gitops_example/registry -> the generated files of gitops_example, as in the first commit of a new repository.
# Run `make example` after a change of the starter, a preset or the example's registry, and read the diff.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R gitops_example/registry "$work/"
for document in README.md CODEOWNERS .gitattributes; do
  [ ! -f "gitops_example/$document" ] || cp "gitops_example/$document" "$work/"
done
git -C "$work" init --quiet --initial-branch=main
"${CHARTLOOM:-$root/.venv/bin/chartloom}" generate --path "$work"
for folder in charts values delivery bootstrap registry; do
  rm -rf "gitops_example/$folder"
  cp -R "$work/$folder" gitops_example/
done
cp "$work"/{README.md,CODEOWNERS,.gitattributes} gitops_example/
