# Graphics and InfiniBand cards that only sysfs has: a folder in its place, so that what this machine lacks is found, taken and given back.

# fake_card ADDRESS CLASS: a PCI function without a driver, and its folder.
fake_sysfs() {
  local place
  for place in /sys/bus/pci /sys/class/net; do
    [ -d "$place" ] || { echo "skipped: no $place"; return 1; }
    mount -t tmpfs -o mode=755 fake "$place"
  done
  mkdir -p /sys/bus/pci/devices /sys/bus/pci/drivers
  touch /sys/bus/pci/drivers_probe
}
fake_card() {
  card=/sys/bus/pci/devices/$1
  mkdir "$card"
  printf 'PCI_SLOT_NAME=%s\n' "$1" > "$card/uevent"
  echo 0x15b3 > "$card/vendor"
  echo 0x1003 > "$card/device"
  echo "$2" > "$card/class"
  echo 0 > "$card/numa_node"
}

test_infiniband_of_containers() {
  fake_sysfs || return 0
  prepare
  fake_card 0000:aa:00.0 0x020700
  ip link add ibtest type veth peer name ibother
  mkdir -p "$card/net/ibtest" "$card/infiniband" "$card/infiniband_verbs/uverbs0" "$card/infiniband_mad/umad0" /sys/class/net/ibtest
  echo 32 > "$card/net/ibtest/type"
  echo 0 > "$card/net/ibtest/dev_port"
  echo 1 > "$card/infiniband_mad/umad0/port"
  echo 1:3 > "$card/infiniband_verbs/uverbs0/dev"
  ln -s "../../../bus/pci/devices/0000:aa:00.0" /sys/class/net/ibtest/device
  mount -t tmpfs -o mode=755 nodes /dev/infiniband 2> /dev/null || { mkdir -p /dev/infiniband && mount -t tmpfs -o mode=755 nodes /dev/infiniband; }
  mknod /dev/infiniband/uverbs0 c 1 3
  mknod /dev/infiniband/umad0 c 1 5
  incus init testimage c1 -c security.privileged=true  # a user namespace gets no sysfs where parts of the host's are covered
  refuse 'Invalid value for device option "hwaddr"' incus config device add c1 ib infiniband nictype=physical parent=ibtest hwaddr=00:11:22:33:44:55
  refuse 'Invalid device option "node_guid"' incus config device add c1 ib infiniband nictype=physical parent=ibtest node_guid=00:11:22:33:44:55:66:77
  refuse 'Unsupported device type' incus config device add c1 ib infiniband nictype=macvlan parent=ibtest
  incus config device add c1 ib infiniband nictype=sriov parent=ibtest
  refuse 'All virtual functions on parent device are already in use' incus start c1
  incus config device remove c1 ib
  incus config device add c1 ib infiniband nictype=physical parent=ibtest mtu=1400
  incus start c1
  expect 1400 incus exec c1 -- cat /sys/class/net/ib0/mtu
  expect '1:3 1:5' incus exec c1 -- sh -c 'echo $(stat -c %t:%T /dev/infiniband/uverbs0 /dev/infiniband/umad0)'
  refuse . ip link show ibtest
  incus config device remove c1 ib
  refuse '^$' incus exec c1 -- test -e /dev/infiniband/uverbs0
  ip link show ibtest | grep -q 'mtu 1500' || fail "the interface is not as it was"
  incus delete -f c1
  ip link delete ibtest
}

test_cards_of_machines() {
  fake_sysfs || return 0
  prepare
  fake_card 0000:bb:00.0 0x030000
  mkdir -p "$card/mdev_supported_types/small"
  echo 1 > "$card/mdev_supported_types/small/available_instances"
  : > "$card/mdev_supported_types/small/create"
  if ! incus init v1 --empty --vm 2> "$SUITE_DIR/why"; then echo "skipped: $(cat "$SUITE_DIR/why")"; return; fi
  incus config device add v1 card gpu gputype=mdev mdev=large id=5
  refuse 'Failed to detect requested GPU device' incus start v1
  incus config device set v1 card id= vendorid=15b3
  refuse 'Invalid mdev profile "large"' incus start v1
  incus config device set v1 card mdev=small
  # There is no such thing: QEMU says so, and nothing stays behind.
  refuse 'sysfsdev|mdev/devices|vfio' incus start v1
  grep -qE '^[0-9a-f-]{36}$' "$card/mdev_supported_types/small/create" || fail "no mediated device was asked for"
  expect '' incus config get v1 volatile.card.vgpu.uuid
  echo 0 > "$card/mdev_supported_types/small/available_instances"
  refuse 'No available mdev for profile "small"' incus start v1
  incus config device remove v1 card
  incus config device add v1 card gpu gputype=sriov pci=BB:00.0
  refuse "vfio-pci|Couldn't find a matching GPU with available VFs" incus start v1
  incus delete v1
}

test_nvidia_runtime() {
  prepare
  incus init testimage c1 -c nvidia.runtime=true -c nvidia.require.cuda='cuda>=11'
  refuse "The NVIDIA LXC hook couldn't be found" incus start c1
  mkdir "$SUITE_DIR/tools"
  install -m 666 /dev/null "$SUITE_DIR/ran"
  printf '#!/bin/sh\necho yes > %s/ran\n' "$SUITE_DIR" > "$SUITE_DIR/tools/nvidia"
  chmod 755 "$SUITE_DIR/tools/nvidia"
  stop_daemon
  export INCUS_LXC_HOOK=$SUITE_DIR/tools
  start_daemon
  refuse "The NVIDIA container tools couldn't be found" incus start c1
  stop_daemon
  cp "$SUITE_DIR/tools/nvidia" "$SUITE_DIR/tools/nvidia-container-cli"
  export PATH=$PATH:$SUITE_DIR/tools
  start_daemon
  incus start c1
  expect yes cat "$SUITE_DIR/ran"
  expect 'NVIDIA_DRIVER_CAPABILITIES=compute,utility NVIDIA_REQUIRE_CUDA=cuda>=11 NVIDIA_VISIBLE_DEVICES=none' \
    incus exec c1 -- sh -c "echo \$(tr '\\0' '\\n' < /proc/1/environ | grep ^NVIDIA_ | sort)"
  incus config device add c1 part gpu gputype=mig mig.uuid=MIG-3d7e1f6c-0000-4000-8000-000000000000 2>&1 | grep -q 'when instance is running' || fail "a part of a card was plugged"
  incus delete -f c1
}
