#!/bin/bash
# demo.sh BINARY: a daemon of its own, an image, a container with an address on a managed bridge, a command in it, and nothing left behind.
# The image is a Debian system that incus-image builds from the mirror of this machine's apt; where that can't be, one of busybox.
# It runs in private mount and network namespaces, so the machine's own interfaces, mounts and firewall are not touched.
set -eu
if [ "${1:-}" != inside ]; then
  binary=$(readlink -f "${1:-build/incusbox}")
  "$(dirname "$0")/host-packages.sh" dnsmasq:dnsmasq-base nft:nftables ip:iproute2 xz:xz-utils file:file busybox:busybox-static
  images=$(mktemp -d /var/tmp/incusbox-demo-image.XXXXXX)
  trap 'rm -rf "$images"' EXIT
  # Here and not below: the mirror is not reachable from a network namespace of our own.
  if "$(dirname "$0")/demo-debian.sh" "$binary" "$images"; then image=debian; else image=busybox; fi
  [ $image = debian ] || "$(dirname "$0")/demo-image.sh" "$images/busybox.tar.xz"
  unshare -m -n -- "$0" inside "$binary" "$images" $image
  exit
fi
binary=$2 images=$3 image=$4
here=$(cd "$(dirname "$0")" && pwd)
. "$here/demo-common.sh"

step incus version --force-local || true
start_demo
step incus admin init --auto
step incus network list
if [ "$image" = debian ]; then files=("$images/incus.tar.xz" "$images/rootfs.squashfs"); else files=("$images/busybox.tar.xz"); fi
step incus image import "${files[@]}" --alias "$image"
step incus launch "$image" c1
for _ in $(seq 600); do
  incus list c1 -c 4 -f csv | grep -q . && break
  sleep 0.1
done
step incus list
step incus exec c1 -- sh -c 'echo "I am uid $(id -u) in $(hostname), init is pid 1: $(cat /proc/1/comm), mapped as $(tr -s " " < /proc/self/uid_map)"'
address=$(incus list c1 -c 4 -f csv | grep -oE '[0-9]+(\.[0-9]+){3}' | head -1)
[ -n "$address" ] || { echo "demo: c1 has no address" >&2; exit 1; }
step incus snapshot create c1 before
step incus delete --force c1
step incus image delete "$image"
[ "$(incus list -f csv -c n)" = "" ]
echo
echo "demo: ok (container address was $address)"
