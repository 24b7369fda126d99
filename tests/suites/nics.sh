# NICs on host interfaces: macvlan, physical and routed, with one end of a veth pair as the host's interface. Needs ip(8).

parent_interface() {
  ip link add "$1" type veth peer name "$1p"
  ip link set "$1" up
  ip link set "$1p" up
}

test_macvlan_networks_and_nics() {
  command -v ip > /dev/null || { echo "skipped: iproute2 is not installed"; return; }
  prepare
  parent_interface mvh
  refuse 'Required value' incus network create mv1 --type=macvlan
  refuse 'not found' incus network create mv1 --type=macvlan parent=missing0
  incus network create mv1 --type=macvlan parent=mvh mtu=1400 > /dev/null
  expect macvlan sh -c 'incus network show mv1 | sed -n "s/^type: //p"'
  incus init testimage c1 > /dev/null
  refuse 'in conjunction with' incus config device add c1 eth0 nic network=mv1 mode=vepa
  incus config device override c1 eth0 > /dev/null 2>&1 || true
  incus config device remove c1 eth0 > /dev/null 2>&1 || true
  incus config device add c1 eth9 nic network=mv1 name=eth9 > /dev/null
  incus start c1
  expect 1400 incus exec c1 -- cat /sys/class/net/eth9/mtu
  expect "$(incus config get c1 volatile.eth9.hwaddr)" incus exec c1 -- cat /sys/class/net/eth9/address
  incus stop -f c1
  expect "" incus config get c1 volatile.eth9.host_name
  [ -z "$(ls /sys/class/net | grep '^mac')" ] || fail "a macvlan interface is left"
  refuse 'in use' incus network delete mv1
  incus delete c1
  incus network delete mv1
  ip link delete mvh
}

test_physical_nics_are_lent() {
  command -v ip > /dev/null || { echo "skipped: iproute2 is not installed"; return; }
  prepare
  parent_interface phh
  ip link set phh mtu 1450
  incus init testimage c1 > /dev/null
  incus config device add c1 eth9 nic nictype=physical parent=phh name=eth9 mtu=1420 > /dev/null
  ip addr add 192.0.2.9/24 dev phh
  refuse 'in use by the host' incus start c1
  ip addr del 192.0.2.9/24 dev phh
  incus start c1
  [ ! -e /sys/class/net/phh ] || fail "the interface stayed on the host"
  expect 1420 incus exec c1 -- cat /sys/class/net/eth9/mtu
  # What isn't hardware ends with the container's namespace, so that its return can't be shown here.
  incus stop -f c1
  expect "" incus config get c1 volatile.eth9.host_name
  incus delete c1
}

test_routed_nics_need_no_bridge() {
  command -v ip > /dev/null || { echo "skipped: iproute2 is not installed"; return; }
  command -v nft > /dev/null || { echo "skipped: nftables is not installed"; return; }
  nft -c 'add table inet t; add chain inet t c { type filter hook prerouting priority raw; }; add rule inet t c iif lo fib saddr . iif oif missing drop' 2> /dev/null ||
    { echo "skipped: the kernel's nft has no fib expression"; return; }
  prepare
  incus profile device remove default eth0 > /dev/null # its DHCP client would replace the default route
  incus init testimage c1 > /dev/null
  refuse 'vlan setting can only be used' incus config device add c1 eth9 nic nictype=routed name=eth9 vlan=5
  refuse 'requires ipv4.address' incus config device add c1 eth9 nic nictype=routed name=eth9 ipv4.routes=192.0.3.0/24
  incus config device add c1 eth9 nic nictype=routed name=eth9 ipv4.address=192.0.2.10 ipv4.routes=192.0.3.0/24 > /dev/null
  incus start c1
  local host
  host=$(incus config get c1 volatile.eth9.host_name)
  ip -4 route show dev "$host" | grep -q '^192.0.2.10' || fail "no route to the address"
  ip -4 route show dev "$host" | grep -q '^192.0.3.0/24 via 192.0.2.10' || fail "no route behind the address"
  incus exec c1 -- ip -4 route | grep -q 'default via 169.254.0.1' || fail "no default gateway"
  incus exec c1 -- ping -c 1 -W 20 169.254.0.1 > /dev/null
  # Plugged in while it runs, the interface gets the same.
  incus config device remove c1 eth9
  incus config device add c1 eth9 nic nictype=routed name=eth9 ipv4.address=192.0.2.11 > /dev/null
  incus exec c1 -- ip -4 addr show eth9 | grep -q '192.0.2.11/32' || fail "no address after plugging in"
  incus exec c1 -- ip -4 route | grep -q 'default via 169.254.0.1' || fail "no default gateway after plugging in"
  host=$(incus config get c1 volatile.eth9.host_name)
  incus stop -f c1
  [ ! -e "/sys/class/net/$host" ] || fail "the host's end is left"
  incus delete c1
}

