// Work on directory trees by several threads: each takes an open folder and may queue the folders in it. Private to lib/archive.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/context.h"

namespace archive {

/// A last-in-first-out queue (depth first, so that few folders are open at a time) that knows when everything is done.
template <class Item>
class FolderQueue {
 public:
  void push(Item item) {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_one();
  }

  /// Runs `work` for every item, pushed ones too, on `threads` threads; the first error stops all and is returned.
  Result<> run(const Context& ctx, int threads, const std::function<Result<>(Item&)>& work) {
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([&] { loop(ctx, work); });
    loop(ctx, work);
    for (std::thread& other : others) other.join();
    return std::move(outcome_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  int busy_ = 0;
  Result<> outcome_;

  void loop(const Context& ctx, const std::function<Result<>(Item&)>& work) {
    while (std::optional<Item> item = take()) {
      Result<> result = ctx.check();
      if (result) result = work(*item);
      item.reset();
      std::lock_guard lock(mutex_);
      --busy_;
      if (!result && outcome_) outcome_ = std::move(result);
      if (!outcome_) items_.clear();
      changed_.notify_all();
    }
  }

  std::optional<Item> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !items_.empty() || busy_ == 0; });
    if (items_.empty()) return std::nullopt;
    ++busy_;
    Item item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
};

/// Reads a directory's names with their types in one go.
struct FolderEntry {
  std::string name;
  unsigned char type;  ///< DT_*
};
/// Errors: internal. `fd` is left at its end.
Result<std::vector<FolderEntry>> read_folder(int fd);

}  // namespace archive
