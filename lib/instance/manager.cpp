#include "instance/manager.h"

#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "core/project_cache.h"
#include "db/projects.h"
#include "instance/guest_events.h"
#include "instance/hotplug.h"

namespace instance {
namespace {

/// Profiles by project and name, loaded once for many instances.
class ProfileSet {
 public:
  explicit ProfileSet(std::vector<db::profiles::Row> rows) : rows_(std::move(rows)) {
    for (const db::profiles::Row& row : rows_) by_name_[{row.project, row.name}] = &row;
  }
  std::vector<const db::profiles::Row*> pick(const std::string& project, const StringList& names) const {
    std::vector<const db::profiles::Row*> out;
    for (const std::string& name : names) {
      auto found = by_name_.find({project, name});
      if (found != by_name_.end()) out.push_back(found->second);
    }
    return out;
  }

 private:
  std::vector<db::profiles::Row> rows_;
  std::map<std::pair<std::string, std::string>, const db::profiles::Row*> by_name_;
};

View make_view(db::instances::Row row, std::vector<db::snapshots::Row> snapshots, std::vector<db::backups::Row> backups,
               const std::vector<const db::profiles::Row*>& profiles) {
  View view;
  Expanded expanded = expand(profiles, row.config, row.devices);
  view.config = std::move(expanded.config);
  view.devices = std::move(expanded.devices);
  for (const db::snapshots::Row& snapshot : snapshots) view.snapshots_expanded.push_back(expand(profiles, snapshot.config, snapshot.devices));
  view.row = std::move(row);
  view.snapshots = std::move(snapshots);
  view.backups = std::move(backups);
  return view;
}

}  // namespace

namespace {
/// Versions of two managers of one process never meet: texts kept by version can't be mixed up.
uint64_t first_version() {
  static std::atomic<uint64_t> managers = 0;
  return managers.fetch_add(1) << 48 | 1;
}
}  // namespace

Manager::Manager(Services services)
    : services_(std::move(services)),
      devices_{services_.paths, services_.runtime, services_.global, services_.events, services_.pools, services_.networks},
      hotplug_(std::make_shared<Hotplug>(*this)),
      guest_events_(std::make_shared<GuestEvents>()),
      drivers_(make_drivers(*this)) {
  version_ = first_version();
}
Manager::~Manager() = default;

std::function<void()> Manager::changed() {
  return [this] { version_.fetch_add(1, std::memory_order_acq_rel); };
}

Result<> Manager::load() {
  struct Loaded {
    std::vector<db::instances::Row> rows;
    std::map<int64_t, std::vector<db::snapshots::Row>> snapshots;
    std::vector<db::profiles::Row> profiles;
    std::map<int64_t, std::vector<db::backups::Row>> backups;
  };
  Loaded loaded = TRY(services_.global.read([&](db::Tx& tx) -> Result<Loaded> {
    Loaded out{TRY(db::instances::load_all(tx)), TRY(db::snapshots::load_by_instance(tx, "")), TRY(db::profiles::load_all(tx)), {}};
    std::vector<int64_t> with_backups;
    TRY(tx.query("SELECT DISTINCT instance_id FROM instances_backups", {}, [&](const db::Row& row) -> Result<> {
      with_backups.push_back(row.integer(0));
      return {};
    }));
    for (int64_t id : with_backups) out.backups[id] = TRY(db::backups::load_all(tx, id));
    return out;
  }));
  ProfileSet profiles(std::move(loaded.profiles));
  std::map<std::pair<std::string, std::string>, InstancePtr> next;
  std::vector<std::pair<InstancePtr, View>> renewed;
  for (db::instances::Row& row : loaded.rows) {
    std::string profile_project = TRY(services_.projects.effective(row.project, "profile"));
    auto used = profiles.pick(profile_project, row.profiles);
    auto key = std::pair(row.project, row.name);
    int64_t id = row.id;
    View view = make_view(std::move(row), std::move(loaded.snapshots[id]), std::move(loaded.backups[id]), used);
    if (InstancePtr known = find_by_id(id)) renewed.emplace_back(next[key] = known, std::move(view));
    else next[key] = std::make_shared<Instance>(*this, std::make_shared<const View>(std::move(view)), changed());
  }
  {
    std::unique_lock guard(mutex_);
    instances_.swap(next);
  }
  for (auto& [instance, view] : renewed) instance->replace(std::move(view));
  version_.fetch_add(1, std::memory_order_acq_rel);
  return {};
}

namespace {
Result<View> view_of(db::Tx& tx, db::instances::Row row) {
  std::string profile_project = TRY(db::projects::effective(tx, row.project, "profiles"));
  std::vector<db::profiles::Row> profiles;
  for (const std::string& name : row.profiles) profiles.push_back(TRY(db::profiles::load(tx, profile_project, name)));
  std::vector<const db::profiles::Row*> used;
  for (const db::profiles::Row& profile : profiles) used.push_back(&profile);
  auto snapshots = TRY(db::snapshots::load_all(tx, row.id));
  auto backups = TRY(db::backups::load_all(tx, row.id));
  return make_view(std::move(row), std::move(snapshots), std::move(backups), used);
}
}  // namespace

Result<View> Manager::load_view(int64_t id) {
  return services_.global.read([&](db::Tx& tx) -> Result<View> { return view_of(tx, TRY(db::instances::load(tx, id))); });
}

Result<View> Manager::preview(const db::instances::Row& row) {
  return services_.global.read([&](db::Tx& tx) { return view_of(tx, row); });
}

Result<InstancePtr> Manager::find(const std::string& project, const std::string& name) const {
  std::shared_lock guard(mutex_);
  auto found = instances_.find({project, name});
  if (found == instances_.end()) return fail(Code::not_found, "Failed to fetch instance {} in project {}: Instance not found", quote(name), quote(project));
  return found->second;
}

InstancePtr Manager::find_by_id(int64_t id) const {
  std::shared_lock guard(mutex_);
  for (const auto& [key, instance] : instances_)
    if (instance->id() == id) return instance;
  return nullptr;
}

std::vector<InstancePtr> Manager::list(const std::string& project) const {
  std::vector<InstancePtr> out;
  std::shared_lock guard(mutex_);
  for (const auto& [key, instance] : instances_)
    if (project.empty() || key.first == project) out.push_back(instance);
  return out;
}

Result<InstancePtr> Manager::reload(int64_t id) {
  View view = TRY(load_view(id));
  auto key = std::pair(view.row.project, view.row.name);
  std::unique_lock guard(mutex_);
  auto found = instances_.find(key);
  if (found != instances_.end()) {
    InstancePtr instance = found->second;
    guard.unlock();
    instance->replace(std::move(view));
    return instance;
  }
  auto instance = std::make_shared<Instance>(*this, std::make_shared<const View>(std::move(view)), changed());
  instances_[key] = instance;
  version_.fetch_add(1, std::memory_order_acq_rel);
  return instance;
}

void Manager::forget(const std::string& project, const std::string& name) {
  std::unique_lock guard(mutex_);
  instances_.erase({project, name});
  version_.fetch_add(1, std::memory_order_acq_rel);
}

std::vector<About> Manager::runtimes(bool* settled) const {
  std::vector<About> out;
  *settled = true;
  for (const auto& [type, driver] : drivers_) {
    About about = driver->about();
    *settled = *settled && about.settled;
    if (!about.version.empty()) out.push_back(std::move(about));
  }
  return out;
}

void Manager::open_drivers() {
  for (const auto& [type, driver] : drivers_)
    if (auto opened = driver->open(); !opened)
      log_warn("An instance type is not fully available", {{"type", std::string(type_name(type))}, {"error", opened.error().message()}});
}

void lifecycle(const Instance& instance, const Job& job, const std::string& action, Json context) {
  ViewPtr view = instance.view();
  instance.services().events.lifecycle(view->row.project, action, instance.url(), job.requestor, std::move(context), view->row.name);
}

}  // namespace instance
