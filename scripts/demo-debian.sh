#!/bin/bash
# demo-debian.sh BINARY OUT: a minimal Debian image (docs/examples/debian.yaml) in the folder OUT, from the mirror and release that this machine's apt has.
# Fails, saying why, where there is none, or where it takes longer than DEMO_TIMEOUT seconds (150).
set -eu
binary=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
give_up() { echo "demo: no Debian image is built: $*" >&2; exit 1; }
command -v apt-get > /dev/null || give_up "this machine has no apt, whose mirror would be used"
read -r mirror release < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 2> /dev/null |
  awk '$1 ~ /\/debian\/?$/ && $2 !~ /-/ && $3 == "main" { print $1, $2; exit }') || give_up "apt has no Debian mirror (or apt-get update never ran)"
"$here/host-packages.sh" mmdebstrap:mmdebstrap || give_up "mmdebstrap can't be installed"
echo "building Debian $release from $mirror"
mkdir -p "$out"
timeout "${DEMO_TIMEOUT:-150}" "$binary" incus-image build-incus "$here/../docs/examples/debian.yaml" "$out" --compression=lz4 --cache-dir="$out" \
  -o source.downloader=mmdebstrap -o "source.url=$mirror" -o "image.release=$release" > "$out/log" 2>&1 || {
  tail -3 "$out/log" >&2
  give_up "incus-image failed, or the mirror is too slow"
}
