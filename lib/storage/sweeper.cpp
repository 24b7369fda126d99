#include "storage/sweeper.h"

#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "async/runtime.h"

namespace storage {

namespace {

/// Stops all sweeps of this process.
std::stop_source& all_sweeps() {
  static std::stop_source source;
  return source;
}

}  // namespace

void end_sweeping() { all_sweeps().request_stop(); }

void Sweeper::later() {
  std::lock_guard lock(mutex_);
  if (waiting_) return;
  waiting_ = true;
  runtime_.offload([self = shared_from_this()] {
    // A thread of its own: only the privileged may take their priority back.
    std::thread([&] {
      (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), self->nice_);
      self->run();
    }).join();
  });
}

void Sweeper::run() {
  std::list<std::stop_source>::iterator self;
  {
    std::lock_guard lock(mutex_);
    // What comes in while this runs asks for a sweep of its own.
    waiting_ = false;
    if (held_off_ > 0) return;
    self = running_.emplace(running_.end());
  }
  {
    std::stop_callback end(all_sweeps().get_token(), [self] { self->request_stop(); });
    sweep_(Context(self->get_token()));
  }
  std::lock_guard lock(mutex_);
  running_.erase(self);
  changed_.notify_all();
}

bool Sweeper::now() {
  {
    std::lock_guard lock(mutex_);
    if (!waiting_ && running_.empty()) return false;
  }
  run();
  return true;
}

std::shared_ptr<void> Sweeper::hold_off() {
  std::unique_lock lock(mutex_);
  ++held_off_;
  for (std::stop_source& source : running_) source.request_stop();
  changed_.wait(lock, [&] { return running_.empty(); });
  return {this, [self = shared_from_this()](void*) {
            std::lock_guard guard(self->mutex_);
            --self->held_off_;
          }};
}

}  // namespace storage
