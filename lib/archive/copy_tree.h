// Copying a directory tree on this machine as fast as the file system allows, with everything that belongs to it.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/unique_fd.h"

namespace archive {

/// An open, empty folder on the target's file system where creating files is fast. What is made in it is renamed away. Gone with the last handle.
using Place = std::shared_ptr<UniqueFd>;

struct CopyOptions {
  int threads = 2;
  /// Finds a better place when creating files has become slow; folders to come are made there. May be null.
  std::function<Result<Place>()> better_place;
  /// Nanoseconds of processor time that creating a file may cost without being slow. Where ext4 has to search among deleted inodes it takes 100 to
  /// 500 us, else 10 to 25.
  int64_t usual_cost = 60'000;
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

/// Can files in this folder share blocks? Tries it with two that have no names.
bool shares_blocks(const std::string& folder);

}  // namespace archive
