// The registry of pools: loading, mounting, creating, deleting.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>

#include "async/runtime.h"
#include "base/log.h"
#include "base/reverter.h"
#include "core/warnings.h"
#include "storage/keys.h"
#include "storage/pool_impl.h"

namespace storage {

namespace {

core::WarningSubject unavailable(int64_t pool_id) {
  return {.type = core::WarningType::storage_pool_unavailable, .entity = core::EntityType::storage_pool, .entity_id = pool_id};
}

class PoolsImpl final : public Pools {
 public:
  explicit PoolsImpl(Services services) : services_(services) {}

  void start(const Context& ctx) override {
    auto rows = services_.global.read([](db::Tx& tx) { return db::pools::load_all(tx); });
    if (!rows) return log_error("Cannot read storage pools", {{"error", rows.error().message()}});
    for (const auto& row : *rows) {
      if (row.state != db::State::created) continue;
      auto pool = open(ctx, row);
      if (!pool) {
        log_error("Storage pool unavailable", {{"pool", row.name}, {"error", pool.error().message()}});
        continue;
      }
      services_.runtime.offload([pool = *pool] { pool->images().sweep(Context()); });
      (*pool)->sweep_later();
    }
  }

  Result<std::shared_ptr<Pool>> load(const std::string& name) override {
    {
      std::lock_guard lock(mutex_);
      if (auto found = pools_.find(name); found != pools_.end()) return std::shared_ptr<Pool>(found->second);
    }
    auto row = TRY(services_.global.read([&](db::Tx& tx) { return db::pools::load(tx, name); }));
    auto pool = open(Context(), row);
    if (!pool) return Failure(Error(pool.error()).wrap(std::format("Storage pool {} is unavailable", quote(name))).with_code(Code::unavailable));
    return std::shared_ptr<Pool>(*pool);
  }

  StringList names() override {
    StringList out;
    auto rows = services_.global.read([](db::Tx& tx) { return db::pools::load_all(tx); });
    if (!rows) return out;
    for (const auto& row : *rows) out.push_back(row.name);
    return out;
  }

  Result<> create_pool(const Context& ctx, const api::StoragePoolsPost& request) override { return add(ctx, request, false); }
  Result<> adopt_pool(const Context& ctx, const api::StoragePoolsPost& request) override { return add(ctx, request, true); }
  Result<> disown_pool(const std::string& name) override;
  Result<> update_pool(const Context& ctx, const std::string& name, const api::StoragePoolPut& put) override;
  Result<> remove_pool(const Context& ctx, const std::string& name) override;

  void forget_image(const std::string& fingerprint) override {
    std::map<std::string, std::shared_ptr<PoolImpl>> pools;
    {
      std::lock_guard lock(mutex_);
      pools = pools_;
    }
    for (const auto& [name, pool] : pools) pool->forget_image(fingerprint);
  }

 private:
  Services services_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<PoolImpl>> pools_;

  /// None works in that pool as long as the handle lives.
  std::shared_ptr<void> hold_off_sweeps(const std::string& name) {
    std::shared_ptr<PoolImpl> pool;
    {
      std::lock_guard lock(mutex_);
      if (auto found = pools_.find(name); found != pools_.end()) pool = found->second;
    }
    return pool ? pool->hold_off_sweeps() : nullptr;
  }
  Result<> add(const Context& ctx, const api::StoragePoolsPost& request, bool existing);
  Result<std::shared_ptr<PoolImpl>> open(const Context& ctx, const db::pools::Row& row) {
    auto pool = mount(ctx, row);
    if (!pool) {
      (void)services_.global.write([&](db::Tx& tx) { return core::warn(tx, unavailable(row.id), pool.error().message()); });
      return pool;
    }
    (void)services_.global.write([&](db::Tx& tx) {
      return core::resolve_warnings(tx, unavailable(row.id));
    });
    std::lock_guard lock(mutex_);
    return pools_.emplace(row.name, *pool).first->second;
  }

