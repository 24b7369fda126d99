// The worker pool behind Runtime::offload(): threads on demand, bounded, gone again after a while without work.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/context.h"

namespace async {

/// Starts a detached thread with a stack of 1 MiB. Aborts when the system refuses: nothing useful can go on without.
void start_thread(const char* name, std::function<void()> body);
/// Runs `work`; a stray exception is logged, never passed on.
void run_guarded(const std::function<void()>& work);

class Workers {
 public:
  explicit Workers(int max) : max_(max) {}

  /// False after stop().
  bool add(std::function<void()> work);
  /// Refuses new work, runs what is queued, and waits until all threads ended.
  void stop();

 private:
  void run();
  /// The next piece of work, or nothing after a while without any or at the end.
  std::function<void()> take();
  /// Gives unneeded memory back, now and then: free heap, and when nobody works (`idle`) also code, which earlier work has left in memory.
  void tidy(bool idle);

  const int max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> queue_;
  int threads_ = 0;
  int idle_ = 0;
  bool stopping_ = false;
  std::atomic<bool> worked_ = false;  ///< since memory was given back
  std::atomic<Clock::time_point> tidied_ = Clock::now();
};

}  // namespace async
