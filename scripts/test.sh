#!/bin/sh
# `npm test`: installs what is missing, builds, checks, and runs every test.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"
sh scripts/packages.sh chromium git procps util-linux bubblewrap slirp4netns nftables iproute2 gcc libc6-dev curl python3 podman runc
sh scripts/install.sh
exec sh scripts/node.sh scripts/test.ts "$@"
