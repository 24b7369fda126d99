// Work on pools in the background, behind everybody who waits for storage: emptying the trash, unpacking images ahead of their use.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "base/context.h"

namespace async { class Runtime; }

namespace storage {

/// Interrupts all sweeps and lets none begin: the daemon ends. What is left is found at the next start.
void end_sweeping();

/// Runs one kind of a pool's background work with low priority. A sweep begins at once: the pages of a file that is deleted soon after it was written never go to the disk, whereas
/// one that was written costs a hundred times as much to delete where blocks are discarded (mount option `discard`; measured 14 us and 3.5 ms).
/// Thread-safe.
class Sweeper : public std::enable_shared_from_this<Sweeper> {
 public:
  /// `sweep` does all there is to do. Blocks; honours its context.
  /// `nice`: by how much it gives way (nice(2)). The default is well behind everybody else, yet not starved, since a sweep may hold locks of the file
  /// system that others wait for.
  Sweeper(async::Runtime& runtime, std::function<void(const Context&)> sweep, int nice = 10) : runtime_(runtime), sweep_(std::move(sweep)), nice_(nice) {}
  /// There is something to do.
  void later();
  /// Until what is being swept has gone: somebody needs the space. False: there was nothing. Blocks.
  bool now();
  /// Interrupts what runs, and keeps the pool's folder free of sweeps as long as the handle lives: it is to be unmounted. Blocks.
  std::shared_ptr<void> hold_off();

 private:
  async::Runtime& runtime_;
  std::function<void(const Context&)> sweep_;
  int nice_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;  ///< a sweep will begin
  int held_off_ = 0;
  std::list<std::stop_source> running_;

  void run();
};

}  // namespace storage
