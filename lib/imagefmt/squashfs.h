// squashfs files through the squashfs tools, run with argument vectors.
#pragma once
#include <string>

#include "base/context.h"

namespace imagefmt {

/// Unpacks into the open folder. Errors: unsupported (no program), invalid. Blocks.
Result<> unpack_squashfs(const Context& ctx, const std::string& file, int target);
/// Packs the open folder into the new file `target`. Errors: unsupported, internal. Blocks.
Result<> make_squashfs(const Context& ctx, int source, const std::string& target);
/// One small file out of it. Errors: not_found, invalid. Blocks.
Result<std::string> read_squashfs_file(const Context& ctx, const std::string& file, const std::string& member, size_t limit);
Result<bool> squashfs_has(const Context& ctx, const std::string& file, const std::string& member);

}  // namespace imagefmt
