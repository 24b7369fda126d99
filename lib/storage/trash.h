// Deleting big trees without making anybody wait: a rename out of the way now, the real removal later.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
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
  /// Deletes everything in it, with one thread. Failures are logged; what is left waits for the next time. Blocks.
  void sweep(const Context&);
  /// Bytes that will be free once it is empty. Walks through what it has not measured before.
  int64_t bytes();
  /// Was a tree deleted in the last minutes whose root was near this inode? Near is what ext4 may have in one group of block groups.
  bool emptied_near(ino_t inode);

 private:
  std::string folder() const { return pool_ + "/.trash"; }
  /// Remembers that the inodes behind this one are set free.
  void note_emptied(ino_t inode);

  struct Emptied {
    ino_t inode;
    Clock::time_point when;
  };
  std::string pool_;
  std::mutex sweeping_;
  std::mutex mutex_;                      ///< for what follows
  std::map<std::string, int64_t> sizes_;  ///< by name in the folder
  std::deque<Emptied> emptied_;           ///< oldest first
};

}  // namespace storage
