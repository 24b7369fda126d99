// All tables of config keys, by what they configure.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "config/key.h"

namespace schema {

struct Table {
  std::string_view kind;  ///< "server", "instance", "project", "device", "nic", "network", "pool" or "volume"
  std::string type;       ///< of devices, nics and networks: "disk", "bridged", "bridge"; else empty
  config::Keys keys;
};

/// In the order they are documented.
const std::vector<Table>& tables();
/// The keys of one table; empty if there is none.
config::Keys keys(std::string_view kind, std::string_view type = "");
/// The types of a kind's tables ("device": disk, nic, …).
StringList types(std::string_view kind);
StringList pool_drivers();

}  // namespace schema
