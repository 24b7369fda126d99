// What `incus file` and `incus storage volume file` do alike, wherever the files are.
#pragma once
#include "applets/cli/call.h"
#include "applets/cli/file/remote_files.h"

namespace cli {

/// keep_mode: an existing target keeps its owner and mode.
Result<> push_files(Call& call, const StringList& sources, const FilePlace& target, bool keep_mode);
Result<> pull_files(Call& call, const std::vector<FilePlace>& sources, const std::string& target);
/// `link`: what a symbolic link shall point to; skipped for files and folders.
Result<> create_file(Call& call, const FilePlace& target, const Arg& link);
Result<> delete_file(Call& call, const FilePlace& target);
/// In the user's editor, or from standard input.
Result<> edit_remote_file(Call& call, const FilePlace& target);
/// Mounts with sshfs on `target`, or serves SFTP over SSH if it is skipped. `owner` is "/1.0/…" of whose files they are, `name` what it is
/// called. Blocks until interrupted. Errors: invalid, not_found (owner, sshfs), those of starting it.
Result<> mount_files(Call& call, const FilePlace& place, const Arg& target, const std::string& owner, const std::string& name);

}  // namespace cli
