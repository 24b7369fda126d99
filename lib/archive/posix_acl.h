// POSIX ACLs between libarchive's entries and the binary form of the kernel's system.posix_acl_* attributes (acl(5), posix_acl_xattr.h).
#pragma once
#include <string>

struct archive_entry;

namespace archive {
/// type: ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT. Empty if the entry has none.
std::string acl_to_xattr(archive_entry* entry, int type);
}  // namespace archive
