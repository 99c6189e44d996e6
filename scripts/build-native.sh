#!/bin/sh
# Builds the boundary's native helper where it is not built from these very sources yet, and prints its path.
# Says what is missing, on stderr with status 1, where it cannot be built.
set -eu

native=$(cd "$(dirname "$0")/../boundary/native" && pwd)
script=$(cd "$(dirname "$0")" && pwd)/build-native.sh
sum=$(cd "$native" && cat ./*.c ./*.h "$script" | sha256sum | cut -c1-16)
helper="$native/build/$sum/boundary-native"
if [ ! -x "$helper" ]; then
  compiler=$(command -v gcc || command -v cc || true)
  if [ -z "$compiler" ]; then
    echo 'the native helper of the boundary is not built and there is no C compiler: apt-get install gcc libc6-dev' >&2
    exit 1
  fi
  mkdir -p "$native/build/$sum"
  # Beside its place and then moved, so that two that build at once do not see half of it.
  part=$(mktemp "$native/build/$sum/part.XXXXXX")
  if ! "$compiler" -std=gnu11 -D_GNU_SOURCE -Os -Wall -Wextra -Werror -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
    -static-pie -Wl,-z,now,-z,relro -o "$part" "$native"/*.c >&2; then
    rm -f "$part"
    echo 'the native helper of the boundary could not be built: apt-get install gcc libc6-dev' >&2
    exit 1
  fi
  chmod 755 "$part"
  mv "$part" "$helper"
fi
echo "$helper"
