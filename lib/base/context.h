// What every blocking call carries: who stops it, and when it must end.
#pragma once
#include <chrono>
#include <memory>
#include <stop_token>

#include "base/result.h"

using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A stop token, a deadline and a file descriptor that becomes readable on stop, so that a wait can poll {its fd, wake_fd()}.
/// Copyable and cheap (one shared pointer); thread-safe. A default Context never stops and has no deadline.
class Context {
 public:
  Context();
  /// Stops when `stop` does.
  explicit Context(std::stop_token stop);

  /// The same stop source with an earlier deadline.
  Context with_timeout(Duration timeout) const;
  /// Neither the stop nor the deadline of its parent: for undo steps, which must run after a cancel.
  static Context detached(Duration timeout);

  bool stopped() const { return stop_.stop_requested(); }
  bool expired() const { return Clock::now() >= deadline_; }
  const std::stop_token& stop_token() const { return stop_; }
  Clock::time_point deadline() const { return deadline_; }
  /// cancelled or timeout if it is over, else success.
  Result<> check() const;

  /// Readable once stop was requested; -1 where no stop is possible. Owned by this Context.
  int wake_fd() const;
  /// Milliseconds until the deadline for poll(2): -1 without one, never less than 0.
  int poll_timeout() const;
  /// Waits until `fd` has one of `events` (POLLIN, …). Errors: cancelled, timeout, internal. Blocks.
  Result<> wait_fd(int fd, short events) const;
  /// Sleeps for `duration` unless stopped first. Errors: cancelled, timeout. Blocks.
  Result<> sleep(Duration duration) const;

 private:
  struct Wake;
  std::stop_token stop_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::shared_ptr<Wake> wake_;
};
