// Where new folders of volumes come to life: in a part of the disk that makes filling them fast.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "archive/copy_tree.h"
#include "base/context.h"

namespace storage::dir {

/// What a place costs: nanoseconds to create a file in that empty folder.
using PlaceCost = std::function<int64_t(const std::string& folder)>;
/// Creates a few files and takes the quickest. Time of this thread alone, so that a busy machine doesn't matter.
int64_t measure_place(const std::string& folder);

/// ext4 keeps a tree in the group of block groups that it chose for the tree's root. Without a journal it does not use inodes again that were set free
/// in the last minutes (fs/ext4/ialloc.c, recently_deleted), but goes through all of them for each new file: where a tree was deleted, filling another
/// takes ten times as long. And the choice depends on the name: an instance deleted and made again would get the very same place. So roots are made with
/// random names in a folder whose children are spread over the disk (chattr(1) +T), tried, and renamed to where they belong. Other file systems
/// have no such folders, and nothing is tried there. Thread-safe.
class Nursery {
 public:
  explicit Nursery(std::string pool_path, PlaceCost cost = measure_place) : folder_(std::move(pool_path) + "/.new"), cost_(std::move(cost)) {}
  /// A new, empty folder, mode 0700. Errors: conflict (`path` exists), internal.
  Result<> make(const std::string& path);
  /// A folder in a good place, for parts of a tree whose own place has turned out badly. Errors: internal.
  Result<archive::Place> find_place();
  /// Removes what a crash left.
  void sweep();

 private:
  Result<> make_home();
  Result<std::string> make_one();
  Result<std::string> make_somewhere();
  /// Ordinary, or on a slow machine like the best one seen so far, but for noise?
  bool good(int64_t cost);

  std::string folder_;
  PlaceCost cost_;
  std::atomic<bool> spreads_ = true;
  std::atomic<int64_t> best_ = 0;  ///< cost of the best place seen; 0: none yet
  std::atomic<int> dear_ = 0;      ///< places seen that were not ordinary
};

}  // namespace storage::dir
