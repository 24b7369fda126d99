# Hardware for virtual machines (PCI, graphics cards, NICs, USB), and virtual functions of a network card (SR-IOV) for them and containers: in the machine of
# `make test-hardware`, which has an IOMMU. Elsewhere this is skipped: devices are taken from the machine it runs in. VM_TEST_IMAGE names the small guest's image.

. "$top/tests/lib/vm.sh"

no_hardware() {
  if [ "${SUITE_NETWORK:-}" = host ] && grep -qsx '0x10c9' /sys/class/net/*/device/device && [ -n "$(ls /sys/kernel/iommu_groups)" ]; then
    modprobe -a igbvf sd_mod
    return 1
  fi
  echo "skipped: not the machine of make test-hardware"
}
# hardware VENDOR DEVICE: the first such PCI function.
hardware() {
  local folder
  for folder in /sys/bus/pci/devices/*; do
    [ "$(cat "$folder/vendor" "$folder/device" | tr -d '\n')" = "0x${1}0x$2" ] && { basename "$folder"; return; }
  done
  fail "there is no $1:$2"
}
driver() { basename "$(readlink "/sys/bus/pci/devices/$1/driver")"; }
interface() { ls "/sys/bus/pci/devices/$1/net"; }
volatile() { incus config get "$1" "volatile.$2"; }
function_line() { ip link show "$parent" | grep "vf $1 "; }
# Their drivers choose the addresses: the card had none for them.
functions_are_free() {
  expect 2 sh -c "ls -d /sys/bus/pci/drivers/igbvf/0000:* | wc -l"
  expect 2 sh -c "ip link show $parent | grep -c 'vf . *link/ether [0-9a-f:]* brd ff:ff:ff:ff:ff:ff, spoof checking on, link-state auto, trust off'"
}
with_functions() {
  card=$(hardware 8086 10c9)
  parent=$(interface "$card")
  [ "$(cat "/sys/bus/pci/devices/$card/sriov_numvfs")" = 2 ] || echo 2 > "/sys/bus/pci/devices/$card/sriov_numvfs"
  eventually 20 sh -c '[ "$(ls -d /sys/bus/pci/drivers/igbvf/0000:*/net/* | wc -l)" = 2 ]'
}

test_functions_of_containers() {
  no_hardware && return
  prepare
  with_functions
  local name
  for name in c1 c2 c3; do incus init testimage "$name"; done
  incus config device add c1 eth0 nic nictype=sriov parent="$parent" vlan=5 mtu=1400 security.mac_filtering=true hwaddr=02:00:00:00:00:11
  incus config device add c2 eth0 nic nictype=sriov pci="$card" security.trusted=true
  incus config device add c3 eth0 nic nictype=sriov vendorid=8086 productid=10c9
  incus start c1
  function_line 0 | grep -q 'link/ether 02:00:00:00:00:11 .*vlan 5, spoof checking on' || fail "the function is not set up: $(function_line 0)"
  expect '02:00:00:00:00:11 1400' incus exec c1 -- sh -c 'echo $(cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu)'
  refuse . ip link show "$(volatile c1 eth0.host_name)"
  incus start c2
  function_line 1 | grep -q 'spoof checking off.*trust on' || fail "the function is not set up: $(function_line 1)"
  refuse "Couldn't find a matching NIC" incus start c3
  incus config device set c3 eth0 parent="$parent" vendorid= productid=
  refuse 'All virtual functions .* are already in use' incus start c3
  # What a killed daemon left is given back by the next one.
  stop_daemon KILL
  start_daemon
  incus stop -f c1
  refuse '^$' sh -c 'incus config show c1 | grep -E "last_state.(vf|pci|hwaddr|mtu)|eth0.host_name"'
  incus start c3
  incus config device remove c3 eth0
  incus config device add c3 eth0 nic nictype=sriov parent="$parent"
  incus exec c3 -- test -e /sys/class/net/eth0
  incus delete -f c1 c2 c3
  functions_are_free
}

test_network_of_functions() {
  no_hardware && return
  prepare
  with_functions
  incus network create functions --type=sriov parent="$parent" vlan=7
  incus init testimage c1 -d eth0,network=functions
  incus start c1
  function_line 0 | grep -q 'vlan 7' || fail "the network's VLAN is not in force: $(function_line 0)"
  expect /1.0/instances/c1 sh -c 'incus query /1.0/networks/functions | grep -o "/1.0/instances/[^\"]*"'
  incus delete -f c1
  incus network delete functions
  functions_are_free
}

# Everything at once, since a machine in this machine takes its time to boot.
test_machine_with_hardware() {
  no_hardware && return
  vm_prepare
  with_functions
  local disk nic screen nic_name in_use
  disk=$(hardware 1b36 0010) nic=$(hardware 8086 10d3) screen=$(hardware 1234 1111)
  nic_name=$(interface "$nic")
  given_back() {
    expect 'nvme e1000e bochs-drm' echo "$(driver "$disk") $(driver "$nic") $(driver "$screen")"
    functions_are_free
    eventually 20 ip link show "$nic_name"
  }
  eventually 60 grep -qsx VMSTICK /sys/bus/usb/devices/*/serial
  vm_init v1
  incus config device add v1 disk pci address="${disk#0000:}"
  incus config device add v1 lan nic nictype=physical parent="$nic_name"
  incus config device add v1 function nic nictype=sriov parent="$parent" hwaddr=02:00:00:00:00:22 vlan=9
  incus config device add v1 screen gpu pci="$screen"
  incus config device add v1 stick usb serial=VMSTICK
  ip addr add 192.0.2.1/24 dev "$nic_name"
  refuse 'in use by the host .has assigned IP addresses' incus start v1
  ip addr flush dev "$nic_name"
  vm_boot v1
  expect 'vfio-pci vfio-pci vfio-pci' echo "$(driver "$disk") $(driver "$nic") $(driver "$screen")"
  expect "$disk nvme" echo "$(volatile v1 disk.last_state.pci.slot.name) $(volatile v1 disk.last_state.pci.driver)"
  function_line 0 | grep -q 'link/ether 02:00:00:00:00:22 .*vlan 9' || fail "the function is not set up: $(function_line 0)"
  grep -A7 '^# GPU card ("screen" device)' "$INCUS_DIR/run/v1/qemu.conf" | grep -q 'x-vga = "on"' || fail "the screen is not one of VGA"
  vm_is_unprivileged
  # An emulated machine in an emulated machine: some calls take longer than the server remembers them.
  for in_use in 0x1b36.*0x0010 0x8086.*0x10d3 0x8086.*0x10ca 0x1234.*0x1111; do
    eventually 20 in_v1 "for f in /sys/bus/pci/devices/*; do echo \$(cat \$f/vendor \$f/device); done | grep -qx '$in_use'"
  done
  # It reads from the disk: what the device writes comes to the guest's memory.
  eventually 20 in_v1 'test "$(head -c 4096 /dev/nvme0n1 | wc -c)" = 4096'
  eventually 20 in_v1 'grep -qx 02:00:00:00:00:22 /sys/class/net/*/address'
  eventually 20 in_v1 'grep -qsx VMSTICK /sys/bus/usb/devices/*/serial'

  # While it runs.
  incus config device remove v1 disk
  expect nvme driver "$disk"
  eventually 20 in_v1 '! test -e /dev/nvme0n1'
  incus config device add v1 disk pci address="$disk" firmware=false
  eventually 20 in_v1 'test -b /dev/nvme0n1'
  refuse 'cannot be removed when instance is running' incus config device remove v1 screen
  incus config device set v1 stick attached=false
  eventually 20 in_v1 '! grep -qsx VMSTICK /sys/bus/usb/devices/*/serial'
  incus config device set v1 stick attached=true
  eventually 20 in_v1 'grep -qsx VMSTICK /sys/bus/usb/devices/*/serial'
  local controller
  controller=$(ls /sys/bus/pci/drivers/xhci_hcd | grep -m1 '^0000:')
  echo "$controller" > /sys/bus/pci/drivers/xhci_hcd/unbind
  eventually 20 in_v1 '! grep -qsx VMSTICK /sys/bus/usb/devices/*/serial'
  echo "$controller" > /sys/bus/pci/drivers/xhci_hcd/bind
  eventually 60 in_v1 'grep -qsx VMSTICK /sys/bus/usb/devices/*/serial'

  incus stop -f v1
  given_back
  incus start v1
  expect vfio-pci driver "$disk"
  stop_daemon KILL
  start_daemon
  incus stop -f v1
  given_back
  # Neither the daemon nor QEMU had time for anything.
  incus start v1
  stop_daemon KILL
  kill -KILL "$(machine_process)"
  start_daemon
  expect STOPPED incus list -c s -f csv v1
  given_back
  incus config set v1 migration.stateful=true
  refuse 'cannot be used when migration.stateful is enabled' incus start v1
  incus delete v1
}
