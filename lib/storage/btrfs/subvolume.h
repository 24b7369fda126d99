// btrfs subvolumes through the kernel's own calls (btrfs-ioctl(2)): no program is run.
#pragma once
#include <string>

#include "base/context.h"

namespace storage::btrfs {

/// Errors: conflict (exists), unsupported (not btrfs), internal.
Result<> create_subvolume(const std::string& path);
/// False where `source` is no subvolume of the same file system.
Result<bool> snapshot_subvolume(const std::string& source, const std::string& target, bool read_only);
/// Files made in the folder from now on are written in place, not anew with each write, unless the file system compresses: disks would scatter all over the
/// pool. chattr(1) +C. What can't be done is left.
void stop_copying_on_write(const std::string& path);
/// Also those nested in it. A missing one is no error.
Result<> delete_subvolume(const Context& ctx, const std::string& path);
/// A folder with subvolumes anywhere in it, or a subvolume, or a file.
Result<> delete_tree(const Context& ctx, const std::string& path);

}  // namespace storage::btrfs
