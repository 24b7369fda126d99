#include "base/ip.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("addresses count within their family", "[ip]") {
  CHECK(IpAddress::parse("10.0.0.255")->plus(1).text() == "10.0.1.0");
  CHECK(IpAddress::parse("10.0.1.0")->plus(-1).text() == "10.0.0.255");
  CHECK(IpAddress::parse("fd42::ffff:ffff")->plus(1).text() == "fd42::1:0:0");
  CHECK(IpAddress::parse("::ffff:10.1.2.3")->text() == "10.1.2.3");
  CHECK_FALSE(IpAddress::parse("10.0.0.256"));
}

TEST_CASE("subnets know their ends", "[ip]") {
  auto net = *IpNetwork::parse("10.1.2.3/20");
  CHECK(net.first().text() == "10.1.0.0");
  CHECK(net.last().text() == "10.1.15.255");
  CHECK(net.nth(2).text() == "10.1.0.2");
  CHECK(net.nth(-2).text() == "10.1.15.254");
  CHECK(net.netmask() == "255.255.240.0");
  CHECK(net.contains(*IpAddress::parse("10.1.9.9")));
  CHECK_FALSE(net.contains(*IpAddress::parse("10.1.16.0")));
  CHECK_FALSE(IpNetwork::parse("10.0.0.1/33"));
  CHECK_FALSE(IpNetwork::parse("10.0.0.1"));
}

TEST_CASE("EUI-64 addresses follow the MAC", "[ip]") {
  auto net = *IpNetwork::parse("fd42:1:2:3::1/64");
  CHECK(net.eui64(*parse_mac("10:66:6a:12:34:56"))->text() == "fd42:1:2:3:1266:6aff:fe12:3456");
  CHECK_FALSE(IpNetwork::parse("fd42::1/80")->eui64(*parse_mac("10:66:6a:12:34:56")));
}

TEST_CASE("ranges parse, overlap and take offsets", "[ip]") {
  CHECK(IpRange::parse("10.0.0.1-10.0.0.9")->overlaps(*IpRange::parse("10.0.0.9")));
  CHECK_FALSE(IpRange::parse("10.0.0.9-10.0.0.1"));
  CHECK(IpRange::parse_in("0.0.0.10-0.0.0.20", *IpNetwork::parse("192.168.1.1/24"))->text() == "192.168.1.10-192.168.1.20");
}
