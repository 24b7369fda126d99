// The registry of managed networks: rows of the database, and the host brought in line with them.
#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>

#include "base/log.h"
#include "base/reverter.h"
#include "core/gate.h"
#include "core/locks.h"
#include "core/paths.h"
#include "core/project_cache.h"
#include "db/networks.h"
#include "network/attached.h"
#include "network/dnsmasq/process.h"
#include "network/projects.h"
#include "network/state.h"
#include "network/types.h"
#include "network/warning.h"

namespace network {
namespace {

Record record_of(const db::networks::Row& row) {
  return {row.id, row.project, row.name, row.description, std::string(db::name_of(row.type)), row.config, std::string(db::name_of(row.state))};
}

std::string lock_name(const std::string& project, const std::string& name) { return "network/" + project + "/" + name; }

/// Networks on other interfaces or networks start after those.
int start_order(const Record& record) {
  if (!get_or(record.config, "network").empty()) return 2;
  return get_or(record.config, "parent").empty() ? 0 : 1;
}

class Registry : public Networks {
 public:
  explicit Registry(Environment environment) : env_(std::move(environment)) {
    auto records = list("");
    if (!records) return;  // the next call will say why
    for (const Record& record : *records)
      if (record.status == "Pending") abandoned_.insert(record.id);
  }

  Result<std::shared_ptr<Network>> load(const std::string& project, const std::string& name) override {
    auto row = TRY(env_.global.read([&](db::Tx& tx) { return db::networks::load(tx, project, name); }));
    return make(record_of(row));
  }

  Result<std::shared_ptr<Network>> load_for(const std::string& instance_project, const std::string& name) override {
    auto info = TRY(env_.projects.get(instance_project));
    return load(project_of(info, name), name);
  }

  Result<std::vector<Record>> list(const std::string& project) override {
    auto rows = TRY(env_.global.read([&](db::Tx& tx) { return db::networks::load_all(tx, project); }));
    std::vector<Record> records;
    for (const auto& row : rows) records.push_back(record_of(row));
    return records;
  }

  Result<std::shared_ptr<Network>> create(const Context& ctx, const std::string& project, const api::NetworksPost& request) override {
    const Type* type = TRY(find_type(request.type));
    auto lock = TRY(core::acquire_lock(ctx, lock_name(project, request.name)));
    if (load(project, request.name)) return fail(Code::conflict, "Network {} already exists", quote(request.name));
    Record record{.project = project, .name = request.name, .description = request.description, .type = request.type, .config = request.config};
    std::erase_if(record.config, [](const auto& item) { return item.second.empty(); });
    if (type->fill) TRY(type->fill(ctx, record.config));
    TRY(validate(env_, record));

    Reverter undo;
    record.id = TRY(insert(record, *type));
    undo.add("delete network row", [this, id = record.id](const Context&) { return erase(id); });
    auto network = type->make(env_, record);
    TRY(network->create(ctx));
    undo.add("delete network", [network](const Context& fresh) { return network->remove(fresh); });
    TRY(network->start(ctx));
    TRY(env_.global.write([&](db::Tx& tx) { return db::networks::set_state(tx, record.id, db::State::created); }));
    undo.commit();
    return load(project, request.name);
  }

  Result<> remove(const Context& ctx, const std::string& project, const std::string& name) override {
    auto lock = TRY(core::acquire_lock(ctx, lock_name(project, name)));
    auto network = TRY(load(project, name));
    TRY(check_unused(*network, "The network is currently in use"));
    TRY(network->remove(ctx));
    resolve_unavailable(env_, network->record());
    return erase(network->id());
  }

  Result<> rename(const Context& ctx, const std::string& project, const std::string& name, const std::string& new_name) override {
    auto lock = TRY(core::acquire_lock(ctx, lock_name(project, name)));
    auto network = TRY(load(project, name));
    TRY(check_unused(*network, "Network is currently in use"));
    if (load(project, new_name)) return fail(Code::conflict, "Network {} already exists", quote(new_name));
    Record renamed = network->record();
    renamed.name = new_name;
    auto successor = TRY(make(renamed));
    TRY(successor->create(ctx));
    TRY(network->stop(ctx));
    std::error_code error;
    std::filesystem::rename(folder(name), folder(new_name), error);
    TRY(env_.global.write([&](db::Tx& tx) { return db::networks::rename(tx, renamed.id, new_name); }));
    return successor->start(ctx);
  }

  Result<> update(const Context& ctx, const std::string& project, const std::string& name, const api::NetworkPut& put) override {
    auto lock = TRY(core::acquire_lock(ctx, lock_name(project, name)));
    auto network = TRY(load(project, name));
    const Type* type = TRY(find_type(network->type()));
    Record wanted = network->record();
    wanted.description = put.description;
    wanted.config = put.config;
    std::erase_if(wanted.config, [](const auto& item) { return item.second.empty(); });
    TRY(validate(env_, wanted));
    if (type->refresh) {
      TRY(type->refresh(ctx, wanted.config));
      TRY(validate(env_, wanted));
    }
    bool changed = wanted.config != network->config();
    if (!changed && wanted.description == network->record().description) return {};
    TRY(store(wanted));
    if (!changed || only_user_keys(wanted.config, network->config())) return {};
    auto successor = TRY(make(wanted));
    auto applied = successor->reconfigure(ctx, network->config());
    if (applied) return {};
    // The old config must hold again, in the database and on the host.
    (void)store(network->record());
    Context fresh = Context::detached(seconds(30));
    if (auto restored = network->reconfigure(fresh, wanted.config); !restored)
      log_warn("Failed to restore a network's configuration", {{"network", name}, {"error", restored.error().message()}});
    return applied;
  }

