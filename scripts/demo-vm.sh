#!/bin/bash
# demo-vm.sh BINARY: a virtual machine and a container side by side, driven by the same commands: launch, exec, list, snapshot, restore, stop.
# The machine is our small guest (scripts/make-guest). It runs in private mount and network namespaces, so the machine's own interfaces, mounts and
# firewall are not touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
  binary=$(readlink -f "${1:-build/incusbox}")
  "$here/host-packages.sh" dnsmasq:dnsmasq-base nft:nftables ip:iproute2 xz:xz-utils file:file busybox:busybox-static qemu-system-x86_64:qemu-system-x86 \
    qemu-img:qemu-utils /usr/share/OVMF:ovmf
  exec unshare -m -n -- "$0" inside "$binary"
fi
binary=$2
. "$here/demo-common.sh"
drop() { incus delete -f v1 c1 > /dev/null 2>&1; }
until_true() { # until_true SECONDS COMMAND...
  local until=$(($(date +%s) + $1))
  shift
  until "$@" > /dev/null 2>&1; do [ "$(date +%s)" -lt "$until" ] || { echo "demo-vm: never: $*" >&2; return 1; }; sleep 0.1; done
}

step "$here/make-guest" -b "$binary" "$work/guest"
"$here/demo-image.sh" "$work/busybox.tar.xz"
start_demo
step incus admin init --auto
step incus image import "$work/busybox.tar.xz" --alias busybox
step incus image import "$work/guest/guest.tar.xz" --alias guest
step incus launch busybox c1
start=$(date +%s%N)
step incus launch guest v1 --vm -c security.secureboot=false -c limits.memory=512MiB
until_true 300 incus exec v1 -- true
echo "The machine answered after $((($(date +%s%N) - start) / 1000000)) ms."
until_true 60 sh -c 'incus list -c 4 -f csv v1 | grep -q .'
step incus list
for name in c1 v1; do step incus exec $name -- sh -c 'echo "$(hostname): Linux $(uname -r), $(nproc) CPU, pid 1 is $(cat /proc/1/comm)"'; done
echo hello > "$work/file"
for name in c1 v1; do
  step incus file push "$work/file" $name/root/file
  step incus exec $name -- sync
  step incus snapshot create $name before
  step incus exec $name -- rm /root/file
  step incus snapshot restore $name before
  until_true 300 incus exec $name -- true
  step incus exec $name -- cat /root/file
done
step incus stop c1 v1
step incus list
step incus delete c1 v1
[ "$(incus list -f csv -c n)" = "" ]
echo
echo "demo-vm: ok"
