// The variables that a virtual machine's firmware keeps between starts (UEFI specification, chapter 8): reading and changing them while it is stopped.
#pragma once
#include <functional>
#include <map>
#include <optional>

#include "api/json.h"
#include "base/timestamp.h"
#include "instance/object.h"

namespace instance {

struct FirmwareVariable {
  uint32_t attributes = 0;
  std::optional<Timestamp> timestamp;  ///< of authenticated ones
  std::string data;
  uint64_t count = 0;                  ///< as the firmware keeps them; new ones have 0
  uint32_t key_index = 0;
  std::string stored_name;             ///< the same for the name; empty: from the text
};
/// By GUID (small letters) and name.
using FirmwareVariables = std::map<std::string, std::map<std::string, FirmwareVariable>>;

/// The variables of a store as OVMF writes it. Guests write there: sizes are checked, what makes no sense is refused. Errors: invalid.
Result<FirmwareVariables> parse_nvram(std::string_view store);
/// `store` with these variables instead of its own. Errors: invalid (no such store, a GUID that is none, no room).
Result<std::string> replace_nvram(std::string store, const FirmwareVariables& variables);

/// The store is made if the machine never started. Errors: invalid (no virtual machine; one without firmware variables), those of the pool. Blocks.
Result<FirmwareVariables> read_nvram(const Context& ctx, const InstancePtr& instance);
/// Errors: also those of `change`; invalid `UEFI variables cannot be modified on running VMs`.
Result<> change_nvram(const Context& ctx, const InstancePtr& instance, const std::function<Result<>(FirmwareVariables&)>& change);
/// Drops all variables: the machine has those that came with its firmware again. Errors: invalid (no virtual machine, it runs, no firmware variables), the pool's. Blocks.
Result<> reset_nvram(const Context& ctx, const InstancePtr& instance);

/// "NON_VOLATILE", … and back; names that are none are left out.
StringList attribute_names(uint32_t attributes);
uint32_t attributes_of(const StringList& names);
constexpr uint32_t kNonVolatile = 1, kTimeBased = 0x20;

/// What a variable says, for those whose form is known (boot order, switches, numbers, languages); null for others.
Json nvram_value(const std::string& guid, const std::string& name, std::string_view data);
/// And back. Errors: invalid (unknown form, a value that does not fit).
Result<std::string> nvram_data(const std::string& guid, const std::string& name, const Json& value);
/// A variable as the API takes it: {"data", "attributes", "timestamp"}. Errors: invalid.
Result<FirmwareVariable> variable_of(const std::string& guid, const std::string& name, const Json& body);

}  // namespace instance
