// A managed bridge: the interface, its addresses and routes, firewall rules and dnsmasq, all derived from the config.
#pragma once
#include <optional>

#include "base/ip.h"
#include "network/firewall/network_rules.h"
#include "network/network.h"

namespace sys {
class Netlink;
struct Link;
}  // namespace sys

namespace network::bridge {

inline constexpr int kDefaultMtu = 1500;

/// The kernel is brought step by step to what the config says; a step that finds it right does nothing, so that starting the daemon
/// on a running host is cheap.
class Bridge : public Network {
 public:
  Bridge(const Environment& env, Record record) : Network(env, std::move(record)) {}

  std::string interface() const override { return name(); }
  int mtu() const override;
  Result<> create(const Context&) override;
  Result<> start(const Context&) override;
  Result<> stop(const Context&) override;
  Result<> reconfigure(const Context& ctx, const StringMap& old) override;
  Result<> remove(const Context&) override;
  Result<> reserve(const Context&, const Reservation&) override;
  Result<> release(const Context&, const std::string& project, const std::string& instance, const std::string& device) override;
  Result<std::vector<api::NetworkLease>> leases(const std::string& project) override;

 private:
  // link.cpp
  Result<> apply_link(sys::Netlink& netlink);
  Result<> apply_ports(sys::Netlink& netlink);
  Result<> attach_external(sys::Netlink& netlink, const std::string& entry);
  Result<> detach_external(sys::Netlink& netlink, const StringMap& old);
  Result<> remove_children(sys::Netlink& netlink);
  Result<> apply_tunnels(sys::Netlink& netlink);
  std::string hwaddr() const;
  // addresses.cpp
  Result<> apply_addresses(sys::Netlink& netlink);
  Result<> apply_family(sys::Netlink& netlink, const sys::Link& link, int family);
  /// The bridge's own address; computed from the MAC address where the config names only a /64.
  Result<std::optional<IpNetwork>> own_address(int family) const;
  // service.cpp
  Result<> apply_firewall(const Context& ctx);
  Result<> apply_dnsmasq(const Context& ctx);
  Result<> write_hosts();
  Result<firewall::NetworkRules> rules() const;

  std::string value(const std::string& key, std::string_view fallback = "") const;
  bool on_by_default(const std::string& key) const;
  bool has_family(int family) const;
  std::string folder() const;
  std::string log_file() const;
};

/// Shared by the type's row (config.cpp).
Result<> fill(const Context& ctx, StringMap& config);
Result<> refresh(const Context& ctx, StringMap& config);
Result<> check(const Environment& env, const Record& record);

}  // namespace network::bridge
