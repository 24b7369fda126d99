// All config keys of instances and profiles, declared once (read with config::find, validated by validate_config).
#pragma once
#include "config/key.h"

namespace instance {

enum class Type { any, container, virtual_machine };
std::string_view type_name(Type type);  ///< "container", "virtual-machine"

/// Documented keys, for metadata, completion and lookups. Patterns end in "*"; device volatiles use "volatile.<name>.…".
config::Keys keys();
/// Volatile keys the daemon keeps about one device: the part after "volatile.<device>.".
std::span<const std::string_view> device_volatile_suffixes();

/// Checks a config: keys known for the type, values valid, no two keys against each other. `type` any is a profile's config:
/// then volatile.* and image.* keys are refused unless `expanded`. Errors: invalid.
Result<> validate_config(const StringMap& config, Type type, bool expanded);

/// Whether a change of `key` takes effect on a running container without a restart, or at least needs none to be stored.
bool is_live(std::string_view key);
/// Whether `key` goes along when an instance is copied; identity and runtime state stay behind.
bool copied(std::string_view key, bool to_another_server);

}  // namespace instance
