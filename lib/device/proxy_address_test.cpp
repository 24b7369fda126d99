#include "device/proxy_address.h"

#include <catch2/catch_test_macros.hpp>

using device::parse_proxy_address;

TEST_CASE("proxy addresses") {
  auto tcp = parse_proxy_address("tcp:127.0.0.1:80-82,90");
  REQUIRE(tcp);
  CHECK(tcp->address == "127.0.0.1");
  CHECK(tcp->ports == std::vector<int64_t>{80, 81, 82, 90});
  CHECK(parse_proxy_address("udp:[::1]:53")->address == "::1");
  CHECK(parse_proxy_address("unix:@x")->abstract);
  CHECK(parse_proxy_address("unix:/a:b")->address == "/a:b");
  for (const char* bad : {"tcp:localhost:80", "tcp:1.2.3.4", "sctp:1.2.3.4:5", "tcp", "tcp:::1:5", "tcp:1.2.3.4:99999", "tcp:1.2.3.4:x"}) CHECK(!parse_proxy_address(bad));
}
