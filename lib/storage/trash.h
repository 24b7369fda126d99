// Deleting big trees without making anybody wait: a rename out of the way now, the real removal later.
#pragma once
#include <mutex>
#include <string>

#include "base/context.h"

namespace storage {

/// The hidden folder of a pool that collects what is to be deleted. Survives a crash: sweep() at start empties it. Thread-safe.
class Trash {
 public:
  explicit Trash(std::string pool_path) : pool_(std::move(pool_path)) {}
  /// Moves `path` (inside the pool) away. A missing one is no error. Errors: internal.
  Result<> put(const std::string& path);
  /// Deletes everything in it. Failures are logged; what is left waits for the next time. Blocks.
  void sweep(const Context&);

 private:
  std::string folder() const { return pool_ + "/.trash"; }
  std::string pool_;
  std::mutex sweeping_;
};

}  // namespace storage
