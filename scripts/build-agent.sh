#!/bin/sh
# Makes what workspaces fetch, the agent and the boundary, when there is none or its sources are newer. Then becomes the
# command that it was given, if any. A server without them still serves everything else.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
built=$root/agent/dist/bin

# fresh FILE SOURCE...
fresh() {
  file=$1
  shift
  [ -f "$file" ] && [ -z "$(find "$@" "$root/base/src" "$root/package-lock.json" -type f -newer "$file" -print -quit)" ]
}
# bundle WHAT SCRIPT
bundle() {
  for node in "$root"/node_modules/node-linux-*/bin/node; do break; done
  . "$root/scripts/libraries.sh"
  "$node" "$root/scripts/$2" "$root" </dev/null >&2 ||
    echo "reeve: $1 could not be built; run \`npm run build\` as the user who owns the checkout" >&2
}
fresh "$built/reeve-agent.js" "$root/agent/src" "$root/sdk/src" "$root/bin/run-agent.mjs" ||
  bundle 'the agent of workspaces' bundle-agent.mjs
fresh "$built/reeve-boundary.js" "$root/boundary/src" "$root/boundary/native" "$root/policy/src" \
  "$root/bin/run-workspace-boundary.mjs" ||
  bundle 'the boundary of workspaces' bundle-workspace-boundary.mjs
[ $# -eq 0 ] || exec "$@"
