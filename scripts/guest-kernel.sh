#!/bin/bash
# guest-kernel.sh [KIND]: prints a folder and a version: FOLDER/boot/vmlinuz-VERSION is a kernel of Debian's, FOLDER/lib/modules/VERSION what belongs to it.
# KIND: "cloud" (default; small, for virtual machines), or "full" (with drivers for hardware, sound, screens, USB, 9p).
# The folder is / where that kernel is installed, else a copy that apt fetched once (INCUSBOX_CACHE, default /var/cache/incusbox); nothing is installed.
set -eu
arch=$(dpkg --print-architecture)
case ${1:-cloud} in
  cloud) package=linux-image-cloud-$arch wanted="-cloud-$arch$" ;;
  full) package=linux-image-$arch wanted="[0-9]-$arch$" ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
newest() { # newest FOLDER: the version there of that kind
  local version
  for version in $(ls "$1/lib/modules" 2> /dev/null | grep -E -- "$wanted" | sort -rV); do
    [ -e "$1/boot/vmlinuz-$version" ] && [ -e "$1/lib/modules/$version/modules.dep" ] && { echo "$1 $version"; return; }
  done
  return 1
}
newest / && exit 0
cache=${INCUSBOX_CACHE:-/var/cache/incusbox}/guest-kernel-${1:-cloud}
if [ ! -e "$cache/.ready" ]; then
  rm -rf "$cache" && mkdir -p "$cache"
  real_package() { apt-cache depends "$package" | sed -nE 's/^ *Depends: (linux-image-[0-9].*)/\1/p' | head -1; }
  found=$(real_package)
  [ -n "$found" ] || { apt-get update -q > /dev/null; found=$(real_package); }
  [ -n "$found" ] || { echo "guest-kernel: apt knows no $package" >&2; exit 1; }
  (cd "$cache" && apt-get download -q "$found" > /dev/null && dpkg-deb -x ./*.deb . && rm ./*.deb)
  # Debian 13 has everything below usr.
  [ -d "$cache/lib" ] || ln -s usr/lib "$cache/lib"
  for modules in "$cache"/lib/modules/*; do /sbin/depmod -b "$cache" "$(basename "$modules")"; done
  touch "$cache/.ready"
fi
newest "$cache"
