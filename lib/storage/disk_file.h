// The file that is a block volume's disk.
#pragma once
#include <string>

#include "storage/pool.h"

namespace storage {

/// Sizes are rounded up to this many bytes, which suits every sector size a guest may see.
inline constexpr int64_t kDiskStep = 8192;
int64_t round_disk(int64_t bytes);

/// Bytes of the disk; nothing if there is none.
std::optional<int64_t> disk_size(const std::string& disk);
/// An empty one, all hole, mode 0600. Errors: conflict is internal here (it exists).
Result<> make_disk(const std::string& disk, int64_t bytes);
/// Makes it `bytes` (rounded) long; `partitioned`: the second copy of a partition table moves to the new end. Errors: invalid (it would shrink).
Result<> grow_disk(const std::string& disk, int64_t bytes, bool partitioned);
/// A disk with the content of `source` takes the place of `target` once it is complete: blocks shared where the file system can, holes kept. Blocks.
Result<> replace_disk(const Context& ctx, const std::string& source, const std::string& target);

}  // namespace storage
