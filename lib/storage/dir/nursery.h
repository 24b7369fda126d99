// Where new folders of volumes come to life: in a part of the disk that makes filling them fast.
#pragma once
#include <functional>
#include <string>
#include <sys/types.h>

#include "base/context.h"

namespace storage::dir {

/// ext4 keeps a tree in the group of block groups that it chose for the tree's root. Where trees were deleted in the last minutes creating files is ten
/// times slower (without a journal), and the choice depends on the name: an instance deleted and made again would get the very same place. So roots are
/// made with random names in a folder whose children are spread over the disk (chattr(1) +T), and renamed to where they belong. On other file
/// systems that costs a rename. Thread-safe.
class Nursery {
 public:
  /// `bad_place`: is a tree better not rooted at that inode?
  Nursery(std::string pool_path, std::function<bool(ino_t)> bad_place) : folder_(std::move(pool_path) + "/.new"), bad_place_(std::move(bad_place)) {}
  /// A new, empty folder, mode 0700. Errors: conflict (`path` exists), internal.
  Result<> make(const std::string& path);
  /// Removes what a crash left.
  void sweep();

 private:
  Result<> make_home();
  Result<std::string> make_somewhere();

  std::string folder_;
  std::function<bool(ino_t)> bad_place_;
};

}  // namespace storage::dir
