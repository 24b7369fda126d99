#!/bin/bash
# demo.sh BINARY: a daemon of its own, an image, a container with an address on a managed bridge, a command in it, and nothing left behind.
# It runs in private mount and network namespaces, so the machine's own interfaces, mounts and firewall are not touched.
set -eu
if [ "${1:-}" != inside ]; then
  binary=$(readlink -f "${1:-build/incusbox}")
  "$(dirname "$0")/host-packages.sh" dnsmasq:dnsmasq-base nft:nftables ip:iproute2 xz:xz-utils file:file busybox:busybox-static
  exec unshare -m -n -- "$0" inside "$binary"
fi
binary=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/demo-common.sh"

step incus version --force-local || true
start_demo
step incus admin init --auto
step incus network list
"$here/demo-image.sh" "$work/busybox.tar.xz"
step incus image import "$work/busybox.tar.xz" --alias busybox
step incus launch busybox c1
for _ in $(seq 100); do
  incus list c1 -c 4 -f csv | grep -q . && break
  sleep 0.1
done
step incus list
step incus exec c1 -- sh -c 'echo "I am uid $(id -u) in $(hostname), init is pid 1: $(cat /proc/1/comm), mapped as $(tr -s " " < /proc/self/uid_map)"'
address=$(incus list c1 -c 4 -f csv | grep -oE '[0-9]+(\.[0-9]+){3}' | head -1)
[ -n "$address" ] || { echo "demo: c1 has no address" >&2; exit 1; }
step incus snapshot create c1 before
step incus delete --force c1
step incus image delete busybox
[ "$(incus list -f csv -c n)" = "" ]
echo
echo "demo: ok (container address was $address)"
