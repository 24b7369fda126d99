// Mounting disk sources at a place of their own under the devices folder, from where instances get them.
#pragma once
#include "base/context.h"
#include "base/strings.h"

namespace device {

struct DiskMount {
  std::string source;       ///< path, or what the file system calls its source
  std::string target;       ///< made if missing: a folder, or an empty file
  std::string fs_type = "none";
  bool file = false;        ///< the source is a file
  bool recursive = false;
  bool readonly = false;
  std::string propagation;  ///< "private", "rshared", …
  StringList options;       ///< of the file system
};

/// Errors: invalid (propagation), internal with errno.
Result<> mount_disk(const DiskMount& mount);
/// Unmounts whatever is there and removes the target; success if there is nothing.
Result<> unmount_disk(const std::string& target);
/// "ext4", …: what a block device holds. Errors: invalid if nothing known. Blocks.
Result<std::string> block_file_system(const Context& ctx, const std::string& path);

}  // namespace device