# The kernel has to have the module: that of `make test-v2` has it.
test_ipvlan_nics() {
  command -v ip > /dev/null || { echo "skipped: iproute2 is not installed"; return; }
  parent_interface ivh
  ip link add link ivh name ivtest type ipvlan mode l3s 2> /dev/null || { ip link delete ivh; echo "skipped: the kernel has no ipvlan"; return; }
  ip link delete ivtest
  prepare
  incus profile device remove default eth0 > /dev/null
  incus init testimage c1 > /dev/null
  refuse 'parent' incus config device add c1 eth9 nic nictype=ipvlan name=eth9
  refuse 'Not an IPv4 address' incus config device add c1 eth9 nic nictype=ipvlan name=eth9 parent=ivh ipv4.address=2001:db8::1
  incus config device add c1 eth9 nic nictype=ipvlan name=eth9 parent=ivh ipv4.address=192.0.2.10 ipv6.address=2001:db8::10 mtu=1400 > /dev/null
  sysctl -qw net.ipv4.conf.ivh.forwarding=0
  refuse 'net.ipv4.conf.ivh.forwarding=1' incus start c1
  sysctl -qw net.ipv4.conf.ivh.forwarding=1 net.ipv6.conf.ivh.forwarding=1 net.ipv6.conf.ivh.proxy_ndp=1
  incus start c1
  expect 1400 incus exec c1 -- cat /sys/class/net/eth9/mtu
  expect "$(cat /sys/class/net/ivh/address)" incus exec c1 -- cat /sys/class/net/eth9/address
  incus exec c1 -- ip -4 addr show eth9 | grep -q '192.0.2.10/32' || fail "no address"
  incus exec c1 -- ip -6 addr show eth9 | grep -q '2001:db8::10/128' || fail "no IPv6 address"
  incus exec c1 -- ip -4 route | grep -q '^default dev eth9' || fail "no default route"
  ip -4 route show table main | grep -q '^192.0.2.10 dev lo' || fail "no route on the host"
  ip neigh show proxy | grep -q '192.0.2.10 dev ivh' || fail "the host does not answer for the address"
  # Another machine on the parent's network.
  ip addr add 192.0.2.1/24 dev ivhp
  ip netns add ivpeer
  ip link set ivhp netns ivpeer
  ip -n ivpeer addr add 192.0.2.1/24 dev ivhp
  ip -n ivpeer link set ivhp up
  eventually 20 incus exec c1 -- ping -c 1 -W 2 192.0.2.1 > /dev/null
  eventually 20 ip netns exec ivpeer busybox ping -c 1 -W 2 192.0.2.10 > /dev/null
  incus stop -f c1
  [ -z "$(ip -4 route show table main 192.0.2.10)" ] || fail "the route is left"
  [ -z "$(ip neigh show proxy)" ] || fail "the host still answers"
  incus config device set c1 eth9 mode=l2 ipv4.address=192.0.2.11/24 ipv4.gateway=192.0.2.1 ipv6.address=
  incus start c1
  eventually 20 incus exec c1 -- ping -c 1 -W 2 192.0.2.1 > /dev/null
  incus delete -f c1
  ip link delete ivh
  ip netns delete ivpeer
}
