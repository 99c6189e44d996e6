#!/bin/sh
# Runs a script on the Node that the packages bring, after installing them: `sh scripts/node.sh scripts/check.ts`.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"
sh scripts/install.sh
. scripts/libraries.sh
for node in node_modules/node-linux-*/bin/node; do
  exec "$node" "$@"
done
