// Files as block devices (loop(4)).
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace storage::btrfs {

struct Loop {
  std::string path;  ///< "/dev/loop3"
  UniqueFd hold;     ///< the device detaches itself after the last use: keep this until it is mounted
};
/// Errors: internal.
Result<Loop> attach_loop(const std::string& file);

}  // namespace storage::btrfs
