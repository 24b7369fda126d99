#include "async/runtime.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <latch>
#include <vector>

#include "async/workers.h"
#include "base/log.h"
#include "base/memory.h"

namespace async {

namespace {

/// An I/O context and the guard that keeps its thread running.
struct Loop {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
};

/// A client that asks one thing after the other has its next request here sooner than this thread could fall asleep and be woken.
/// So it looks again for a moment before it sleeps, as long as that has been worth it lately.
class Eagerness {
 public:
  /// Runs what comes within the moment, and what comes after that. False if the thread should go to sleep.
  void linger(asio::io_context& context) {
    if (credit_ == 0) return;
    for (auto until = Clock::now() + kMoment; Clock::now() < until;) {
      if (context.poll() > 0) {
        credit_ = kMaxCredit;
        until = Clock::now() + kMoment;
      } else {
        sched_yield();
      }
    }
    --credit_;
  }
  /// The thread has slept for `time`.
  void slept(Duration time) {
    if (time < kMoment) credit_ = kMaxCredit;
  }

 private:
  static constexpr std::chrono::microseconds kMoment{30};
  static constexpr int kMaxCredit = 4;
  int credit_ = 0;
};

void run_loop(asio::io_context& context) {
  Eagerness eagerness;
  for (;;) {
    try {
      auto asleep = Clock::now();
      if (context.run_one() == 0) return;
      eagerness.slept(Clock::now() - asleep);
      eagerness.linger(context);
    } catch (const std::exception& error) {
      log_error("Unexpected exception on an I/O thread", {{"error", error.what()}});
    }
  }
}

/// Shared by the caller's handle and the pending wait.
struct TimerState {
  explicit TimerState(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;  // touched on its I/O thread only
  std::atomic<bool> cancelled = false;
};

class TimerHandle : public Runtime::Timer {
 public:
  explicit TimerHandle(std::shared_ptr<TimerState> state) : state_(std::move(state)) {}
  ~TimerHandle() override { cancel(); }
  void cancel() override {
    if (state_->cancelled.exchange(true)) return;
    asio::post(state_->timer.get_executor(), [state = state_] { state->timer.cancel(); });
  }

 private:
  std::shared_ptr<TimerState> state_;
};

struct WatchState {
  WatchState(asio::io_context& io, int fd) : descriptor(io, fd) {}
  asio::posix::stream_descriptor descriptor;
  std::atomic<bool> dropped = false;
};

class WatchHandle : public Runtime::Watch {
 public:
  explicit WatchHandle(std::shared_ptr<WatchState> state) : state_(std::move(state)) {}
  ~WatchHandle() override {
    state_->dropped = true;
    asio::post(state_->descriptor.get_executor(), [state = state_] {
      asio::error_code ignored;
      state->descriptor.close(ignored);
    });
  }

 private:
  std::shared_ptr<WatchState> state_;
};

}  // namespace

struct Runtime::Impl {
  explicit Impl(const Options& options) : workers(options.max_workers), running(std::make_shared<std::latch>(options.io_threads)) {
    for (int i = 0; i < options.io_threads; ++i) loops.push_back(std::make_unique<Loop>());
    for (auto& loop : loops) {
      start_thread("io", [running = running, loop = loop.get()] {
        run_loop(loop->context);
        running->count_down();
      });
    }
  }
  std::vector<std::unique_ptr<Loop>> loops;
  Workers workers;
  std::shared_ptr<std::latch> running;  // shared: the last thread is still in count_down() when stop() returns
  std::atomic<unsigned> next = 0;
};

Runtime::Runtime(Options options) {
  tune_malloc();
  impl_ = std::make_unique<Impl>(options);
}

Runtime::~Runtime() = default;

asio::io_context& Runtime::io() { return impl_->loops[impl_->next++ % impl_->loops.size()]->context; }

void Runtime::offload(std::function<void()> work) {
  if (!impl_->workers.add(std::move(work))) log_debug("Work refused: the daemon is stopping");
}

void Runtime::post(std::function<void()> work) {
  asio::post(io(), [work = std::move(work)] { run_guarded(work); });
}

std::shared_ptr<Runtime::Timer> Runtime::after(Duration delay, std::function<void()> work) {
  auto state = std::make_shared<TimerState>(io());
  Clock::time_point when = Clock::now() + delay;
  asio::post(state->timer.get_executor(), [this, state, when, work = std::move(work)]() mutable {
    if (state->cancelled) return;
    state->timer.expires_at(when);
    state->timer.async_wait([this, state, work = std::move(work)](const asio::error_code& error) {
      if (error || state->cancelled) return;
      offload([state, work] {
        if (!state->cancelled) work();
      });
    });
  });
  return std::make_shared<TimerHandle>(state);
}

std::shared_ptr<Runtime::Watch> Runtime::when_readable(int fd, std::function<void()> ready) {
  // A duplicate, because epoll takes each descriptor once and the caller may close its own at any time.
  auto state = std::make_shared<WatchState>(io(), fcntl(fd, F_DUPFD_CLOEXEC, 0));
  asio::post(state->descriptor.get_executor(), [state, ready = std::move(ready)]() mutable {
    if (state->dropped) return;
    state->descriptor.async_wait(asio::posix::descriptor_base::wait_read, [state, ready = std::move(ready)](const asio::error_code& error) {
      if (!error && !state->dropped) run_guarded(ready);
    });
  });
  return std::make_shared<WatchHandle>(state);
}

void Runtime::stop() {
  impl_->workers.stop();
  for (auto& loop : impl_->loops) {
    loop->guard.reset();
    loop->context.stop();
  }
  impl_->running->wait();
}

}  // namespace async
