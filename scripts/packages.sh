#!/bin/sh
# Installs the named Debian packages that are missing, where this can be done: as root, with apt. Elsewhere it changes
# nothing; the tests that need them say why they are skipped.
set -eu

missing=''
for package in "$@"; do
  case $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Debian packages that are missing and cannot be installed by this user:$missing" >&2
  exit 0
fi

echo "installing Debian packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
case $missing in
  *postgresql*)
    # Only the programs are wanted, not the cluster that the package would make and start.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    ;;
esac
apt-get update -qq >&2 || echo 'the package lists could not be updated' >&2
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing >&2 ||
  echo "could not be installed:$missing" >&2
