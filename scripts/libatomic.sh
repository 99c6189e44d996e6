#!/bin/sh
# Node 26 is linked against libatomic, which a bare Debian does not have. As root it is installed like any package. An
# ordinary user gets Debian's package too, checked by apt against Debian's signatures, but unpacked into the folder that
# is named: apt keeps its lists elsewhere then and needs no rights. Fails when neither works.
#
#     sh scripts/libatomic.sh node_modules/.libraries
set -eu

command -v apt-get >/dev/null 2>&1 || exit 1

if [ "$(id -u)" -eq 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -qq -y --no-install-recommends libatomic1 && exit 0
  apt-get update -qq && apt-get install -qq -y --no-install-recommends libatomic1
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
cat >"$work/apt.conf" <<CONF
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
CONF
export APT_CONFIG="$work/apt.conf"
(cd "$work" && apt-get update -qq && apt-get download -qq libatomic1 && dpkg-deb -x libatomic1_*.deb unpacked)
mkdir -p "$1"
find "$work/unpacked" -name 'libatomic.so.1*' -exec cp -P {} "$1" \;
[ -e "$1/libatomic.so.1" ]
