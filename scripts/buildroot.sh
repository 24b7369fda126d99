#!/bin/bash
# A Debian 13 build root for machines that are not Debian 13 themselves (docs/architecture.md, section 8).
#
#   buildroot.sh path          print the root's folder ("/" where this machine can build directly)
#   buildroot.sh make          create it once; keyed by the hash of packages.txt
#   buildroot.sh run CMD...    run CMD in it, in this directory, with the checkout at its own path
#
# INCUSBOX_CACHE (default /var/cache/incusbox) keeps roots and the compiler cache, outside every checkout.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
cache=${INCUSBOX_CACHE:-/var/cache/incusbox}
packages=$(grep -v '^#' "$here/packages.txt" | tr '\n' ' ')
key=$(grep -v '^#' "$here/packages.txt" | sha256sum | cut -c1-12)
root=$cache/root-$key
. /etc/os-release
# CCACHE_BASEDIR and NOHASHDIR let checkouts share the compiler cache.
export CCACHE_DIR=$cache/ccache CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=5G
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

native() { [ "${VERSION_CODENAME:-}" = trixie ]; }

make_root() {
  if native; then
    # shellcheck disable=SC2086
    dpkg -s $packages > /dev/null 2>&1 || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages; }
    return
  fi
  [ -e "$root/.ready" ] && return
  command -v debootstrap > /dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends debootstrap; }
  mkdir -p "$cache"
  exec 9> "$cache/lock"; flock 9
  [ -e "$root/.ready" ] && return
  rm -rf "$root"
  echo "buildroot: making a Debian 13 build root in $root (once)" >&2
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  debootstrap --variant=minbase --keyring=$keyring --include="$(echo $packages | tr ' ' ',')" trixie "$root" > "$cache/debootstrap.log" 2>&1 ||
    { tail -20 "$cache/debootstrap.log" >&2; exit 1; }
  rm -rf "$root"/var/cache/apt/archives/*.deb
  touch "$root/.ready"
}

run() {
  make_root
  mkdir -p "$CCACHE_DIR"
  if native; then exec "$@"; fi
  # Mounts live in a private mount namespace: whatever happens, the host keeps none of them.
  exec unshare -m -- /bin/bash -c '
    set -e; root=$1 top=$2 cache=$3 dir=$4; shift 4
    mount --make-rprivate /
    mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"; mount --rbind /sys "$root/sys"
    mkdir -p "$root$top" "$root$cache/ccache"
    mount --bind "$top" "$root$top"; mount --bind "$cache/ccache" "$root$cache/ccache"
    mount -t tmpfs tmpfs "$root/tmp"
    exec chroot "$root" /usr/bin/env -C "$dir" "$@"' _ "$root" "$top" "$cache" "$PWD" "$@"
}

case "${1:-}" in
  path) if native; then echo /; else echo "$root"; fi ;;
  make) make_root ;;
  run) shift; run "$@" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
