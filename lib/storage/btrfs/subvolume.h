// btrfs subvolumes through the kernel's own calls (btrfs-ioctl(2)): no program is run.
#pragma once
#include <string>

#include "base/context.h"

namespace storage::btrfs {

/// Errors: conflict (exists), unsupported (not btrfs), internal.
Result<> create_subvolume(const std::string& path);
/// False where `source` is no subvolume of the same file system.
Result<bool> snapshot_subvolume(const std::string& source, const std::string& target, bool read_only);
/// Also those nested in it. A missing one is no error.
Result<> delete_subvolume(const Context& ctx, const std::string& path);
/// A folder with subvolumes anywhere in it, or a subvolume, or a file.
Result<> delete_tree(const Context& ctx, const std::string& path);

}  // namespace storage::btrfs
