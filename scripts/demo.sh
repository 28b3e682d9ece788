#!/usr/bin/env bash
# gitops_example's registry -> a fresh git repository with everything chartloom makes of it, verified by real helm.
# `make demo` runs it; it makes build/demo anew each time and touches nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
demo=$root/build/demo
chartloom=$root/.venv/bin/chartloom

if [ -z "${HELM:-}" ]; then
  HELM=$(command -v helm || echo "$root/.tools/helm-4.3.1/helm")
fi
[ -x "$HELM" ] || command -v "$HELM" >/dev/null || { echo "demo: no helm at $HELM: install it, or name it in \$HELM" >&2; exit 3; }
export HELM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
run() { echo "\$ $(basename "$1") ${*:2}"; "$@"; }

say "A fresh repository that holds a registry only: $demo"
rm -rf "$demo"
mkdir -p "$demo"
cp -R gitops_example/registry "$demo/"
cd "$demo"
git init --quiet --initial-branch=main
# The demo must not depend on, or stop for, a person's own identity and signing key.
git config user.name 'chartloom demo'
git config user.email demo@example.com
git config commit.gpgsign false
git add registry
git commit --quiet --message 'Registry: what exists, and where it shall run'
find registry -type f | sort

say 'Registry → charts, values and delivery objects, as one commit'
run "$chartloom" generate --commit

say 'Is all of it right? helm lints and renders every release'
run "$chartloom" verify --all

say 'What would change now? Nothing: equal inputs give equal bytes'
run "$chartloom" plan

say 'What was made'
git log --oneline --shortstat
for folder in charts values delivery bootstrap; do
  [ ! -d "$folder" ] || printf '  %4d files in %s/\n' "$(find "$folder" -type f | wc -l)" "$folder"
done
first() { find "$1" -type f -name "$2" 2>/dev/null | sort | head -n 1; }
say "Where to look, in ${demo#"$root"/}"
printf '  %-10s %s\n' \
  registry "registry/ (yours: change something and run '$chartloom plan --diff' there)" \
  chart "$(first charts values.yaml)" \
  values "$(first values '*.yaml')" \
  delivery "$(first delivery '*.yaml')" \
  bootstrap "$(first bootstrap '*.yaml')"

say 'To go on there, chartloom needs helm'
printf '  export HELM=%s\n' "$HELM"
