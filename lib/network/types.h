// The rows behind types.def: what a network type is and can do.
#pragma once
#include <memory>
#include <span>

#include "config/key.h"
#include "db/codes.h"
#include "network/network.h"

namespace network {

struct Type {
  std::string_view name;
  db::NetworkType code;
  bool projects = false;        ///< may live in projects other than "default"
  bool forwards = false;
  bool load_balancers = false;
  bool leases = false;
  config::Keys keys;
  Result<> (*check_name)(const std::string& name);
  /// Fills in what the user left to us, on creation ("auto" subnets, …).
  Result<> (*fill)(const Context&, StringMap& config);
  /// Replaces "auto" on an update.
  Result<> (*refresh)(const Context&, StringMap& config);
  /// Checks between keys, after each was checked by its row.
  Result<> (*check)(const Environment&, const Record& record);
  std::shared_ptr<Network> (*make)(const Environment&, Record);
};

/// Kept in the config of physical networks: "true" where the VLAN interface was made by us and goes with the network.
inline constexpr std::string_view kCreatedKey = "volatile.last_state.created";

std::span<const Type* const> types();
/// Errors: invalid: `Unknown network type`.
Result<const Type*> find_type(std::string_view name);
const Type* find_type(db::NetworkType code);
/// Every key known to the type and valid, and the type's own check.
Result<> validate(const Environment& env, const Record& record);

/// What all types accept as a name of a network: no colon, and a valid interface name for those that make one.
Result<> check_plain_name(const std::string& name);
Result<> check_interface_name(const std::string& name);

}  // namespace network
