#!/bin/sh
# `npm start`. The server ends when npm does, even when npm is killed: the kernel sends it SIGTERM.
set -eu

# What the server has in memory must not come to lie on a disk when it dies.
ulimit -c 0

root=$(cd "$(dirname "$0")/.." && pwd -P)
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --pdeathsig TERM -- "$root/reeve" server "$@"
fi
exec "$root/reeve" server "$@"
