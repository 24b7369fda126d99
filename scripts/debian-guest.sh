#!/bin/bash
# debian-guest.sh BINARY: prints the folder of a Debian image for virtual machines (docs/examples/debian-vm.yaml: incus.tar.xz and disk.qcow2), from the
# mirror and release that this machine's apt has. Made once (3 to 5 minutes) and kept in INCUSBOX_CACHE (/var/cache/incusbox). Fails, saying why.
set -eu
binary=$1
here=$(cd "$(dirname "$0")" && pwd)
definition=$here/../docs/examples/debian-vm.yaml
found=$("$here/debian-mirror.sh")
read -r mirror release <<< "$found"
cache=${INCUSBOX_CACHE:-/var/cache/incusbox}
out=$cache/debian-guest-$release-$(sha256sum < "$definition" | cut -c1-12)
if [ ! -e "$out" ]; then
  mkdir -p "$cache"
  fresh=$(mktemp -d "$cache/debian-guest.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  timeout "${DEBIAN_TIMEOUT:-1200}" "$binary" incus-image build-incus --vm "$definition" "$fresh/image" --cache-dir="$fresh" \
    -o "source.url=$mirror" -o "image.release=$release" > "$fresh/log" 2>&1 || { tail -3 "$fresh/log" >&2; exit 1; }
  mv -T "$fresh/image" "$out"
fi
echo "$out"
