// One instance in memory: its current view, its runtime, and the texts that answer list requests.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "instance/instance.h"
#include "instance/services.h"
#include "instance/view.h"
#include "storage/pool.h"

namespace instance {

class Driver;
class Manager;

/// Thread-safe. Who changes more than volatile keys holds lock(). Lives in the Manager's registry; others keep shared pointers.
class Instance : public std::enable_shared_from_this<Instance> {
 public:
  /// `changed` is called after every visible change (any thread, must be cheap).
  Instance(Manager& manager, ViewPtr view, std::function<void()> changed);
  ~Instance();

  ViewPtr view() const;
  /// Publishes a new view (already stored in the database).
  void replace(View view);
  std::string project() const { return view()->row.project; }
  std::string name() const { return view()->row.name; }
  int64_t id() const { return view()->row.id; }

  /// "c1" or "project_c1": how folders and liblxc call it.
  std::string full_name() const;
  std::string log_path() const;
  std::string run_path() const;
  std::string devices_path() const;
  std::string shmounts_path() const;
  /// Where its volume is mounted: <var>/containers/<full name>, or the folder of its type.
  std::string path() const;
  /// API path, with ?project= outside the default one.
  std::string url() const;

  Status status() const;
  /// Is there a guest, even one that nobody can reach (error)?
  bool running() const { return status() != Status::stopped; }
  Driver& driver() const;
  /// The runtime, made on first use. Its stop handler is `on_stop` (power.h).
  std::shared_ptr<Runtime> runtime();
  /// The runtime if it was ever needed; null means stopped.
  std::shared_ptr<Runtime> runtime_if_any() const;
  /// The runtime saw the instance change state (any thread).
  void status_changed();

  /// Writes volatile keys to the database and the view; empty values remove.
  Result<> volatile_set(const StringMap& changes);
  std::string volatile_get(const std::string& key) const { return get_or(view()->row.config, key); }

  /// Waits for and takes the lock of actions on this instance. Errors: cancelled, timeout. Blocks.
  Result<std::shared_ptr<void>> lock(const Context& ctx) const;

  /// The object as recursion=1 lists show it; rendered once per change.
  std::shared_ptr<const std::string> json();
  /// The same with snapshots and backups, without its closing part: state is appended by the caller (state_json()).
  std::shared_ptr<const std::string> full_json_head();

  Services& services() const { return services_; }
  Manager& manager() const { return manager_; }

  /// Devices are up and the volume is mounted: true from the beginning of a start until the stop is cleaned up.
  bool active() const;
  void set_active(bool active);
  /// Waits until active() is false. Errors: timeout, cancelled. Blocks.
  Result<> wait_inactive(const Context& ctx) const;
  /// Drops the runtime object (rename, delete). Only when inactive.
  void drop_runtime();

  /// What somebody is doing to it just now, so that its end is understood.
  enum class Action {
    none,
    start,
    stop,
    restart,  ///< it is being ended, to be started again by who ends it
    again,    ///< it is being started again: if it ends meanwhile, that is an end of its own
  };
  std::atomic<Action> action = Action::none;
  std::vector<Clock::time_point> restarts;  ///< recent ones by boot.autorestart. Used by on_stop() only.
  storage::Mounted mounted;  ///< the root volume, while active. Under lock().
  /// A client holds the console.
  std::mutex console_mutex;
  std::function<void()> console_disconnect;

 private:
  Manager& manager_;
  Services& services_;
  std::function<void()> changed_;
  mutable std::mutex mutex_;
  ViewPtr view_;
  std::shared_ptr<Runtime> runtime_;
  bool active_ = false;
  mutable std::condition_variable_any active_changed_;
  std::shared_ptr<const std::string> json_, full_head_;
};
using InstancePtr = std::shared_ptr<Instance>;

}  // namespace instance
