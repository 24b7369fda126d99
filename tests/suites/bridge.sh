# The managed bridge: addresses by DHCP, names by DNS, leases, clean-up. Needs dnsmasq and nft.

test_dhcp_lease_and_cleanup() {
  command -v dnsmasq > /dev/null || { echo "skipped: dnsmasq is not installed"; return; }
  prepare
  incus launch testimage c1
  has_address() { incus list c1 -c 4 -f csv | grep -q eth0; }
  eventually 20 has_address
  local address
  address=$(incus list c1 -c 4 -f csv | grep -oE '[0-9]+(\.[0-9]+){3}')
  incus network list-leases incusbr0 -f csv | grep -q "^c1,.*$address" || fail "no lease of c1 with $address"
  incus exec c1 -- ping -c 1 -W 20 "$(incus network get incusbr0 ipv4.address | cut -d/ -f1)" > /dev/null
  refuse 'in use|used' incus network delete incusbr0
  incus delete -f c1
  incus profile device remove default eth0
  incus network delete incusbr0
  [ ! -e /sys/class/net/incusbr0 ] || fail "the interface is left"
}

test_unfinished_network_goes() {
  prepare
  incus network create half ipv4.address=none ipv6.address=none > /dev/null
  # As a daemon leaves it that is killed in the middle of creating.
  incus admin sql global "UPDATE networks SET state = 0 WHERE name = 'half'" > /dev/null
  incus admin sql global "UPDATE networks_nodes SET state = 0 WHERE network_id = (SELECT id FROM networks WHERE name = 'half')" > /dev/null
  stop_daemon KILL
  start_daemon
  gone() { ! incus network show half > /dev/null 2>&1; }
  eventually 10 gone
  [ ! -e /sys/class/net/half ] || fail "the interface is left"
  incus network create half ipv4.address=none ipv6.address=none > /dev/null
  incus network delete half
}
