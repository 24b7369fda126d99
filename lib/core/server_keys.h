// All server config keys, declared once, and how a server config is validated.
#pragma once
#include "config/key.h"

namespace core {

/// Documented keys; patterns: `user.*`, `logging.<name>.…`.
config::Keys server_keys();

/// Is it a key of this machine (stored in the local database) rather than of all members?
bool is_local_key(std::string_view name);

/// What remains to store of `values`: unset and default values dropped, booleans in their normal spelling.
/// Errors: invalid: `cannot set 'KEY' to 'VALUE': REASON`, the first key's where several are wrong.
Result<StringMap> validate_server_config(const StringMap& values);

/// The value in force: what is set, or the key's default.
std::string server_value(const StringMap& config, const std::string& key);

}  // namespace core
