// What devices of all types may use of the daemon: the layers below them, by reference.
#pragma once
#include "core/event.h"
#include "core/paths.h"
#include "device/device.h"

namespace async { class Runtime; }
namespace db { class Database; }
namespace storage { class Pools; }
namespace network { class Networks; }

namespace device {

/// Lives as long as the daemon; shared by all devices.
struct Services {
  const core::Paths& paths;
  async::Runtime& runtime;
  db::Database& global;
  core::Events& events;
  storage::Pools& pools;
  network::Networks& networks;
};

/// The type a device config names; null if there is none. nic kinds are found through their common "nic" row.
const Type* find_type(const std::string& name);
/// All types, in the order of types.def.
std::span<const Type* const> types();

/// Helpers every type needs.
/// Errors: invalid naming the first key of `config` that `keys` does not list, or whose value is wrong.
Result<> check_keys(config::Keys keys, const StringMap& config);
/// Errors: unsupported: instances of `host`'s type have no such device. (One of a profile is passed over then.)
Result<> check_for_containers(const Host& host);
Result<> check_for_machines(const Host& host);
/// The name of a device as a path part: slashes and other separators encoded so that two devices never collide.
std::string path_name(std::string_view text);

}  // namespace device
