#!/usr/bin/env bash
# The registry of gitops_example -> a new git repository with all generated files, verified by helm.
# `make demo` runs it; it deletes and creates build/demo, and changes nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
demo=$root/build/demo
chartloom=$root/.venv/bin/chartloom

if [ -z "${HELM:-}" ]; then
  HELM=$(command -v helm || echo "$root/.tools/helm-4.3.1/helm")
fi
[ -x "$HELM" ] || command -v "$HELM" >/dev/null || { echo "demo: helm not found at $HELM: install it, or set HELM to its path" >&2; exit 3; }
export HELM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
run() { echo "\$ $(basename "$1") ${*:2}"; "$@"; }

say "A new repository with only a registry: $demo"
rm -rf "$demo"
mkdir -p "$demo"
cp -R gitops_example/registry "$demo/"
cd "$demo"
git init --quiet --initial-branch=main
# The demo must not depend on the user's git identity and signing key.
git config user.name 'chartloom demo'
git config user.email demo@example.com
git config commit.gpgsign false
git add registry
git commit --quiet --message 'Registry: models, environments and releases'
find registry -type f | sort

say 'Registry → charts, values and delivery objects, as one commit'
run "$chartloom" generate --commit

say 'Verify: helm lints every chart and renders every release'
run "$chartloom" verify --all

say 'Plan: nothing changes, because equal inputs give equal bytes'
run "$chartloom" plan

say 'The generated files'
git log --oneline --shortstat
for folder in charts values delivery bootstrap; do
  [ ! -d "$folder" ] || printf '  %4d files in %s/\n' "$(find "$folder" -type f | wc -l)" "$folder"
done
first() { find "$1" -type f -name "$2" 2>/dev/null | sort | head -n 1; }
say "Where to look, in ${demo#"$root"/}"
printf '  %-10s %s\n' \
  registry "registry/ (change a file, and run '$chartloom plan --diff' there)" \
  chart "$(first charts values.yaml)" \
  values "$(first values '*.yaml')" \
  delivery "$(first delivery '*.yaml')" \
  bootstrap "$(first bootstrap '*.yaml')"

say 'To continue there, set HELM'
printf '  export HELM=%s\n' "$HELM"
