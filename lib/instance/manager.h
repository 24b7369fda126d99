// The registry of all instances of this server. What is done to them lives in files by action: create.h, power.h, update.h, …
#pragma once
#include <map>
#include <shared_mutex>

#include "instance/driver.h"

namespace instance {

class GuestEvents;
class Hotplug;

/// Thread-safe. Everything is kept in memory; the database is the truth and is written first.
class Manager {
 public:
  explicit Manager(Services services);
  ~Manager();

  /// Reads all instances: a handful of queries. May be called again once the database was changed behind the registry's back: known instances
  /// keep their runtime, those without a row are let go of (a container of theirs runs on, unwatched).
  Result<> load();

  /// Errors: not_found `Instance not found`.
  Result<InstancePtr> find(const std::string& project, const std::string& name) const;
  InstancePtr find_by_id(int64_t id) const;
  /// Ordered by project and name; of one project, or of all where it is empty.
  std::vector<InstancePtr> list(const std::string& project = "") const;
  /// Grows with every visible change of any instance: list texts made at the same version are equal.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  /// Puts the instance `id`, whose rows were just written, into the registry, or renews its view. Errors: not_found.
  Result<InstancePtr> reload(int64_t id);
  /// The view `row` would give, with its snapshots and backups as they are now; nothing is stored. Errors: not_found (profile).
  Result<View> preview(const db::instances::Row& row);
  /// Takes it out (its rows are gone, or it got another name: then reload() follows).
  void forget(const std::string& project, const std::string& name);
  /// A profile changed: views of its users are made again, and running ones get what can change live.
  Result<> profile_changed(const Job& job, const std::string& project, const std::string& profile);

  Services& services() { return services_; }
  device::Services& devices() { return devices_; }
  Hotplug& hotplug() { return *hotplug_; }
  GuestEvents& guest_events() { return *guest_events_; }
  Driver& driver(Type type) { return *drivers_.at(type); }
  /// What runs instances, of types that can be had.
  std::vector<About> runtimes(bool* settled) const;
  /// Before any instance starts: makes ready what all instances of a type share. What fails is logged and takes nothing else with it.
  void open_drivers();

 private:
  std::function<void()> changed();
  Result<View> load_view(int64_t id);

  Services services_;
  device::Services devices_;
  std::shared_ptr<Hotplug> hotplug_;
  std::shared_ptr<GuestEvents> guest_events_;
  const std::map<Type, std::unique_ptr<Driver>> drivers_;
  std::atomic<uint64_t> version_ = 1;
  mutable std::shared_mutex mutex_;
  std::map<std::pair<std::string, std::string>, InstancePtr> instances_;
};

/// The driver of each type, from types.def.
std::map<Type, std::unique_ptr<Driver>> make_drivers(Manager& manager);

/// Sends a lifecycle event about an instance.
void lifecycle(const Instance& instance, const Job& job, const std::string& action, Json context = nullptr);

}  // namespace instance
