#!/bin/bash
# demo-debian.sh BINARY OUT: a minimal Debian image (docs/examples/debian.yaml) in the folder OUT, from the mirror and release that this machine's apt has.
# Fails, saying why, where there is none, or where it takes longer than DEMO_TIMEOUT seconds (150).
set -eu
binary=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
found=$("$here/debian-mirror.sh")
read -r mirror release <<< "$found"
echo "building Debian $release from $mirror"
mkdir -p "$out"
timeout "${DEMO_TIMEOUT:-150}" "$binary" incus-image build-incus "$here/../docs/examples/debian.yaml" "$out" --compression=lz4 --cache-dir="$out" \
  -o source.downloader=mmdebstrap -o "source.url=$mirror" -o "image.release=$release" > "$out/log" 2>&1 || {
  tail -3 "$out/log" >&2
  echo "demo: no Debian image is built: incus-image failed, or the mirror is too slow" >&2
  exit 1
}
