// Metrics as `incus top` sums them up.
#include <catch2/catch_test_macros.hpp>

#include "applets/cli/expiry.h"
#include "applets/cli/listener.h"
#include "applets/cli/nouns/top.h"

using namespace cli;

TEST_CASE("top: one row an instance, idle time and foreign mounts left out", "[cli]") {
  auto rows = read_metrics(
      "# HELP incus_cpu_seconds_total x\n"
      "incus_cpu_seconds_total{cpu=\"0\",mode=\"user\",name=\"c,1\",project=\"p\",type=\"container\"} 1.5\n"
      "incus_cpu_seconds_total{cpu=\"0\",mode=\"idle\",name=\"c,1\",project=\"p\"} 100\n"
      "incus_memory_MemTotal_bytes{name=\"c,1\",project=\"p\"} 3e+06\n"
      "incus_memory_MemAvailable_bytes{name=\"c,1\",project=\"p\"} 1e+06\n"
      "incus_filesystem_size_bytes{mountpoint=\"/\",name=\"c,1\",project=\"p\"} 50\n"
      "incus_filesystem_free_bytes{mountpoint=\"/\",name=\"c,1\",project=\"p\"} 20\n"
      "incus_filesystem_size_bytes{mountpoint=\"/data\",name=\"c,1\",project=\"p\"} 999\n"
      "incus_uptime_seconds 5\nbroken{line\n");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].name == "c,1");
  CHECK(rows[0].project == "p");
  CHECK(rows[0].cpu == 1.5);
  CHECK(rows[0].memory == 2e6);
  CHECK(rows[0].disk == 30);
}

TEST_CASE("lifetimes", "[cli]") {
  CHECK(parse_lifetime("1h30m")->count() == 5400);
  CHECK(parse_lifetime("1.5m")->count() == 90);
  CHECK(parse_lifetime("0")->count() == 0);
  for (const char* text : {"", "5", "1d", "h", "-", "1..2s"}) CHECK_FALSE(parse_lifetime(text));
}

TEST_CASE("local addresses", "[cli]") {
  CHECK(parse_tcp_address("80")->text() == "127.0.0.1:80");
  CHECK(parse_tcp_address("[::1]:80")->host == "::1");
  CHECK(parse_tcp_address("10.0.0.1:8443")->port == 8443);
  for (const char* text : {"99999", "::1:80", "a:b", "", "-1"}) CHECK_FALSE(parse_tcp_address(text));
}