  Result<StringList> used_by(const std::string& project, const std::string& name, const std::string& type, bool first_only) override {
    return TRY(usage())->users(project, name, type, first_only);
  }

  Result<> start_all(const Context& ctx) override {
    remove_abandoned(ctx);
    StringList folders = all_folders();  // before the rows: a network being created has its row first
    auto records = TRY(list(""));
    std::ranges::stable_sort(records, {}, start_order);
    Result<> first_failure;
    for (const Record& record : records) {
      if (record.status != "Created") continue;
      TRY(ctx.check());
      if (auto started = start_one(ctx, record); !started) {
        log_error("Failed starting network", {{"project", record.project}, {"network", record.name}, {"error", started.error().message()}});
        warn_unavailable(env_, record, "Failed starting: " + started.error().message());
        if (first_failure) first_failure = std::move(started);
      } else {
        resolve_unavailable(env_, record);
      }
    }
    remove_orphans(ctx, folders, records);
    return first_failure;
  }

  void stop_all(const Context& ctx) override {
    auto records = list("");
    if (!records) return;
    std::ranges::stable_sort(*records, std::ranges::greater{}, start_order);
    for (const Record& record : *records)
      if (auto network = make(record); network)
        if (auto stopped = (*network)->stop(ctx); !stopped)
          log_error("Failed stopping network", {{"network", record.name}, {"error", stopped.error().message()}});
  }

  const Environment& environment() const override { return env_; }

 private:
  std::string folder(const std::string& name) const { return env_.paths.in_var("networks/" + name); }

  /// Networks whose creation a killed daemon didn't finish: their clients were told nothing, so they go.
  void remove_abandoned(const Context& ctx) {
    std::set<int64_t> ids = std::exchange(abandoned_, {});
    auto records = ids.empty() ? Result<std::vector<Record>>() : list("");
    if (!records) return;
    for (const Record& record : *records) {
      if (!ids.contains(record.id)) continue;
      log_warn("Removing a network that was never finished", {{"project", record.project}, {"network", record.name}});
      if (auto network = make(record)) {
        for (auto done : {(*network)->stop(ctx), (*network)->remove(ctx)})
          if (!done) log_warn("Failed removing an unfinished network", {{"network", record.name}, {"error", done.error().message()}});
      }
      if (auto erased = erase(record.id); !erased) log_error("Failed removing an unfinished network", {{"network", record.name}, {"error", erased.error().message()}});
    }
  }

  Result<std::shared_ptr<Network>> make(Record record) {
    const Type* type = TRY_CTX(find_type(record.type), "Failed loading network");
    return type->make(env_, std::move(record));
  }

  Result<int64_t> insert(const Record& record, const Type& type) {
    return env_.global.write([&](db::Tx& tx) -> Result<int64_t> {
      TRY(core::gate::check_network_count(tx, record.project));
      api::NetworkPut put{record.config, record.description};
      return db::networks::create(tx, record.project, record.name, type.code, put);
    });
  }
  Result<> erase(int64_t id) {
    return env_.global.write([&](db::Tx& tx) { return db::networks::remove(tx, id); });
  }
  Result<> store(const Record& record) {
    return env_.global.write([&](db::Tx& tx) { return db::networks::update(tx, record.id, {record.config, record.description}); });
  }

  Result<> check_unused(const Network& network, std::string_view message) {
    if (!TRY(usage())->users(network.project(), network.name(), network.type(), true).empty()) return fail(Code::invalid, "{}", message);
    return {};
  }

  static bool only_user_keys(const StringMap& a, const StringMap& b) {
    auto same = [](const StringMap& from, const StringMap& to) {
      return std::ranges::all_of(from, [&](const auto& item) { return item.first.starts_with("user.") || get_or(to, item.first) == item.second; });
    };
    return same(a, b) && same(b, a);
  }

  Result<> start_one(const Context& ctx, const Record& record) {
    auto lock = TRY(core::acquire_lock(ctx, lock_name(record.project, record.name)));
    TRY_CTX(validate(env_, record), "Failed validating");
    return TRY(make(record))->start(ctx);
  }

  StringList all_folders() const {
    StringList names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(env_.paths.in_var("networks"), error)) names.push_back(entry.path().filename());
    return names;
  }

  /// What a crash between the end of a network and the end of its folder left behind.
  void remove_orphans(const Context& ctx, const StringList& folders, const std::vector<Record>& records) {
    std::set<std::string> known;
    for (const Record& record : records) known.insert(record.name);
    for (const std::string& name : folders) {
      if (known.contains(name)) continue;
      (void)dnsmasq::Process(folder(name), "").stop(ctx);  // a failure shows again at the next start
      std::error_code error;
      std::filesystem::remove_all(folder(name), error);
    }
  }

  /// Computed again only after the database has changed.
  Result<std::shared_ptr<const Usage>> usage() {
    uint64_t generation = env_.global.generation();
    {
      std::lock_guard guard(mutex_);
      if (usage_ && usage_generation_ == generation) return usage_;
    }
    auto fresh = TRY(Usage::load(env_));
    std::lock_guard guard(mutex_);
    usage_ = fresh;
    usage_generation_ = generation;
    return fresh;
  }

  Environment env_;
  std::set<int64_t> abandoned_;  ///< rows that an earlier daemon left unfinished; looked at once, by the first start_all()
  std::mutex mutex_;
  std::shared_ptr<const Usage> usage_;
  uint64_t usage_generation_ = 0;
};

}  // namespace

std::unique_ptr<Networks> Networks::open(Environment environment) { return std::make_unique<Registry>(std::move(environment)); }

Result<std::vector<api::NetworkLease>> Network::leases(const std::string&) {
  return fail(Code::unsupported, "Not implemented");
}

Result<api::NetworkState> Network::state() { return interface_state(interface()); }

}  // namespace network