  Result<std::shared_ptr<PoolImpl>> mount(const Context& ctx, const db::pools::Row& row) {
    DriverFactory make = find_driver(row.driver);
    if (!make) return fail(Code::unsupported, "Storage driver {} is not available", quote(row.driver));
    auto pool = std::make_shared<PoolImpl>(services_, row, make({services_.paths, row.name, row.config}));
    std::string path = pool_path(services_.paths, row.name);
    if (get_or(row.config, "source") != path && mkdir(path.c_str(), 0711) != 0 && errno != EEXIST) return fail_errno("Failed to create " + path);
    TRY(pool->backend().pool().mount(ctx));
    TRY(pool->make_folders());
    return pool;
  }
};

Result<> PoolsImpl::add(const Context& ctx, const api::StoragePoolsPost& request, bool existing) {
  DriverFactory make = find_driver(request.driver);
  if (!make) return fail(Code::invalid, "Unknown driver");
  db::pools::Row row;
  row.name = request.name;
  row.driver = request.driver;
  row.config = request.config;
  std::erase_if(row.config, [](const auto& item) { return item.second.empty(); });
  auto driver = make({services_.paths, row.name, row.config});
  TRY(check_pool_config(*driver, row.config));
  api::StoragePoolsPost stored = request;
  stored.config = row.config;
  auto id = services_.global.write([&](db::Tx& tx) { return db::pools::create(tx, stored); });
  if (!id && id.error().code() == Code::conflict) return fail(Code::invalid, "The storage pool already exists: The record already exists");
  if (!id) return Failure(id.error());
  row.id = *id;
  // Both outlive the undo steps, which use them.
  std::string path = pool_path(services_.paths, row.name);
  std::shared_ptr<PoolImpl> pool;
  Reverter undo;
  undo.add("delete pool row", [&](const Context&) { return services_.global.write([&](db::Tx& tx) { return db::pools::remove(tx, row.id); }); });

  if (mkdir(path.c_str(), 0711) != 0 && !(existing && errno == EEXIST)) {
    if (errno == EEXIST) return fail(Code::internal, "Storage pool directory {} already exists", quote(path));
    return fail_errno("Failed to create storage pool directory " + path);
  }
  if (!existing) undo.add("remove pool folder", [&](const Context&) -> Result<> { return rmdir(path.c_str()) == 0 ? Result<>() : fail_errno("rmdir " + path); });
  PoolOps& backend = driver->pool();
  TRY(backend.prepare(row.config));
  if (!existing) TRY(backend.create(ctx));
  pool = std::make_shared<PoolImpl>(services_, row, std::move(driver));
  if (!existing) undo.add("remove pool storage", [&](const Context& fresh) { return backend.remove(fresh); });
  TRY(backend.mount(ctx));
  TRY(pool->make_folders());
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> {
    api::StoragePoolPut put{row.config, request.description};
    TRY(db::pools::update(tx, row.id, put));
    return db::pools::set_state(tx, row.id, db::State::created);
  }));
  undo.commit();
  std::lock_guard lock(mutex_);
  pools_[row.name] = std::move(pool);
  return {};
}

Result<> PoolsImpl::update_pool(const Context&, const std::string& name, const api::StoragePoolPut& put) {
  auto row = TRY(services_.global.read([&](db::Tx& tx) { return db::pools::load(tx, name); }));
  DriverFactory make = find_driver(row.driver);
  if (!make) return fail(Code::unsupported, "Storage driver {} is not available", quote(row.driver));
  api::StoragePoolPut wanted = put;
  std::erase_if(wanted.config, [](const auto& item) { return item.second.empty(); });
  TRY(check_pool_config(*make({services_.paths, name, wanted.config}), wanted.config));
  if (get_or(wanted.config, "source") != get_or(row.config, "source")) {
    return fail(Code::invalid, "Pool source cannot be changed when not in pending state");
  }
  TRY(services_.global.write([&](db::Tx& tx) { return db::pools::update(tx, row.id, wanted); }));
  std::lock_guard lock(mutex_);
  if (auto found = pools_.find(name); found != pools_.end()) found->second->set_config(wanted.config);
  return {};
}

Result<> PoolsImpl::disown_pool(const std::string& name) {
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> { return db::pools::remove(tx, TRY(db::pools::id_of(tx, name))); }));
  std::shared_ptr<PoolImpl> pool;
  {
    std::lock_guard lock(mutex_);
    if (auto found = pools_.find(name); found != pools_.end()) {
      pool = found->second;
      pools_.erase(found);
    }
  }
  if (!pool) return {};
  auto quiet = pool->hold_off_sweeps();
  return pool->backend().pool().unmount(Context());
}

Result<> PoolsImpl::remove_pool(const Context& ctx, const std::string& name) {
  auto row = TRY(services_.global.read([&](db::Tx& tx) { return db::pools::load(tx, name); }));
  std::string path = pool_path(services_.paths, name);
  if (DriverFactory make = find_driver(row.driver); make && access(path.c_str(), F_OK) == 0) {
    auto driver = make({services_.paths, name, row.config});
    auto quiet = hold_off_sweeps(name);
    TRY(driver->pool().remove(ctx));
    if (rmdir(path.c_str()) != 0 && errno != ENOENT) return fail_errno("Failed to remove directory " + path);
  }
  TRY(services_.global.write([&](db::Tx& tx) -> Result<> {
    TRY(core::forget_entity(tx, core::EntityType::storage_pool, row.id));
    return db::pools::remove(tx, row.id);
  }));
  std::lock_guard lock(mutex_);
  pools_.erase(name);
  return {};
}

}  // namespace

std::unique_ptr<Pools> Pools::create(Services services) { return std::make_unique<PoolsImpl>(services); }

}  // namespace storage
