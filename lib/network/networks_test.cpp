// Networks against a real kernel, in a network namespace of the test's own thread.
#include "network/network.h"

#include <sched.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <thread>

#include "core/event.h"
#include "core/paths.h"
#include "core/project_cache.h"
#include "db/schema.h"
#include "network/dnsmasq/allocate.h"
#include "network/dnsmasq/arguments.h"
#include "network/firewall/network_rules.h"
#include "network/subnet.h"
#include "sys/netlink.h"

using namespace network;

namespace {

/// A daemon's worth of surroundings, in memory and a temporary folder.
struct Surroundings {
  std::string folder = std::filesystem::temp_directory_path() / std::format("networks-{}", getpid());
  core::Paths paths{folder, folder, folder, folder};
  std::unique_ptr<db::Database> global = db::open_memory_global().value();
  core::ProjectCache projects{*global};
  core::Events events;
  std::unique_ptr<Networks> networks = Networks::open({.paths = paths,
                                                       .global = *global,
                                                       .projects = projects,
                                                       .events = events,
                                                       .server_config = [] { return StringMap(); },
                                                       .server_name = "none",
                                                       .fingerprint = [] { return std::string("test"); }});
  Surroundings() { std::filesystem::create_directories(folder + "/networks"); }
  ~Surroundings() { std::filesystem::remove_all(folder); }
};

StringList addresses_of(const std::string& name) {
  StringList list;
  auto link = sys::Netlink::open()->link(name);
  if (!link) return list;
  for (const auto& address : link->addresses)
    if (address.scope == "global") list.push_back(std::format("{}/{}", address.address, address.prefix));
  return list;
}

void life_of_a_bridge() {
  Surroundings world;
  Context ctx;
  api::NetworksPost request;
  request.name = "tbr0";
  request.type = "bridge";
  request.config = {{"ipv4.address", "10.99.0.1/24"}, {"ipv6.address", "none"}, {"dns.mode", "none"}, {"ipv4.dhcp", "false"}};
  auto created = world.networks->create(ctx, "default", request);
  INFO((created ? "" : created.error().message()));
  REQUIRE(created);
  CHECK(addresses_of("tbr0") == StringList{"10.99.0.1/24"});
  CHECK(world.networks->create(ctx, "default", request).error().code() == Code::conflict);

  StringMap config = (*created)->config();
  config["ipv4.address"] = "10.98.0.1/24";
  config["ipv4.routes"] = "10.97.0.0/24";
  config["bridge.mtu"] = "1400";
  CHECK(world.networks->update(ctx, "default", "tbr0", {config, "changed"}));
  CHECK(addresses_of("tbr0") == StringList{"10.98.0.1/24"});
  CHECK(sys::Netlink::open()->link("tbr0")->mtu == 1400);
  config["ipv4.address"] = "nonsense";
  CHECK_FALSE(world.networks->update(ctx, "default", "tbr0", {config, ""}));

  CHECK(world.networks->rename(ctx, "default", "tbr0", "tbr1"));
  CHECK_FALSE(sys::link_exists("tbr0"));
  CHECK(addresses_of("tbr1") == StringList{"10.98.0.1/24"});
  CHECK(world.networks->remove(ctx, "default", "tbr1"));
  CHECK_FALSE(sys::link_exists("tbr1"));
  CHECK_FALSE(std::filesystem::exists(world.folder + "/networks/tbr1"));
}

}  // namespace

TEST_CASE("a bridge is made, changed, renamed and removed", "[network][root]") {
  if (geteuid() != 0) SKIP("needs root for a network namespace");
  bool isolated = false;
  // The namespace belongs to the thread alone, and dies with it.
  std::thread([&] {
    isolated = unshare(CLONE_NEWNET) == 0;
    if (isolated) life_of_a_bridge();
  }).join();
  if (!isolated) SKIP("unshare(CLONE_NEWNET) is not permitted");
}

TEST_CASE("dnsmasq's arguments follow the config", "[network]") {
  StringMap config = {{"ipv4.address", "10.1.0.1/24"}, {"ipv4.dhcp.routes", "1.2.0.0/16, 10.1.0.5"}, {"ipv6.address", "fd42::1/64"}};
  CHECK(dnsmasq::wanted(config));
  auto args = dnsmasq::arguments({.interface = "br", .folder = "/n/br", .config = config, .v4 = IpNetwork::parse("10.1.0.1/24"), .v6 = IpNetwork::parse("fd42::1/64")});
  CHECK(contains(args, "10.1.0.2,10.1.0.254,1h"));
  CHECK(contains(args, "--dhcp-option-force=121,1.2.0.0/16,10.1.0.5"));
  CHECK(contains(args, "::,constructor:br,ra-stateless,ra-names"));
  CHECK(contains(args, "--dhcp-hostsfile=/n/br/dnsmasq.hosts"));
  config = {{"ipv4.address", "none"}, {"ipv6.address", "none"}};
  CHECK_FALSE(dnsmasq::wanted(config));
}

TEST_CASE("a fixed address must fit the subnet and its ranges", "[network]") {
  StringMap config = {{"ipv4.address", "10.1.0.1/24"}};
  CHECK(dnsmasq::valid_lease(config, 4, *IpAddress::parse("10.1.0.77")));
  CHECK_FALSE(dnsmasq::valid_lease(config, 4, *IpAddress::parse("10.1.0.255")));
  CHECK_FALSE(dnsmasq::valid_lease(config, 4, *IpAddress::parse("10.2.0.7")));
  config["ipv4.dhcp.ranges"] = "10.1.0.10-10.1.0.20";
  CHECK_FALSE(dnsmasq::valid_lease(config, 4, *IpAddress::parse("10.1.0.77")));
}

TEST_CASE("a network's rules begin by removing the old ones", "[network]") {
  firewall::Script script;
  firewall::NetworkRules rules{.network = "br"};
  rules.v4 = {.firewall = true, .forwarding = true, .services = true, .nat = firewall::SourceNat{*IpNetwork::parse("10.1.0.1/24"), {}}};
  firewall::add_network(script, rules);
  CHECK(script.text().find("delete chain inet incus pstrt.br") < script.text().find("ip saddr 10.1.0.0/24 ip daddr != 10.1.0.0/24 masquerade"));
  CHECK(script.text().find("reject") == std::string::npos);
}
