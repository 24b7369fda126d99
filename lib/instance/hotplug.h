// Devices that come and go on the host while instances run: what appears is plugged in, what disappears is taken out.
#pragma once
#include <memory>
#include <mutex>
#include <set>

#include "async/runtime.h"
#include "sys/path_watch.h"
#include "sys/uevents.h"

namespace instance {

class Manager;

/// Driven by levels, not by events: whatever wakes it, it compares what running instances have with what the host has. Thread-safe.
class Hotplug : public std::enable_shared_from_this<Hotplug> {
 public:
  explicit Hotplug(Manager& manager) : manager_(manager) {}
  /// An instance started, stopped being looked after, or changed its devices; or the host changed. Returns at once.
  void refresh();

 private:
  void work();
  /// One comparison. What to watch changes with what exists, so the caller repeats while this says true.
  bool round();
  /// Folders to watch so that no change of `paths` is missed; waits for the next event. True if they are others than before.
  bool watch(const std::set<std::string>& paths);
  void watch_uevents(bool wanted);
  void uevents_arrived();

  Manager& manager_;
  std::mutex mutex_;  ///< guards the two below
  bool wanted_ = false, working_ = false;
  // Used by work() only, which never runs twice at a time.
  std::unique_ptr<sys::PathWatch> paths_;
  std::shared_ptr<async::Runtime::Watch> waiting_;
  std::mutex uevents_mutex_;  ///< guards the two below
  std::unique_ptr<sys::Uevents> uevents_;
  std::shared_ptr<async::Runtime::Watch> uevents_waiting_;
};

}  // namespace instance
