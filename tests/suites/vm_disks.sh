# What upstream's suites about machines' disks do that no other suite does. VM_TEST_IMAGE names the small guest's image.

. "$top/tests/lib/vm.sh"

# The machine has a disk of that many bytes; whose "ro" is as said, if that is said.
has_disk() {
  [ "$(in_v1 "for d in /sys/block/*; do test \$(cat \$d/size) != $(($1 / 512)) || cat \$d/ro; done; true")" = "${2:-0}" ]
}

test_vm_disks() {
  vm_prepare
  truncate -s 5M "$SUITE_DIR/block"
  # A pool's default size of volumes; an instance that goes when it stops.
  incus storage set default volume.size=6GiB
  vm_init v1 --ephemeral
  incus config device override v1 root limits.read=10MiB
  vm_boot v1
  has_disk $((6 << 30)) || fail "not 6 GiB: $(in_v1 'cat /proc/partitions')"
  incus config device set v1 root limits.read= limits.write=10MiB
  # A disk that may be read becomes one that may be written, while it is there.
  incus config device add v1 block1 disk source="$SUITE_DIR/block" readonly=true
  eventually 10 has_disk $((5 << 20)) 1
  incus config device set v1 block1 readonly=false
  eventually 10 has_disk $((5 << 20)) 0
  incus config device remove v1 block1
  incus export v1 "$SUITE_DIR/v1.tar.gz" --optimized-storage
  incus stop -f v1
  refuse 'not found' incus info v1
  incus import "$SUITE_DIR/v1.tar.gz"
  expect 6442450944 stat -Lc %s "$INCUS_DIR/virtual-machines/v1/root.img"
  incus start v1
  incus stop -f v1
  refuse 'not found' incus info v1
}
