// Copying a directory tree on this machine as fast as the file system allows, with everything that belongs to it.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/context.h"

namespace archive {

struct CopyOptions {
  int threads = 2;
  /// Called now and then, from any thread, with the bytes copied so far. May be null.
  std::function<void(int64_t bytes)> progress;
};

/// Copies what is in the open folder `source` into the open, empty folder `target`: owners, modes, times, extended attributes, hard links,
/// holes, links, nodes and sockets. Shares blocks (FICLONE) where the file system can. Files that vanish meanwhile are left out, so a live
/// tree can be copied. Never follows a link, stays on one file system's tree (mount points are copied as empty folders). No fsync.
/// Errors: internal, cancelled. Blocks; honours ctx.
Result<> copy_tree(const Context& ctx, int source, int target, const CopyOptions& options = {});
/// The same by trusted paths; `target` must not exist, or be an empty folder.
Result<> copy_tree(const Context& ctx, const std::string& source, const std::string& target, const CopyOptions& options = {});

/// One file's content, holes kept, blocks shared if possible. `size` is the source's. Offsets of both are left undefined.
/// `may_share` is set to false once the file system said that it can't share blocks, and spares asking again. May be null.
Result<> copy_content(const Context& ctx, int source, int target, int64_t size, bool sparse, std::atomic<bool>* may_share = nullptr);

}  // namespace archive
