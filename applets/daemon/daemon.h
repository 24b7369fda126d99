// Everything the daemon is made of. Only applets/daemon sees all layers at once; members are built in this order and ended in reverse.
#pragma once
#include <memory>

#include "async/runtime.h"
#include "core/event.h"
#include "core/operation.h"
#include "core/paths.h"
#include "db/database.h"

namespace http { class Server; }
namespace storage { class Pools; }
namespace network { class Networks; }
namespace image { class Store; }
namespace instance { class Manager; }

namespace daemon {

struct Daemon {
  core::Paths paths;
  async::Runtime& runtime;
  std::unique_ptr<db::Database> local;
  std::unique_ptr<db::Database> global;
  core::Events events;
  std::unique_ptr<core::Operations> operations;
  std::unique_ptr<storage::Pools> pools;
  std::unique_ptr<network::Networks> networks;
  std::unique_ptr<image::Store> images;
  std::unique_ptr<instance::Manager> instances;
  std::unique_ptr<http::Server> server;

  explicit Daemon(async::Runtime& runtime);
  ~Daemon();
};

}  // namespace daemon
