// Opening untrusted paths: openat2(2) confined to a directory that is held open, so no name can lead outside (docs: openat2(2)).
#pragma once
#include <fcntl.h>
#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

enum class Symlinks {
  refuse,  ///< a symbolic link anywhere on the way is an error (ELOOP)
  beneath, ///< followed as long as they stay beneath the directory
};

/// Opens `path` (relative, no leading slash) under `dir`; O_CLOEXEC is added. Leaving `dir` fails with EXDEV.
/// Errors: internal with errno; not_found for ENOENT.
Result<UniqueFd> open_beneath(int dir, const std::string& path, int flags, mode_t mode = 0, Symlinks symlinks = Symlinks::refuse);
/// A directory by absolute, trusted path.
Result<UniqueFd> open_directory(const std::string& path);
/// The directory that holds `path`'s last component, and that component: for unlinkat, mknodat and their kin.
Result<std::pair<UniqueFd, std::string>> open_parent_beneath(int dir, const std::string& path);

}  // namespace sys
