# VLANs on native bridges. Kernels without bridge VLAN filtering skip this; `make test-v2` runs it on Debian's.

vlan_addresses() { # vlan_addresses NAME LAST-BYTE [VLAN]: an address on eth0, or on the tagged VLAN of it
  local device=eth0
  incus exec "$1" -- ip link set eth0 up
  if [ -n "${3:-}" ]; then
    device=eth0.$3
    incus exec "$1" -- ip link add link eth0 name "$device" type vlan id "$3"
    incus exec "$1" -- ip link set "$device" up
  fi
  incus exec "$1" -- ip addr add "192.0.2.$2/24" dev "$device"
}
reaches() { incus exec "$1" -- ping -c 1 -W 5 "192.0.2.$2" > /dev/null; }

test_vlans_of_a_bridge_are_apart() {
  prepare
  incus network create lan ipv4.address=none ipv6.address=none bridge.mtu=1500 > /dev/null
  if [ ! -e /sys/class/net/lan/bridge/vlan_filtering ]; then echo "skipped: this kernel's bridges don't filter VLANs"; incus network delete lan; return; fi
  expect 1 cat /sys/class/net/lan/bridge/vlan_filtering
  local name
  incus profile device remove default eth0
  for name in c1:10 c2:10 c3:20; do
    incus init testimage "${name%:*}" > /dev/null
    incus config device add "${name%:*}" eth0 nic network=lan vlan="${name#*:}" > /dev/null
  done
  incus init testimage c4 > /dev/null
  incus config device add c4 eth0 nic network=lan vlan=none vlan.tagged=10,30 > /dev/null
  refuse 'not allowed' incus config device set c1 eth0 vlan=0
  for name in c1 c2 c3 c4; do incus start "$name"; done
  vlan_addresses c1 1
  vlan_addresses c2 2
  vlan_addresses c3 3
  vlan_addresses c4 4 10
  eventually 10 reaches c1 2
  eventually 10 reaches c1 4
  if reaches c1 3; then fail "VLAN 10 reaches VLAN 20"; fi
  if reaches c4 3; then fail "tagged VLAN 10 reaches VLAN 20"; fi
  incus delete -f c1 c2 c3 c4
  incus network delete lan
}
