// Periodic work of the daemon: one row in jobs.def, one Job constant in the job's own file.
#pragma once
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "applets/daemon/daemon.h"
#include "applets/daemon/jobs/background.h"

namespace incusd {

struct Job {
  std::string_view name;
  seconds interval;  ///< 60: once in every minute of the clock
  bool at_start;  ///< also once right after start-up
  /// Runs on a worker; the next run is timed from its end, so that runs never overlap. Errors are logged.
  Result<> (*run)(const Context& ctx, Daemon& daemon);
};

/// Runs all jobs until stopped. Idle jobs cost a timer each, no thread.
class Jobs {
 public:
  explicit Jobs(Daemon& daemon) : daemon_(daemon) {}
  ~Jobs();
  void start();
  /// No job begins any more; running ones are told to stop.
  void stop();
  /// Stops with the jobs: for background work that belongs to no request or operation.
  Context context() const { return Context(stop_.get_token()); }
  Background& background() { return background_; }

 private:
  void schedule(size_t index, Duration delay);
  void run(size_t index);

  Daemon& daemon_;
  Background background_;
  std::mutex mutex_;
  std::stop_source stop_;
  std::vector<std::shared_ptr<async::Runtime::Timer>> timers_;
};

}  // namespace incusd
