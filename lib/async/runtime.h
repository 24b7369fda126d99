// The two thread groups of the daemon: I/O threads that run Asio and never block, and a bounded pool of workers that may.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>

#include "base/context.h"

namespace asio {
class io_context;
}

namespace async {

/// Worker threads are made on demand, up to `max_workers`, and end after 3 s idle, so that an idle daemon holds few stacks.
/// Work beyond that waits in a queue. Thread-safe.
class Runtime {
 public:
  struct Options {
    int io_threads = 2;
    int max_workers = 64;
  };
  explicit Runtime(Options options);
  ~Runtime();  ///< stop() must have run

  /// One of the I/O contexts, each run by exactly one thread: objects bound to the same one need no locks among themselves.
  /// Successive calls go round, so that connections spread.
  asio::io_context& io();
  /// Runs `work` on a worker.
  void offload(std::function<void()> work);
  /// Runs `work` on an I/O thread (it must not block).
  void post(std::function<void()> work);
  /// Runs `work` on a worker after `delay`, unless the returned handle is destroyed or cancelled first.
  class Timer {
   public:
    virtual ~Timer() = default;
    virtual void cancel() = 0;  ///< from any thread; work that already began goes on
  };
  std::shared_ptr<Timer> after(Duration delay, std::function<void()> work);
  /// Calls `ready` on an I/O thread once `fd` (a pidfd, an eventfd, …; not taken over) is readable, unless the handle is dropped first.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  std::shared_ptr<Watch> when_readable(int fd, std::function<void()> ready);
  /// Ends: no new work, waits for the running one, joins all threads.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace async
