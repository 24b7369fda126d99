// Making one folder tree equal to another, copying only what differs.
#pragma once
#include <string>

#include "storage/pool.h"

namespace storage {

/// `target` has what `source` has afterwards: same files, nothing more. A file whose size and time of change are equal is not read.
/// `disk`: the volume's disk in both, if it has one; empty if not. Errors: internal, unsupported, cancelled. Blocks.
Result<> refresh_tree(const Context& ctx, const std::string& source, const std::string& target, const std::string& disk, const Progress& progress);

}  // namespace storage
