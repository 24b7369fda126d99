// Networks that only name a host interface: NICs of instances are made on it (macvlan), are functions of it (sriov) or are it (physical).
#pragma once
#include "config/net_checks.h"
#include "network/types.h"

namespace network::parented {

class Parented : public Network {
 public:
  Parented(const Environment& env, Record record) : Network(env, std::move(record)) {}

  /// The parent, or the VLAN of it.
  std::string interface() const override;
  int mtu() const override { return static_cast<int>(parse_int(value("mtu")).value_or(0)); }
  /// Errors: internal: the parent doesn't exist.
  Result<> start(const Context&) override;
  Result<> stop(const Context&) override { return {}; }
  Result<> reconfigure(const Context& ctx, const StringMap& old) override;

 protected:
  std::string value(const std::string& key) const { return get_or(config(), key); }
};

namespace rows {
using config::Key;
inline constexpr Key gvrp{.name = "gvrp", .group = "common", .type = config::Type::boolean, .def = "false", .condition = "-", .summary = "Announce the VLAN by GVRP"};
inline constexpr Key mtu{.name = "mtu", .group = "common", .type = config::Type::integer, .condition = "-", .summary = "Largest packet of NICs on this network", .check = config::is_mtu};
inline constexpr Key parent{.name = "parent", .group = "common", .condition = "-", .required = "yes", .scope = "local", .summary = "Host interface that NICs are made on", .check = config::is_interface_name};
inline constexpr Key user{.name = "user.*", .group = "common", .condition = "-", .summary = "Free for the user"};
inline constexpr Key vlan{.name = "vlan", .group = "common", .type = config::Type::integer, .condition = "-", .summary = "VLAN to attach to", .check = config::is_vlan};
}  // namespace rows

}  // namespace network::parented
