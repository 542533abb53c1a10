#!/usr/bin/env bash
# Builds an earlier Skein of this repository, to try upgrades with:
#   tools/previous-build.sh COMMIT
# Prints the path of its skein.mjs; exits with 3 when this clone does not have the commit. What was built
# is kept in .cache/previous. The libraries are the ones that are installed for the present sources.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
commit=${1:?usage: tools/previous-build.sh COMMIT}
id=$(git -C "$root" rev-parse --verify --quiet "$commit^{commit}") || exit 3
home=$root/.cache/previous/$id
if [ ! -e "$home/dist/skein.mjs" ]; then
  mkdir -p "$root/.cache/previous"
  making=$(mktemp -d "$root/.cache/previous/making.XXXXXX")
  trap 'rm -rf "$making"' EXIT
  git -C "$root" archive "$id" packages tools tsconfig.base.json | tar -x -C "$making"
  mkdir -p "$making/node_modules/@skein"
  for module in "$root"/node_modules/*; do
    [ "${module##*/}" = @skein ] || ln -s "$module" "$making/node_modules/"
  done
  for package in "$making"/packages/*; do
    ln -s "../../packages/${package##*/}" "$making/node_modules/@skein/"
  done
  (cd "$making" && node tools/bundle.mjs dist/skein.mjs >&2)
  # Of two that build at once, one is kept.
  mv -T "$making" "$home" 2>/dev/null || [ -e "$home/dist/skein.mjs" ]
fi
printf '%s\n' "$home/dist/skein.mjs"
