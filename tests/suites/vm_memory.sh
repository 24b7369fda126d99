# Where the memory of virtual machines comes from: huge pages, and NUMA nodes. Guests are not waited for. VM_TEST_IMAGE names the small guest's image.
# `make test-kvm` has a machine with both.

. "$top/tests/lib/vm.sh"

free_pages() { awk '/^HugePages_Free/{print $2}' /proc/meminfo; }
mapped() { grep "$1" "/proc/$(machine_process)/numa_maps"; }
in_conf() { grep -q "$1" "$INCUS_DIR/run/v1/qemu.conf"; }

test_vm_hugepages() {
  vm_prepare
  vm_init v1 -c limits.memory=128MiB -c limits.memory.hugepages=true -c qemu.machine=microvm
  umount -a -t hugetlbfs
  refuse 'needs a mounted hugetlbfs' incus start v1
  grep -qw hugetlbfs /proc/filesystems && [ "$(free_pages)" -ge 64 ] || { echo "skipped from here on: no huge pages are reserved (vm.nr_hugepages=64)"; incus delete v1; return; }
  mkdir "$SUITE_DIR/pages"
  mount -t hugetlbfs pages "$SUITE_DIR/pages"
  local before
  before=$(free_pages)
  incus start v1
  expect $((before - 64)) free_pages
  in_conf "^mem-path = \"$SUITE_DIR/pages\"" || fail "$(cat "$INCUS_DIR/run/v1/qemu.conf")"
  incus stop -f v1
  expect "$before" free_pages
  mount -t hugetlbfs pages "$SUITE_DIR/conf"
  refuse 'none at /dev/hugepages' incus start v1
  umount "$SUITE_DIR/conf" "$SUITE_DIR/pages"
  incus delete v1
}

test_vm_nodes() {
  [ -d /sys/devices/system/node/node1 ] || { echo "skipped: this machine has one NUMA node"; return; }
  vm_prepare
  vm_init v1 -c limits.memory=128MiB -c limits.cpu.nodes=1
  incus start v1
  mapped '^[^ ]* bind:1 .*memfd' > /dev/null || fail "$(mapped memfd)"
  expect "$(cat /sys/devices/system/node/node1/cpulist)" sh -c "awk '/^Cpus_allowed_list/{print \$2}' /proc/$(machine_process)/task/*/status | sort -u"
  incus stop -f v1
  # One machine is on node 1: the next one that leaves the choice to us comes to node 0, the one after it to node 1 again.
  incus init testimage c1 -c limits.cpu.nodes=1
  incus config set v1 limits.cpu.nodes=balanced
  incus start v1
  expect 0 incus config get v1 volatile.cpu.nodes
  mapped '^[^ ]* bind:0 .*memfd' > /dev/null || fail "$(mapped memfd)"
  incus stop -f v1
  incus config set c1 limits.cpu.nodes=0
  incus start v1
  expect 1 incus config get v1 volatile.cpu.nodes
  incus stop -f v1
  # Pinned processors have the nodes of the host's, and half of the memory in each.
  incus config unset v1 limits.cpu.nodes
  incus config set v1 limits.cpu=0-1
  incus start v1
  expect 2 grep -c '^size = "64M"' "$INCUS_DIR/run/v1/qemu.conf"
  expect 2 grep -c '^type = "cpu"' "$INCUS_DIR/run/v1/qemu.conf"
  incus delete -f v1 c1
}
