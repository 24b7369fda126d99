// Paths as a process inside a root folder would mean them: absolute symbolic links and `..` stay in it. openat2(2), RESOLVE_IN_ROOT.
#pragma once
#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// Errors: not_found, invalid (too many links), internal with errno.
Result<UniqueFd> open_in_root(int root, const std::string& path, int flags, mode_t mode = 0);
/// Makes all missing folders of `path` and opens the last one.
Result<UniqueFd> make_folders_in_root(int root, const std::string& path, mode_t mode);

}  // namespace sys
