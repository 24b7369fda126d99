// File ownership of containers: can a file system be mounted with an id map (mount_setattr(2)), and rewriting owners where it can't.
#pragma once
#include <functional>

#include "base/context.h"
#include "sys/idmap.h"

namespace sys {

/// Does the file system at `path` support idmapped mounts? Probed once per file system; false on old kernels.
bool idmapped_mount_works(const std::string& path);

/// Rewrites the owners of everything under `path`: host ids of `from` back to ids inside (an empty map: they are those already), then to
/// the host ids of `to`. Modes, ACLs and file capabilities follow. Symbolic links are not followed. Blocks.
/// Errors: internal naming the file; cancelled (a part is done then).
Result<> shift_owners(const Context& ctx, const std::string& path, const IdMap& from, const IdMap& to);

/// Called with each path and the ids it would get (-1: it would keep its own).
using ShiftPreview = std::function<void(const std::string& path, IdPair ids)>;
/// What shift_owners() would do. Changes nothing.
Result<> preview_shift(const std::string& path, const IdMap& from, const IdMap& to, const ShiftPreview& preview);

}  // namespace sys
