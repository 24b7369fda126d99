// Files without a name, for what is too large for memory and ends with its user.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sys {

/// A new empty file for reading and writing on the file system of `folder`; nobody else can open it, and it is gone when it is closed. Where the file system
/// makes none without a name (overlayfs before Linux 6.3, NFS), it has one for an instant.
/// Errors: those of open(2), with a text that names the folder. Source: open(2), O_TMPFILE.
Result<UniqueFd> unnamed_file(const std::string& folder);

/// Gives a file of unnamed_file() its name, in place of what has it. Where it had a name before, what is in it is copied, which blocks for as long as that takes.
/// Errors: those of unlink(2), linkat(2) and of writing; then nothing is left at `path`.
Result<> name_file(int fd, const std::string& path);

}  // namespace sys
