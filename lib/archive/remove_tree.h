// Deleting directory trees with several threads, never following a link nor leaving the tree.
#pragma once
#include <string>

#include "base/context.h"

namespace archive {

/// Empties the folder `name` in the open folder `parent` and removes it. A missing one is no error; a mount point in it is (EBUSY).
/// Errors: internal, cancelled. Blocks; honours ctx.
Result<> remove_tree(const Context& ctx, int parent, const std::string& name, int threads = 2);
/// By trusted path: a file or a folder.
Result<> remove_tree(const Context& ctx, const std::string& path, int threads = 2);

}  // namespace archive
