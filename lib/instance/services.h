// What the instance layer uses of the daemon, by reference; lives as long as it.
#pragma once
#include <functional>
#include <string>

#include "core/event.h"
#include "core/paths.h"
#include "device/services.h"

namespace core { class Operations; class Operation; class ProjectCache; }
namespace image { class Store; }

namespace instance {

struct Services {
  const core::Paths& paths;
  async::Runtime& runtime;
  db::Database& global;
  core::Events& events;
  core::Operations& operations;
  core::ProjectCache& projects;
  storage::Pools& pools;
  network::Networks& networks;
  image::Store* images = nullptr;
  std::function<StringMap()> server_config;  ///< keys as set by the administrator
};

/// On whose behalf, and in which operation, something is done.
struct Job {
  const Context& ctx;
  core::Requestor requestor = {};
  core::Operation* operation = nullptr;  ///< for progress; may be null
};

}  // namespace instance
