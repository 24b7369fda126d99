#include "applets/daemon/jobs/job.h"

#include "applets/daemon/logging/targets.h"
#include "applets/daemon/metrics_cache.h"
#include "applets/daemon/operation_rows.h"
#include "applets/daemon/syslog_socket.h"
#include "base/log.h"

namespace incusd {

#define JOB(symbol) extern const Job symbol;
#include "applets/daemon/jobs.def"
#undef JOB

namespace {

const Job* const kJobs[] = {
#define JOB(symbol) &symbol,
#include "applets/daemon/jobs.def"
#undef JOB
};

/// Jobs of every minute run once in each minute of the clock: schedules are written in minutes.
Duration next_delay(const Job& job) {
  constexpr seconds kMinute{60};
  if (job.interval != kMinute) return job.interval;
  return kMinute - seconds(Timestamp::now().seconds % kMinute.count());
}

}  // namespace

Jobs::~Jobs() = default;

void Jobs::start() {
  timers_.resize(std::size(kJobs));
  for (size_t i = 0; i < std::size(kJobs); i++) schedule(i, kJobs[i]->at_start ? Duration(0) : next_delay(*kJobs[i]));
}

void Jobs::stop() {
  std::lock_guard guard(mutex_);
  stop_.request_stop();
  timers_.clear();
}

void Jobs::schedule(size_t index, Duration delay) {
  std::lock_guard guard(mutex_);
  if (stop_.stop_requested()) return;
  timers_[index] = daemon_.runtime.after(delay, [this, index] { run(index); });
}

void Jobs::run(size_t index) {
  const Job& job = *kJobs[index];
  auto done = job.run(Context(stop_.get_token()), daemon_);
  if (!done && done.error().code() != Code::cancelled) {
    log_warn("Periodic task failed", {{"task", std::string(job.name)}, {"err", done.error().message()}});
  }
  schedule(index, next_delay(job));
}

}  // namespace incusd
