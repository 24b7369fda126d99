#!/bin/bash
# guest-kernel.sh: prints the folder that holds Debian's cloud kernel: boot/vmlinuz-VERSION and lib/modules/VERSION, and no other version.
# "/" where it is installed, else a copy that apt fetched once (INCUSBOX_CACHE, default /var/cache/incusbox); nothing is installed.
set -eu
arch=$(dpkg --print-architecture)
if compgen -G "/boot/vmlinuz-*-cloud-$arch" > /dev/null && compgen -G "/lib/modules/*-cloud-$arch/modules.dep" > /dev/null; then echo /; exit 0; fi
cache=${INCUSBOX_CACHE:-/var/cache/incusbox}/guest-kernel
if [ ! -e "$cache/.ready" ]; then
  rm -rf "$cache" && mkdir -p "$cache"
  package=$(apt-cache depends "linux-image-cloud-$arch" | sed -nE 's/^ *Depends: (linux-image-[0-9].*)/\1/p' | head -1)
  [ -n "$package" ] || { apt-get update -q > /dev/null; package=$(apt-cache depends "linux-image-cloud-$arch" | sed -nE 's/^ *Depends: (linux-image-[0-9].*)/\1/p' | head -1); }
  [ -n "$package" ] || { echo "guest-kernel: apt knows no linux-image-cloud-$arch" >&2; exit 1; }
  (cd "$cache" && apt-get download -q "$package" > /dev/null && dpkg-deb -x ./*.deb . && rm ./*.deb)
  # Debian 13 has everything below usr.
  [ -d "$cache/lib" ] || ln -s usr/lib "$cache/lib"
  for modules in "$cache"/lib/modules/*; do /sbin/depmod -b "$cache" "$(basename "$modules")"; done
  touch "$cache/.ready"
fi
echo "$cache"
