#!/bin/sh
# Installs the packages of package-lock.json when they are not there. Starts at the same time wait for each other; an
# install that was killed has left no stamp and is done again. Says one line on stderr, and npm's own words only when
# they are needed. Then becomes the command that it was given, if any: one process all along, so that whoever started it
# can end it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
stamp=$root/node_modules/.installed-from

explain() {
  printf '\nreeve: %s\n\n' "$1" >&2
  shift
  printf '  %s\n' "$@" >&2
  printf '\n' >&2
  exit 1
}

installed() {
  cmp -s "$root/package-lock.json" "$stamp"
}

become() {
  exec 9>&-
  [ $# -eq 0 ] && exit 0
  exec "$@"
}

installed && become "$@"

[ -w "$root" ] || explain "its packages are not installed, and $root cannot be written" \
  "Run this command once as the user who owns the checkout, then again as yourself."
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || explain "its packages are not installed, and npm was not found" \
  "The first start needs git, Node 20 or newer, and npm. It brings everything else, its own Node included." \
  "Debian 12 has an older Node; https://nodejs.org/en/download says how to get a newer one."
version=$(node --version)
major=${version#v}
major=${major%%.*}
[ "$major" -ge 20 ] 2>/dev/null || explain "its packages are not installed, and this machine's Node is too old: $version" \
  "Installing needs Node 20 or newer; https://nodejs.org/en/download says how to get one." \
  "Afterwards Reeve runs on the Node that it brings."

# Node says itself which library it misses; there is one that a bare Debian has not got.
provide_libraries() {
  for node in "$root"/node_modules/node-linux-*/bin/node; do
    [ -x "$node" ] && ! "$node" --version >/dev/null 2>>"$log" && tail -n 1 "$log" | grep -q 'libatomic' || continue
    sh "$root/scripts/libatomic.sh" "$root/node_modules/.libraries" >>"$log" 2>&1 && continue
    [ -t 2 ] && printf '\n' >&2
    explain 'Node 26 needs the library libatomic, which this machine has not got' \
      'As root:  apt-get install libatomic1' 'Then run the same command again.'
  done
}

mkdir -p "$root/.reeve"
# Inherited by npm: when this script is killed, whoever is next still waits for the npm that it left.
exec 9>"$root/.reeve/install.lock"
if command -v flock >/dev/null 2>&1 && ! flock --nonblock 9; then
  echo 'reeve: another start is installing; waiting for it' >&2
  flock 9
fi
installed && become "$@"

rm -f "$stamp"
log=$root/.reeve/install.log
lock=$(mktemp "$root/.reeve/lock.XXXXXX")
cp "$root/package-lock.json" "$lock"
if [ -t 2 ]; then end=''; else end='\n'; fi
printf "reeve: installing what is missing (once, about a minute)$end" >&2
began=$(date +%s)

# npm runs in the background so that a signal to this script reaches it.
(cd "$root" && exec npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund --loglevel=error) \
  >"$log" 2>&1 </dev/null &
npm=$!
trap 'kill -TERM "$npm" 2>/dev/null; wait "$npm"; rm -f "$lock"; exit 130' INT
trap 'kill -TERM "$npm" 2>/dev/null; wait "$npm"; rm -f "$lock"; exit 143' TERM HUP
if wait "$npm"; then
  provide_libraries
  mv "$lock" "$stamp"
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  echo "reeve: installed in $(($(date +%s) - began)) s" >&2
else
  rm -f "$lock"
  [ -t 2 ] && printf '\n' >&2
  tail -n 15 "$log" | sed 's/^/  /' >&2
  explain 'the packages could not be installed; npm says why above' \
    "The whole output is in $log." 'Run the same command again when the cause is gone.'
fi

for node in "$root"/node_modules/node-linux-*/bin/node; do
  [ -x "$node" ] || explain "there is no Node for this machine among the packages ($(uname -sm))" \
    'Reeve runs on Linux with glibc, on x86-64 and arm64.'
done

become "$@"
