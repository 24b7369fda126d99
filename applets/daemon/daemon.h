// Everything the daemon is made of. Only applets/daemon sees all layers at once; members are built in this order and ended in reverse.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>

#include "async/runtime.h"
#include "core/event.h"
#include "core/operation.h"
#include "core/paths.h"
#include "core/project_cache.h"
#include "core/trust.h"
#include "db/database.h"
#include "base/unique_fd.h"
#include "http/server.h"

namespace storage { class Pools; }
namespace network {
class Networks;
namespace zone { class DnsServer; }
}  // namespace network
namespace image { class Store; }
namespace instance { class Manager; }

namespace incusd {

class Dispatcher;
class Jobs;
class ServerInfo;

/// A value that many read and few replace; readers keep what they got.
template <class T>
class Shared {
 public:
  std::shared_ptr<const T> get() const {
    std::lock_guard guard(mutex_);
    return value_;
  }
  void set(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    std::lock_guard guard(mutex_);
    value_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_ = std::make_shared<const T>();
};

struct Daemon {
  core::Paths paths;
  async::Runtime& runtime;
  std::unique_ptr<db::Database> local;
  std::unique_ptr<db::Database> global;
  core::Events events;
  core::TrustStore trust;
  Shared<StringMap> config;  ///< server config as set by users, global and local keys merged
  std::unique_ptr<core::ProjectCache> projects;
  std::unique_ptr<core::Operations> operations;
  std::shared_ptr<storage::Pools> pools;
  std::shared_ptr<network::Networks> networks;
  std::shared_ptr<network::zone::DnsServer> dns;  ///< core.dns_address; null without one
  std::shared_ptr<image::Store> images;
  std::shared_ptr<instance::Manager> instances;
  std::unique_ptr<ServerInfo> info;  ///< what GET /1.0 says
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<Jobs> jobs;
  const Clock::time_point started = Clock::now();
  std::atomic<bool> ready = false;     ///< start-up work (networks, pools, instances) is done
  std::atomic<bool> stopping = false;  ///< only looking is allowed any more

  UniqueFd end_fd;  ///< an eventfd: writing to it ends the process

  /// Makes the main thread leave; running requests are answered first.
  void request_end();

  explicit Daemon(async::Runtime& runtime);
  ~Daemon();
};

}  // namespace incusd
