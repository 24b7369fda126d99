// Flags of `incus file` and `incus storage volume file`.
#pragma once
#include "applets/cli/command.h"

namespace cli {

inline constexpr Flag kFileUid{"uid", FlagKind::number, "User id of what is made", "-1"};
inline constexpr Flag kFileGid{"gid", FlagKind::number, "Group id of what is made", "-1"};
inline constexpr Flag kFileMode{"mode", FlagKind::text, "Permissions of what is made, in octal"};
inline constexpr Flag kFileParents{"create-dirs|p", FlagKind::boolean, "Make missing folders on the way"};
inline constexpr Flag kFileArchive{"archive|a", FlagKind::boolean, "Keep owners, times and modes (implies --recursive)"};
inline constexpr Flag kFileDereference{"dereference|L", FlagKind::boolean, "Follow every link"};
inline constexpr Flag kFileFollow{"follow|H", FlagKind::boolean, "Follow links named on the command line"};
inline constexpr Flag kFileNever{"no-dereference|P", FlagKind::boolean, "Follow no link"};
inline constexpr Flag kFileRecursive{"recursive|r", FlagKind::boolean, "Folders with everything in them"};

inline constexpr Flag kFileCreateFlags[] = {kFileParents, {"force|f", FlagKind::boolean, "Replace what is there"}, kFileGid, kFileMode,
    {"type|t", FlagKind::text, "file, symlink or directory", "file"}, kFileUid};
inline constexpr Flag kFileDeleteFlags[] = {{"force|f", FlagKind::boolean, "Folders with everything in them too"}};
inline constexpr Flag kFileMountFlags[] = {{"auth-user", FlagKind::text, "User name for the SSH listener"},
    {"listen", FlagKind::text, "Serve SFTP over SSH on address:port instead of mounting"},
    {"no-auth", FlagKind::boolean, "Let anybody use the SSH listener"}};
inline constexpr Flag kFilePullFlags[] = {kFileArchive, kFileParents, kFileDereference, kFileFollow, kFileNever, kFileRecursive};
inline constexpr Flag kFilePushFlags[] = {kFileArchive, kFileParents, kFileDereference, kFileFollow, kFileGid, kFileMode, kFileNever, kFileRecursive, kFileUid};

}  // namespace cli
