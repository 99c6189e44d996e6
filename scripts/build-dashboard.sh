#!/bin/sh
# Builds the dashboard when there is none or its sources are newer. Then becomes the command that it was given, if any.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
dashboard=$root/dashboard
built=$dashboard/dist/index.html

become() {
  exec 9>&-
  [ $# -eq 0 ] && exit 0
  exec "$@"
}

# Nothing of these is served.
for argument in "$@"; do
  case $argument in
    --help | -h | --version | --print-config) become "$@" ;;
  esac
done
[ -f "$dashboard/vite.config.ts" ] || become "$@"

fresh() {
  [ -f "$built" ] && [ -z "$(find "$dashboard" "$root/sdk/src" "$root/base/src" "$root/package-lock.json" \
    -path "$dashboard/dist*" -prune -o -type f -newer "$built" -print -quit)" ]
}
fresh && become "$@"

if ! [ -w "$dashboard" ]; then
  [ -f "$built" ] && become "$@"
  printf '\nreeve: the dashboard is not built, and %s cannot be written\n\n' "$dashboard" >&2
  printf '  Run `npm run build` once as the user who owns the checkout.\n\n' >&2
  exit 1
fi

mkdir -p "$root/.reeve"
exec 9>"$root/.reeve/dashboard.lock"
command -v flock >/dev/null 2>&1 && flock 9
fresh && become "$@"

echo 'reeve: building the dashboard' >&2
marker=$root/.reeve/dashboard.started
log=$root/.reeve/dashboard.log
touch "$marker"
for node in "$root"/node_modules/node-linux-*/bin/node; do break; done
. "$root/scripts/libraries.sh"
# Built aside: a build that is killed or fails leaves the one before as it was.
NO_COLOR=1 "$node" "$root/node_modules/vite/bin/vite.js" build "$dashboard" --outDir dist.new --emptyOutDir \
  >"$log" 2>&1 </dev/null 9>&- &
vite=$!
trap 'kill -TERM "$vite" 2>/dev/null; exit 130' INT
trap 'kill -TERM "$vite" 2>/dev/null; exit 143' TERM HUP
if ! wait "$vite"; then
  tail -n 15 "$log" | sed 's/^/  /' >&2
  printf '\nreeve: the dashboard could not be built; the whole output is in %s\n\n' "$log" >&2
  exit 1
fi
# As old as the sources that it was built from: what changed meanwhile is built next time.
touch -r "$marker" "$dashboard/dist.new/index.html"
rm -rf "$dashboard/dist"
mv "$dashboard/dist.new" "$dashboard/dist"

become "$@"
